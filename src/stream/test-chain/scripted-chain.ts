/** Plays an endpoint whose chain, faults and limits a test decides. */

import { encodeAbiParameters, encodeEventTopics, keccak256, parseAbiItem, toHex } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'

export const vault = '0x00000000000000000000000000000000000000aa'
export const paid = 'Paid(address indexed who, uint256 amount)'
const abi = parseAbiItem(`event ${paid}`)

/** Blocks from a number on that grew between two reorganisations. */
interface Branch {
  readonly from: number
  readonly salt: number
}

/** A log that is no payment. */
export interface OtherLog {
  readonly address: Hex
  readonly topics: readonly Hex[]
  readonly data: Hex
}

/** What a log query names. */
type LogFilter = { readonly blockHash: Hex } | { readonly fromBlock: Hex; readonly toBlock: Hex }

/** Changes an answer before it is given, or throws. */
type Distortion = (method: string, answer: Json, params: readonly Json[]) => Json | Promise<Json>

const hex = (value: number): Hex => `0x${value.toString(16)}`

/** A JSON-RPC error, as an endpoint answers it. */
export function refusal(message: string, code = -32000): AppError {
  return new AppError({ code: 'json-rpc/error', message, data: { code } })
}

/** The same logs with some fields changed; any other answer as it is. */
export function changedLogs(answer: Json, changes: { readonly [name: string]: Json }): Json {
  if (!Array.isArray(answer)) return answer
  return answer.map((log) => ({ ...(log as { readonly [name: string]: Json }), ...changes }))
}

/** A chain that grows and reorganises by command; empty blocks cost nothing, so it can be millions long. */
export class ScriptedChain implements JsonRpcClient {
  readonly #branches: Branch[] = [{ from: 0, salt: 0 }]
  /** Amounts of the events of a block, one transaction each; of blocks that have any. */
  readonly #amounts = new Map<number, readonly bigint[]>()
  readonly #others = new Map<number, readonly OtherLog[]>()
  /** Filters of the log queries so far. */
  readonly filters: Json[] = []
  #salt = 0
  #head = 0
  chainId = 7
  down = false
  /** Blocks of the tags `safe` and `finalized`; without, there are none. */
  tags: Readonly<Record<string, number>> = {}
  /** Most blocks of a log query; more is "too many results". */
  maxRange = Number.POSITIVE_INFINITY
  /** Log queries by range asked so far: their lengths. */
  readonly ranges: number[] = []
  /** Log queries by hash asked so far: their blocks. */
  readonly exact: number[] = []
  /** Headers asked for so far. */
  headers = 0
  distort: Distortion = (_, answer) => answer

  get head(): number {
    return this.#head
  }

  /** The amounts in it, oldest first. */
  get amounts(): readonly bigint[] {
    return this.#blocksWithLogs().flatMap((number) => this.#amounts.get(number) ?? [])
  }

  /** Adds a block with one event for each amount, and other logs, each in a transaction of its own. */
  grow(amounts: readonly bigint[] = [], others: readonly OtherLog[] = []): void {
    this.#head += 1
    if (others.length > 0) this.#others.set(this.#head, others)
    if (amounts.length > 0) this.#amounts.set(this.#head, amounts)
  }

  /** Adds empty blocks. */
  leap(count: number): void {
    this.#head += count
  }

  /** Takes blocks away; those that grow then have other hashes. */
  drop(count: number): void {
    this.#head -= count
    this.#salt += 1
    for (const number of this.#blocksWithLogs()) {
      if (number <= this.#head) continue
      this.#amounts.delete(number)
      this.#others.delete(number)
    }
    const left = this.#branches.findIndex(({ from }) => from > this.#head)
    if (left >= 0) this.#branches.splice(left)
    this.#branches.push({ from: this.#head + 1, salt: this.#salt })
  }

  /** Begins anew with another block 0. */
  restart(): void {
    this.drop(this.#head + 1)
    this.grow()
  }

  hashOf(number: number): Hex {
    const branch = this.#branches.findLast(({ from }) => from <= number)
    return branch ? keccak256(toHex(`${number}:${branch.salt}`)) : `0x${'00'.repeat(32)}`
  }

  async request(method: string, params: readonly Json[] = []): Promise<Json> {
    if (this.down) {
      throw new AppError({ code: 'json-rpc/unreachable', message: 'refused', retry: 'later' })
    }
    return this.distort(method, this.#answer(method, params), params)
  }

  #answer(method: string, [first]: readonly Json[]): Json {
    if (method === 'eth_chainId') return hex(this.chainId)
    if (method === 'eth_blockNumber') return hex(this.head)
    if (method === 'eth_getBlockByNumber')
      return this.#block(
        typeof first === 'string' && first in this.tags ? (this.tags[first] ?? -1) : Number(first),
      )
    if (method === 'eth_getLogs') return this.#logs(first as LogFilter)
    throw new Error(`not scripted: ${method}`)
  }

  #block(number: number): Json {
    this.headers += 1
    if (!(number <= this.head)) return null
    const [hash, parentHash] = [this.hashOf(number), this.hashOf(number - 1)]
    return { number: hex(number), hash, parentHash, timestamp: hex(1_000 + number) }
  }

  #logs(filter: LogFilter): Json {
    this.filters.push(filter as Json)
    if ('blockHash' in filter) {
      const number = this.#numberOf(filter.blockHash)
      if (number === undefined) throw refusal('unknown block')
      this.exact.push(number)
      return this.#logsOf(number)
    }
    const [from, to] = [Number(filter.fromBlock), Number(filter.toBlock)]
    this.ranges.push(to - from + 1)
    if (to - from + 1 > this.maxRange) {
      throw refusal('query returned more than 10000 results', -32005)
    }
    return this.#blocksWithLogs()
      .filter((number) => number >= from && number <= to)
      .flatMap((number) => this.#logsOf(number))
  }

  /** Blocks are asked for by hash near the head only. */
  #numberOf(hash: Hex): number | undefined {
    for (let number = this.head; number >= Math.max(0, this.head - 100); number -= 1) {
      if (this.hashOf(number) === hash) return number
    }
    return undefined
  }

  #blocksWithLogs(): readonly number[] {
    return [...new Set([...this.#amounts.keys(), ...this.#others.keys()])].sort((a, b) => a - b)
  }

  #logsOf(number: number) {
    const payments = this.#payments(number)
    const others = (this.#others.get(number) ?? []).map((log, place) => ({
      ...log,
      ...{ blockNumber: hex(number), blockHash: this.hashOf(number) },
      transactionHash: keccak256(toHex(JSON.stringify(log))),
      logIndex: hex(payments.length * 2 + place),
    }))
    return [...payments, ...others]
  }

  #payments(number: number) {
    return (this.#amounts.get(number) ?? []).map((amount, place) => ({
      address: vault,
      topics: encodeEventTopics({ abi: [abi], args: { who: vault } }) as Hex[],
      data: encodeAbiParameters([{ type: 'uint256' }], [amount]),
      blockNumber: hex(number),
      blockHash: this.hashOf(number),
      // The same payment has the same transaction in whichever block it is.
      transactionHash: keccak256(toHex(`payment of ${amount}`)),
      logIndex: hex(place * 2 + 1),
    }))
  }
}
