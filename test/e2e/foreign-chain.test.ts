/** Runs the flagship against other people's nodes: Hardhat's and anvil. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import {
  type Address,
  createTestClient,
  defineChain,
  type Hex,
  http,
  keccak256,
  publicActions,
  stringToHex,
  walletActions,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import {
  allocationTokenAbi,
  allocationTokenCreationCode,
} from '../../src/abi/allocation-token.gen.ts'
import { depositVaultAbi, depositVaultCreationCode } from '../../src/abi/deposit-vault.gen.ts'
import { createKeyFile, openKeyFile } from '../../src/node/key-files.ts'
import { type PeerNode, skipAnvil, startAnvil, startHardhat } from './peer-nodes.ts'
import { eventually, getJson, startProgram, temporaryFolder } from './program.ts'

const words = 'test test test test test test test test test test test junk'
const account = (addressIndex: number) => mnemonicToAccount(words, { addressIndex })
const [admin, depositor, platform] = [account(0), account(1), account(8)]
const allocator = keccak256(stringToHex('ALLOCATOR_ROLE'))
const refunder = keccak256(stringToHex('REFUNDER_ROLE'))
const amount = 10n ** 18n

interface Instance {
  readonly id: string
  readonly status: string
  readonly step: string | null
  readonly reason: string | null
}

type Test = { after(run: () => Promise<void>): void }

/** What a stranger would do on a chain: deploy the contracts, deposit, look at balances. */
async function onChain(node: PeerNode) {
  const chain = defineChain({
    id: 31_337,
    name: 'peer',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [node.url] } },
  })
  const client = createTestClient({ mode: 'anvil', chain, transport: http(), pollingInterval: 50 })
    .extend(publicActions)
    .extend(walletActions)
  const mined = async (hash: Hex) => {
    const receipt = await client.waitForTransactionReceipt({ hash })
    assert.equal(receipt.status, 'success')
    return receipt
  }
  const deployed = async (hash: Hex) => (await mined(hash)).contractAddress as Address
  const token = await deployed(
    await client.deployContract({
      abi: allocationTokenAbi,
      bytecode: allocationTokenCreationCode,
      account: admin,
      args: [admin.address],
    }),
  )
  const vault = await deployed(
    await client.deployContract({
      abi: depositVaultAbi,
      bytecode: depositVaultCreationCode,
      account: admin,
      args: [token, admin.address],
    }),
  )
  return {
    vault,
    grant: async (sender: Address) => {
      const grants = [
        { address: token, role: allocator },
        { address: vault, role: refunder },
      ]
      for (const { role, address } of grants) {
        const args = [role, sender] as const
        await mined(
          await client.writeContract({
            ...{ address, abi: depositVaultAbi },
            functionName: 'grantRole',
            args,
            account: admin,
          }),
        )
      }
    },
    fund: async (to: Address) =>
      mined(await client.sendTransaction({ account: admin, to, value: amount })),
    deposit: async (memo: string) =>
      mined(
        await client.writeContract({
          ...{ address: vault, abi: depositVaultAbi, functionName: 'deposit' },
          ...{ account: depositor, args: [stringToHex(memo, { size: 32 })], value: amount },
        }),
      ),
    tokens: () =>
      client.readContract({
        ...{ address: token, abi: allocationTokenAbi, functionName: 'balanceOf' },
        args: [depositor.address],
      }),
    ether: (address: Address) => client.getBalance({ address }),
  }
}

/** Starts the program against a peer's node as the README says. */
async function listen(
  t: Test,
  {
    node,
    vault,
    flags = [],
    environment = {},
  }: {
    readonly node: PeerNode
    readonly vault: Address
    readonly flags?: readonly string[]
    readonly environment?: Readonly<Record<string, string>>
  },
) {
  const data = await temporaryFolder(t)
  const program = startProgram(['start', '--dev', '--api-port', '0', '--data', data, ...flags], {
    environment: {
      BLOCKCHAIN_ENDPOINT: node.url,
      CONTRACT_ADDRESS: vault,
      QS_POLL_INTERVAL: '50',
      ...environment,
    },
  })
  t.after(async () => {
    program.child.kill('SIGKILL')
    await program.exited
  })
  const [, api = ''] = await program.printed(/API +(http:\/\/127\.0\.0\.1:\d+)/)
  await eventually(async () => {
    const { listeners } = await getJson<{ listeners: { state: string }[] }>(`${api}/v1/status`)
    return listeners[0]?.state === 'following' ? true : undefined
  })
  const instance = (wanted: (one: Instance) => boolean) =>
    eventually(async () => {
      const { items } = await getJson<{ items: Instance[] }>(`${api}/v1/instances`)
      return items[0] && wanted(items[0]) ? items[0] : undefined
    })
  return { program, instance }
}

const completed = ({ status }: Instance) => status === 'completed'
const waiting = ({ status, step }: Instance) =>
  status === 'waiting' && step?.includes('/allocate') === true

function flagship(start: () => Promise<PeerNode>, environment: Readonly<Record<string, string>>) {
  test('a deposit is allocated by the account of the mnemonic, a refused one is paid back', async (t) => {
    const node = await start()
    t.after(() => node.stop())
    const chain = await onChain(node)
    await chain.grant(platform.address)
    const flags = ['--mnemonic', words]
    const { instance, program } = await listen(t, { node, vault: chain.vault, flags, environment })
    assert.doesNotMatch(program.output(), /JSON-RPC/, 'an embedded chain runs')
    await chain.deposit('foreign')
    const first = await instance(completed)
    assert.equal(await chain.tokens(), amount)

    await chain.deposit('refuse')
    const before = await chain.ether(depositor.address)
    await instance((one) => one.id !== first.id && completed(one))
    assert.equal((await chain.ether(depositor.address)) - before, amount)
    assert.equal(await chain.tokens(), amount)
  })

  test('an instance waits for a key, and for the role, and says which is missing', async (t) => {
    const node = await start()
    t.after(() => node.stop())
    const chain = await onChain(node)
    const keyless = await listen(t, { node, vault: chain.vault, environment })
    await chain.deposit('keyless')
    const without = await keyless.instance(waiting)
    assert.match(without.reason ?? '', /QS_SENDER_KEY_FILE/)
    keyless.program.child.kill('SIGTERM')
    await keyless.program.exited

    const folder = await temporaryFolder(t)
    const [file, password] = [path.join(folder, 'key.json'), path.join(folder, 'password')]
    await writeFile(password, 'correct horse battery\n')
    const sender = (await createKeyFile(file, 'correct horse battery')) as Address
    assert.equal((await openKeyFile(file, 'correct horse battery')).length, 32)
    await chain.fund(sender)
    const keyed = await listen(t, {
      ...{ node, vault: chain.vault },
      environment: {
        ...environment,
        QS_SENDER_KEY_FILE: file,
        QS_SENDER_PASSWORD_FILE: password,
      },
    })
    await chain.deposit('no role')
    const roleless = await keyed.instance(waiting)
    assert.match(roleless.reason ?? '', /ALLOCATOR_ROLE/)
    assert.match(roleless.reason?.toLowerCase() ?? '', new RegExp(sender.toLowerCase()))
    await chain.grant(sender)
    await keyed.instance(completed)
    assert.equal(await chain.tokens(), amount)
  })
}

const suite = { timeout: 180_000, concurrency: 1 }

// The first waits for blocks most of the time.
describe('the flagship', { concurrency: 2 }, () => {
  describe('on anvil with a block each second, the event one block deep', {
    ...{ ...suite, skip: skipAnvil() },
  }, () => {
    flagship(() => startAnvil('--block-time', '1'), { QS_CONFIRMATIONS: '1' })
  })

  describe("on Hardhat's node", suite, () => {
    flagship(startHardhat, {})
  })

  describe('on anvil', { ...suite, skip: skipAnvil() }, () => {
    flagship(() => startAnvil(), {})
  })
})
