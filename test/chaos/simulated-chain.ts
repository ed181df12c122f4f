/** Simulates a chain with a pool, which reorganises by command and is seen otherwise by nodes that are behind. */

import { keccak256, parseTransaction, toHex } from 'viem'
import { AppError } from '../../src/base/app-error.ts'
import type { Hex } from '../../src/base/bytes.ts'
import type { Json } from '../../src/base/json-rpc.ts'
import type { Chance } from '../fuzz/chance.ts'
import type { ChaosChain, View, WrittenLog } from './chaos-chain.ts'
import { depositInput, fillInput, logOf, saidBy, vaultAnswer } from './contract-words.ts'
import { senderAddress, signedNote } from './sender-key.ts'
import {
  blockOn,
  contract,
  fullBlock,
  logAt,
  receiptAt,
  type SimulatedBlock,
  type SimulatedTransaction,
} from './simulated-blocks.ts'

const quantity = (value: number): Hex => `0x${value.toString(16)}`
/** Transactions of one block. */
const mostInBlock = 40
const chainId = 0x1a0a

interface Fields {
  readonly [name: string]: Json
}

/** A refusal in the words of geth. */
function refusal(message: string, code = -32000): AppError {
  return new AppError({ code: 'json-rpc/error', message, data: { code } })
}

/** A chain of one sender and one contract. */
export class SimulatedChain implements ChaosChain {
  readonly contract = contract
  readonly #chance: Chance
  #blocks: readonly SimulatedBlock[] = [blockOn(undefined, [], 0)]
  /** As it was before the last reorganisation. */
  #left: readonly SimulatedBlock[] = this.#blocks
  readonly #byHash = new Map<Hex, SimulatedBlock>()
  /** Deposits that wait for a block, and from which block on they may be in one. */
  #waiting: { readonly transaction: SimulatedTransaction; readonly from: number }[] = []
  /** Of the sender, by nonce. */
  readonly #pool = new Map<number, SimulatedTransaction>()
  #salt = 0

  constructor(chance: Chance) {
    this.#chance = chance
    this.#know(this.#top)
  }

  get #top(): SimulatedBlock {
    return this.#blocks.at(-1) as SimulatedBlock
  }

  async deposit(amount: number): Promise<void> {
    const log = logOf(depositInput(amount))
    if (log === undefined) throw new Error('the contract takes no deposits')
    const transaction = { hash: keccak256(toHex(`deposit ${amount}`)), log }
    this.#waiting.push({ transaction, from: 0 })
  }

  /** Offers more than whoever has that nonce in the pool. */
  async takeNonce(): Promise<void> {
    const nonce = this.#top.sentCount
    const { maxFeePerGas = 10n ** 9n } = this.#pool.get(nonce)?.sent ?? {}
    const terms = { chainId, nonce, to: contract, maxFeePerGas: maxFeePerGas * 2n }
    this.#send(await signedNote(terms))
  }

  async mine(): Promise<void> {
    const number = this.#top.number + 1
    const due = this.#waiting.filter(({ from }) => from <= number).slice(0, mostInBlock)
    const taken = new Set(due.filter(() => !this.#chance.oneIn(5)))
    this.#waiting = this.#waiting.filter((one) => !taken.has(one))
    const transactions = [...[...taken].map((one) => one.transaction), ...this.#fromPool()]
    this.#salt += 1
    const block = blockOn(this.#top, transactions, this.#salt)
    this.#blocks = [...this.#blocks, block]
    this.#know(block)
  }

  async reorganise(most: number): Promise<number> {
    const depth = Math.min(most, this.#blocks.length - 1)
    const gone = this.#blocks.slice(this.#blocks.length - depth)
    this.#left = this.#blocks
    this.#blocks = this.#blocks.slice(0, this.#blocks.length - depth)
    for (const transaction of gone.flatMap((block) => block.transactions)) this.#drop(transaction)
    // A branch that takes the place of another one is mostly longer, and need not be.
    const count = Math.max(1, depth + this.#chance.below(3) - 1)
    for (let n = 0; n < count; n += 1) await this.mine()
    return depth
  }

  async written(): Promise<readonly WrittenLog[]> {
    return this.#blocks.flatMap(({ transactions }) =>
      transactions.map(({ hash, log }) => ({ ...saidBy(log), transactionHash: hash })),
    )
  }

  async stop(): Promise<void> {}

  async answer(method: string, params: readonly Json[], view: View): Promise<Json> {
    const blocks = this.#seen(view)
    const answer = this.#known(blocks, method, params)
    if (answer === undefined) throw refusal(`the method ${method} does not exist`, -32601)
    return answer as Json
  }

  #know(block: SimulatedBlock): void {
    this.#byHash.set(block.hash, block)
  }

  /** What becomes of a transaction whose block has left the chain. */
  #drop(transaction: SimulatedTransaction): void {
    const fate = this.#chance.below(10)
    if (transaction.sent !== undefined) {
      if (fate < 7) this.#offer(transaction)
      return
    }
    const later = this.#top.number + 10 + this.#chance.below(40)
    if (fate < 7) this.#waiting.push({ transaction, from: fate < 4 ? 0 : later })
  }

  /** Those whose nonces follow. */
  #fromPool(): readonly SimulatedTransaction[] {
    const taken: SimulatedTransaction[] = []
    for (const nonce of this.#pool.keys()) {
      if (nonce < this.#top.sentCount) this.#pool.delete(nonce)
    }
    while (taken.length < mostInBlock && !this.#chance.oneIn(10)) {
      const nonce = this.#top.sentCount + taken.length
      const next = this.#pool.get(nonce)
      if (next === undefined) break
      this.#pool.delete(nonce)
      taken.push(next)
    }
    return taken
  }

  #offer(transaction: SimulatedTransaction): void {
    const { nonce, maxFeePerGas } = transaction.sent as Required<SimulatedTransaction>['sent']
    if (nonce < this.#top.sentCount) throw refusal(`nonce too low: tx nonce ${nonce}`)
    const other = this.#pool.get(nonce)
    if (other?.hash === transaction.hash) throw refusal('already known')
    const isEnough = !other?.sent || maxFeePerGas * 10n >= other.sent.maxFeePerGas * 11n
    if (!isEnough) throw refusal('replacement transaction underpriced')
    this.#pool.set(nonce, transaction)
  }

  #seen({ lag, isLeftBehind }: View): readonly SimulatedBlock[] {
    const blocks = isLeftBehind ? this.#left : this.#blocks
    return blocks.slice(0, Math.max(1, blocks.length - lag))
  }

  #known(blocks: readonly SimulatedBlock[], method: string, params: readonly Json[]): unknown {
    const [first, second] = params
    const head = blocks.at(-1) as SimulatedBlock
    if (method === 'web3_clientVersion') return 'chaos'
    if (method === 'eth_chainId') return quantity(chainId)
    if (method === 'eth_blockNumber') return quantity(head.number)
    if (method === 'eth_gasPrice' || method === 'eth_maxPriorityFeePerGas') return '0x3b9aca00'
    if (method === 'eth_estimateGas') return '0xc350'
    if (method === 'eth_call') return vaultAnswer((first as { data: Hex }).data, contract)
    if (method === 'eth_getBlockByNumber') {
      const block = this.#tagged(blocks, first as string)
      return (block && (second === true ? fullBlock(block) : block.header)) ?? null
    }
    if (method === 'eth_getBlockByHash') return this.#byHash.get(first as Hex)?.header ?? null
    if (method === 'eth_getLogs') return this.#logs(blocks, first as Fields)
    if (method === 'eth_getBlockReceipts') return this.#receipts(first as Hex)
    if (method === 'eth_getTransactionReceipt') return receiptOf(blocks, first as Hex) ?? null
    if (method === 'eth_getTransactionByHash') return this.#transaction(blocks, first as Hex)
    if (method === 'eth_sendRawTransaction') return this.#send(first as Hex)
    if (method === 'eth_getTransactionCount') return quantity(this.#count(blocks, second as string))
    return undefined
  }

  #tagged(blocks: readonly SimulatedBlock[], tag: string): SimulatedBlock | undefined {
    if (tag === 'latest' || tag === 'pending') return blocks.at(-1)
    if (tag === 'safe' || tag === 'finalized') throw refusal(`${tag} block not found`, -39001)
    return blocks[Number(tag)]
  }

  #logs(blocks: readonly SimulatedBlock[], filter: Fields): unknown {
    if (typeof filter.blockHash === 'string') {
      const block = this.#byHash.get(filter.blockHash as Hex)
      if (block === undefined) throw refusal('unknown block')
      return logsIn(block, filter)
    }
    const from = Number(filter.fromBlock)
    return blocks.slice(from, Number(filter.toBlock) + 1).flatMap((block) => logsIn(block, filter))
  }

  #receipts(hash: Hex): unknown {
    const block = this.#byHash.get(hash)
    return block ? block.transactions.map((_, place) => receiptAt(block, place)) : null
  }

  #transaction(blocks: readonly SimulatedBlock[], hash: Hex): unknown {
    const receipt = receiptOf(blocks, hash)
    if (receipt) return { hash, blockHash: receipt.blockHash, blockNumber: receipt.blockNumber }
    const isInPool = this.#pool.values().some((one) => one.hash === hash)
    return isInPool ? { hash, blockHash: null, blockNumber: null } : null
  }

  #count(blocks: readonly SimulatedBlock[], tag: string): number {
    const block = this.#tagged(blocks, tag)
    if (block === undefined) throw refusal('header not found')
    let count = block.sentCount
    while (tag === 'pending' && this.#pool.has(count)) count += 1
    return count
  }

  #send(raw: Hex): Hex {
    const { nonce = 0, to, data = '0x', maxFeePerGas = 0n } = parseTransaction(raw)
    const isToItself = to?.toLowerCase() === senderAddress.toLowerCase()
    const log = logOf(isToItself ? fillInput(nonce) : data)
    if (log === undefined) throw refusal('execution reverted')
    const hash = keccak256(raw)
    this.#offer({ hash, log, sent: { nonce, maxFeePerGas, raw } })
    return hash
  }
}

function logsIn(block: SimulatedBlock, { address, topics }: Fields) {
  const addresses = [address].flat().filter((one) => typeof one === 'string')
  const [wanted] = Array.isArray(topics) ? topics : []
  const firsts = [wanted ?? []].flat()
  if (addresses.length > 0 && !addresses.some((one) => one.toLowerCase() === contract)) return []
  return block.transactions
    .map((_, place) => logAt(block, place))
    .filter(({ topics: [topic] }) => firsts.length === 0 || firsts.includes(topic as Hex))
}

function receiptOf(blocks: readonly SimulatedBlock[], hash: Hex) {
  for (const block of blocks.toReversed()) {
    const place = block.transactions.findIndex((one) => one.hash === hash)
    if (place >= 0) return receiptAt(block, place)
  }
  return undefined
}
