/** Lets deposits flow into a development chain, and adds up what became of them. */

import { createWalletClient, http, publicActions, stringToHex } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { allocationTokenAbi } from '../../src/abi/allocation-token.gen.ts'
import { depositVaultAbi } from '../../src/abi/deposit-vault.gen.ts'

const words = 'test test test test test test test test test test test junk'

/** The flagship's contracts. */
export type Contracts = Readonly<Record<'allocationToken' | 'depositVault', `0x${string}`>>

const clientAt = (rpc: string, addressIndex: number) => {
  const account = mnemonicToAccount(words, { addressIndex })
  const transport = http(rpc, { retryCount: 0, timeout: 3_000 })
  return createWalletClient({ account, transport }).extend(publicActions)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Deposits until it is told to stop; what a dead node did not take is not counted. */
export async function deposits(
  rpc: string,
  account: number,
  { contracts, signal, everyMs = 100 }: Flow,
): Promise<void> {
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
    await pause(everyMs)
  }
}

/** Where deposits go, and for how long. */
interface Flow {
  readonly contracts: Contracts
  readonly signal: AbortSignal
  /** Pause between two deposits, default 100. */
  readonly everyMs?: number
}

/** References of what was paid out, and the sums of both sides. */
export async function books(rpc: string, { allocationToken, depositVault }: Contracts) {
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
