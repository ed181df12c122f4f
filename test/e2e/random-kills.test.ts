/** Kills the program again and again while deposits flow in, and counts that each was settled once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWalletClient, http, publicActions, stringToHex } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { allocationTokenAbi } from '../../src/abi/allocation-token.gen.ts'
import { depositVaultAbi } from '../../src/abi/deposit-vault.gen.ts'
import {
  eventually,
  freePort,
  getJson,
  type Program,
  startProgram,
  temporaryFolder,
} from './program.ts'

const words = 'test test test test test test test test test test test junk'
const kills = 5

type Contracts = Readonly<Record<'allocationToken' | 'depositVault', `0x${string}`>>

const clientAt = (rpc: string, addressIndex: number) => {
  const account = mnemonicToAccount(words, { addressIndex })
  const transport = http(rpc, { retryCount: 0, timeout: 3_000 })
  return createWalletClient({ account, transport }).extend(publicActions)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Deposits until it is told to stop; what a dead node did not take is not counted. */
async function deposits(rpc: string, account: number, { contracts, signal }: Flow): Promise<void> {
  const client = clientAt(rpc, account)
  for (let nth = 0; !signal.aborted; nth += 1) {
    const memo = stringToHex(nth % 5 === 4 ? 'refuse' : `${nth}`, { size: 32 })
    const sent = { address: contracts.depositVault, abi: depositVaultAbi, args: [memo] } as const
    await client
      .writeContract({
        ...{ ...sent, chain: null, functionName: 'deposit' },
        value: BigInt(account * 1_000_000 + nth + 1),
      })
      .catch(() => {})
    await pause(100)
  }
}

interface Flow {
  readonly contracts: Contracts
  readonly signal: AbortSignal
}

/** References of what was paid out, and the sums of both sides. */
async function books(rpc: string, { allocationToken, depositVault }: Contracts) {
  const client = clientAt(rpc, 1)
  const since = { fromBlock: 0n, strict: true } as const
  const vault = { ...since, address: depositVault, abi: depositVaultAbi } as const
  const token = { ...since, address: allocationToken, abi: allocationTokenAbi } as const
  const paidIn = await client.getContractEvents({ ...vault, eventName: 'Deposited' })
  const allocated = await client.getContractEvents({ ...token, eventName: 'Allocated' })
  const refunded = await client.getContractEvents({ ...vault, eventName: 'Refunded' })
  const settled = [...allocated, ...refunded]
  const sum = (events: readonly { args: { amount: bigint } }[]) =>
    events.reduce((total, { args }) => total + args.amount, 0n)
  return {
    ...{ deposits: paidIn.length, settled: settled.length, refunds: refunded.length },
    references: new Set(settled.map(({ args }) => args.ref)).size,
    ...{ in: sum(paidIn), out: sum(settled) },
  }
}

test('every deposit is settled once, however often the program is killed meanwhile', {
  timeout: 240_000,
}, async (t) => {
  const data = await temporaryFolder(t)
  const [rpcPort, apiPort] = [await freePort(), await freePort()]
  const [rpc, api] = [`http://127.0.0.1:${rpcPort}`, `http://127.0.0.1:${apiPort}`]
  let program: Program | undefined
  t.after(async () => void program?.child.kill('SIGKILL'))
  const start = async () => {
    const flags = [...['--data', data, '--rpc-port', `${rpcPort}`], '--api-port', `${apiPort}`]
    program = startProgram(['start', '--dev', '--no-demo', '--block-time', '0.2', ...flags])
    await program.printed(/is up/)
    return program
  }
  let running = await start()
  const { items } = await getJson<{ items: { contracts: Contracts }[] }>(`${api}/v1/chains`)
  const { contracts } = items[0] as { contracts: Contracts }
  const flow = new AbortController()
  const sources = [1, 2, 3].map((account) =>
    deposits(rpc, account, { contracts, signal: flow.signal }),
  )
  for (let nth = 0; nth < kills; nth += 1) {
    await pause(1_000 + Math.random() * 1_500)
    running.child.kill('SIGKILL')
    await running.exited
    running = await start()
  }
  flow.abort()
  await Promise.all(sources)
  const found = await eventually(async () => {
    const book = await books(rpc, contracts)
    return book.settled === book.deposits ? book : undefined
  }, 90_000)
  assert.ok(
    found.deposits > 20 && found.refunds > 0,
    JSON.stringify(found, (_, one) => `${one}`),
  )
  assert.deepEqual([found.references, found.out], [found.deposits, found.in])
  await eventually(async () => {
    const { instances } = await getJson<{ instances: Record<string, number> }>(`${api}/v1/status`)
    return instances.completed === found.deposits ? true : undefined
  })
  running.child.kill('SIGTERM')
  assert.deepEqual(await running.exited, [0, null], running.output())
})
