/** Lets anvil, Hardhat's node or a development chain of ours go through a chaos run, by their own tools for reorganisations. */

import { keccak256, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Hex } from '../../src/base/bytes.ts'
import type { Json, JsonRpcClient } from '../../src/base/json-rpc.ts'
import { createHttpClient } from '../../src/stream/json-rpc-http.ts'
import { skipAnvil, startAnvil, startHardhat } from '../e2e/peer-nodes.ts'
import { startProgram } from '../e2e/program.ts'
import type { Chance } from '../fuzz/chance.ts'
import type { ChaosChain, View, WrittenLog } from './chaos-chain.ts'
import { creationCode, depositInput, saidBy } from './contract-words.ts'
import { senderAddress, signedNote } from './sender-key.ts'

/** Nodes that a run can be against. */
export const peers = ['anvil', 'hardhat', 'own'] as const
export type Peer = (typeof peers)[number]

interface Started {
  readonly url: string
  stop(): Promise<void>
}

/** Why a peer is left out; `undefined` where it is there. */
export function missingPeer(peer: Peer): string | undefined {
  return peer === 'anvil' && skipAnvil() ? 'anvil is left out: its package is not there' : undefined
}

/** Starts a peer's node with the contract on it. */
export async function startPeer(
  peer: Peer,
  { folder, chance }: { readonly folder: string; readonly chance: Chance },
): Promise<ChaosChain> {
  const node = await starters[peer](folder)
  const client = createHttpClient({ url: node.url })
  const ask = (method: string, ...params: Json[]) => client.request(method, params)
  if (peer !== 'anvil') await ask('evm_setAutomine', false)
  const [from = '0x'] = (await ask('eth_accounts')) as readonly Hex[]
  const hash = await ask('eth_sendTransaction', { from, data: creationCode(), gas: '0x100000' })
  await ask('evm_mine')
  const receipt = (await ask('eth_getTransactionReceipt', hash)) as {
    readonly contractAddress: Hex
    readonly blockNumber: Hex
  }
  return new PeerChain(client, {
    ...{ node, chance, contract: receipt.contractAddress.toLowerCase() as Hex },
    ...{ born: Number(receipt.blockNumber), chainId: Number(await ask('eth_chainId')) },
    ...{ reorganises: peer === 'anvil' },
  })
}

const starters: Readonly<Record<Peer, (folder: string) => Promise<Started>>> = {
  anvil: () => startAnvil('--no-mining'),
  hardhat: startHardhat,
  async own(folder) {
    const flags = ['--data', folder, '--rpc-port', '0', '--api-port', '0']
    // A block comes by command only.
    const program = startProgram(['start', '--dev', '--no-demo', '--block-time', '0', ...flags])
    const [, url = ''] = await program.printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/)
    return {
      url,
      async stop() {
        program.child.kill('SIGTERM')
        await program.exited
      },
    }
  },
}

interface PeerParts {
  readonly node: Started
  readonly chance: Chance
  readonly contract: Hex
  /** Block of the contract, which stays. */
  readonly born: number
  readonly chainId: number
  /** Whether it has a tool of its own; others go back to a snapshot. */
  readonly reorganises: boolean
}

const quantity = (value: number): Hex => `0x${value.toString(16)}`
const ether = '0xde0b6b3a7640000'

class PeerChain implements ChaosChain {
  readonly contract: Hex
  readonly #client: JsonRpcClient
  readonly #with: PeerParts
  /** One for each block, from the contract's on. */
  readonly #snapshots: string[] = []
  /** Deposits that come back, and from which block on. */
  #returning: { readonly amount: number; readonly from: number }[] = []

  constructor(client: JsonRpcClient, parts: PeerParts) {
    this.#client = client
    this.#with = parts
    this.contract = parts.contract
  }

  async answer(method: string, params: readonly Json[], view: View): Promise<Json> {
    const answer = await this.#client.request(method, params)
    if (method !== 'eth_blockNumber') return answer
    const lag = view.isLeftBehind ? 5 : view.lag
    return quantity(Math.max(this.#with.born, Number(answer) - lag))
  }

  async deposit(amount: number): Promise<void> {
    const account = privateKeyToAccount(keccak256(toHex(`depositor ${amount}`)))
    await this.#ask('hardhat_setBalance', account.address, ether)
    const { chainId, contract: to } = this.#with
    const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n }
    const call = { to, data: depositInput(amount), gas: 100_000n, nonce: 0, chainId }
    const raw = await account.signTransaction({ ...call, ...fees, type: 'eip1559' })
    // It may be in the pool still.
    await this.#ask('eth_sendRawTransaction', raw).catch(() => {})
  }

  async takeNonce(): Promise<void> {
    const nonce = Number(await this.#ask('eth_getTransactionCount', senderAddress, 'latest'))
    const { chainId, contract: to } = this.#with
    const raw = await signedNote({ chainId, nonce, to, maxFeePerGas: 10n ** 11n })
    // Whoever has that nonce may have offered more.
    await this.#ask('eth_sendRawTransaction', raw).catch(() => {})
  }

  async mine(): Promise<void> {
    if (!this.#with.reorganises && this.#snapshots.length === 0) await this.#remember()
    const head = await this.#head()
    const due = this.#returning.filter(({ from }) => from <= head)
    this.#returning = this.#returning.filter(({ from }) => from > head)
    for (const { amount } of due) await this.deposit(amount)
    await this.#ask('evm_mine')
    if (!this.#with.reorganises) await this.#remember()
  }

  async reorganise(most: number): Promise<number> {
    const head = await this.#head()
    const depth = Math.min(most, head - this.#with.born - 1)
    if (depth < 1) return 0
    const before = await this.#deposits()
    if (this.#with.reorganises) await this.#ask('anvil_reorg', depth, [])
    else await this.#goBack(head - depth)
    const still = await this.#deposits()
    for (const amount of before) {
      const fate = this.#with.chance.below(10)
      if (still.has(amount) || fate >= 7) continue
      const later = this.#with.chance.below(40)
      this.#returning.push({ amount, from: fate < 4 ? 0 : head + later })
    }
    return depth
  }

  async written(): Promise<readonly WrittenLog[]> {
    const filter = { address: this.contract, fromBlock: '0x0', toBlock: 'latest' }
    const logs = (await this.#ask('eth_getLogs', filter)) as unknown as readonly {
      readonly topics: readonly [Hex]
      readonly data: Hex
      readonly transactionHash: Hex
    }[]
    return logs.map(({ topics: [topic], data, transactionHash }) => ({
      ...{ ...saidBy({ topic, data }), transactionHash },
    }))
  }

  stop(): Promise<void> {
    return this.#with.node.stop()
  }

  async #deposits(): Promise<ReadonlySet<number>> {
    const deposits = (await this.written()).filter(({ what }) => what === 'deposit')
    return new Set(deposits.map(({ amount }) => amount))
  }

  async #goBack(height: number): Promise<void> {
    const at = height - this.#with.born
    const depth = this.#snapshots.length - at
    if ((await this.#ask('evm_revert', this.#snapshots[at] ?? '')) !== true) {
      throw new Error(`the node does not go back to block ${height}`)
    }
    this.#snapshots.splice(at)
    await this.#remember()
    // The blocks that come now have other times, and so other hashes.
    await this.#ask('evm_increaseTime', 7)
    for (let n = 0; n < depth; n += 1) await this.mine()
  }

  async #remember(): Promise<void> {
    this.#snapshots.push(String(await this.#ask('evm_snapshot')))
  }

  async #head(): Promise<number> {
    return Number(await this.#ask('eth_blockNumber'))
  }

  #ask(method: string, ...params: Json[]): Promise<Json> {
    return this.#client.request(method, params)
  }
}
