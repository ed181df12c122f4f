/** Reads which logs a query, a filter or a subscription asks for, and tells them from others. */

import { bloomBits, bloomHas } from '../../chain/ledger/bloom.ts'
import type { LogCursor } from '../../chain/ledger/log-list.ts'
import type { Hash } from '../../chain/ledger/transaction.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { blockNumber, latest, type NumberedBlock } from './block-reference.ts'
import { listOf, optional, type Parser, record } from './parser.ts'
import { address, hash } from './values.ts'

/** What logs of which blocks are asked for. */
export interface LogQuery {
  readonly criteria: LogCriteria
  readonly blocks:
    | { readonly kind: 'hash'; readonly hash: Hash }
    | { readonly kind: 'range'; readonly from: NumberedBlock; readonly to: NumberedBlock }
}

/** Reads the object of eth_getLogs, eth_newFilter and eth_subscribe("logs"). */
export function logQuery(alternatives: number): Parser<LogQuery> {
  const addresses = oneOrMore(address, alternatives)
  const topics = listOf(optional(oneOrMore(hash, alternatives), []), 4)
  return (value, path) => {
    const fields = record(value, path)
    const range = {
      kind: 'range',
      from: optional(blockNumber, latest)(fields.fromBlock, `${path}.fromBlock`),
      to: optional(blockNumber, latest)(fields.toBlock, `${path}.toBlock`),
    } as const
    const blockHash = optional(hash)(fields.blockHash, `${path}.blockHash`)
    const hasRange = (fields.fromBlock ?? null) !== null || (fields.toBlock ?? null) !== null
    if (blockHash && hasRange) {
      throw invalidParams(
        `${path}: cannot specify both blockHash and fromBlock/toBlock, choose one or the other`,
      )
    }
    return {
      criteria: new LogCriteria(
        optional(addresses, [])(fields.address, `${path}.address`),
        optional(topics, [])(fields.topics, `${path}.topics`),
      ),
      blocks: blockHash ? { kind: 'hash', hash: blockHash } : range,
    }
  }
}

/** What logs must have. */
export class LogCriteria {
  readonly #address: Alternatives
  /** For each topic that a log must have. */
  readonly #topics: readonly Alternatives[]

  /** No alternatives let everything through. */
  constructor(addresses: readonly Uint8Array[], topics: readonly (readonly Uint8Array[])[]) {
    this.#address = new Alternatives(addresses)
    this.#topics = topics.map((any) => new Alternatives(any))
  }

  /** Whether a block may hold such logs, by its bloom filter; `false` is certain. */
  mayBeIn(bloom: Uint8Array): boolean {
    return this.#address.mayBeIn(bloom) && this.#topics.every((any) => any.mayBeIn(bloom))
  }

  /** Whether the log is one that is asked for. */
  accepts(log: LogCursor): boolean {
    if (this.#topics.length > log.topicCount) return false
    // The last topic tells most logs apart; the address and the event are often those of all logs of a block.
    for (let place = this.#topics.length - 1; place >= 0; place -= 1)
      if (!this.#topics[place]?.isAt(log, log.topic(place))) return false
    return this.#address.isAt(log, log.address)
  }
}

/** Byte strings of one length, any of which will do. */
class Alternatives {
  readonly #values: readonly Uint8Array[]
  /** By their last bytes: for many, which are not to be compared one by one. */
  readonly #byEnd = new Map<number, Uint8Array[]>()
  /** Which last twelve bits there are, so that most of what is none of them is seen at once. */
  readonly #ends = new Uint8Array(0x1000)
  /** Of the bloom filter, for each value; found when they are needed. */
  readonly #bits: (readonly number[])[] = []

  constructor(values: readonly Uint8Array[]) {
    this.#values = values
    for (const value of values) {
      const end = endOf(value, value.length)
      this.#byEnd.set(end, [...(this.#byEnd.get(end) ?? []), value])
      this.#ends[end & 0xfff] = 1
    }
  }

  mayBeIn(bloom: Uint8Array): boolean {
    const isCovered = (value: Uint8Array, at: number) => {
      const bits = this.#bits[at] ?? bloomBits(value)
      this.#bits[at] = bits
      return bloomHas(bloom, bits)
    }
    return this.#values.length === 0 || this.#values.some(isCovered)
  }

  isAt(log: LogCursor, at: number): boolean {
    const [first, second] = this.#values
    if (first === undefined) return true
    if (second === undefined) return log.has(first, at)
    const end = endOf(log.bytes, at + first.length)
    if (this.#ends[end & 0xfff] === 0) return false
    const alike = this.#byEnd.get(end)
    return alike?.some((value) => log.has(value, at)) ?? false
  }
}

/** The last four bytes before a place as a number. */
function endOf(bytes: Uint8Array, end: number): number {
  const byte = (back: number) => bytes[end - back] ?? 0
  return byte(1) | (byte(2) << 8) | (byte(3) << 16) | (byte(4) << 24)
}

function oneOrMore<T>(parse: Parser<T>, most: number): Parser<readonly T[]> {
  const list = listOf(parse, most)
  return (value, path) => (Array.isArray(value) ? list(value, path) : [parse(value, path)])
}
