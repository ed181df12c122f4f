/** Keeps the logs of a transaction as bytes, and finds their parts where they lie. */

import { AppError } from '../../base/app-error.ts'
import { EncodedRlp, encodeRlp } from './rlp.ts'
import type { Address } from './transaction.ts'

/** One log of a transaction. */
export interface Log {
  readonly address: Address
  /** Up to four words of 32 bytes. */
  readonly topics: readonly Uint8Array[]
  readonly data: Uint8Array
}

/**
 * The logs of a transaction, in the encoding that its receipt commits to: an object for each would take ten times the
 * memory, and nobody looks at most of them. What it gives are views of its bytes.
 */
export class LogList extends EncodedRlp implements Iterable<Log> {
  readonly length: number

  /**
   * @param length - how many logs there are, if somebody knows it who made the list
   * @throws AppError `ledger/bad-rlp` for bytes that are no list of logs
   */
  constructor(bytes: Uint8Array, length: number = countLogs(bytes)) {
    super(bytes)
    this.length = length
  }

  static of(logs: readonly Log[]): LogList {
    if (logs.length === 0) return noLogs
    return new LogList(encodeRlp(logs.map(({ address, topics, data }) => [address, topics, data])))
  }

  *[Symbol.iterator](): Generator<Log> {
    const cursor = new LogCursor(this.bytes)
    while (cursor.next()) yield cursor.log()
  }

  /** The logs that an address made. */
  madeBy(address: Address): readonly Log[] {
    const found: Log[] = []
    const cursor = new LogCursor(this.bytes)
    while (cursor.next()) if (cursor.has(address, cursor.address)) found.push(cursor.log())
    return found
  }
}

/** Bytes of an address and of a topic, and from one topic to the next. */
const [addressBytes, topicBytes, topicStep] = [20, 32, 33]

/** Stands on one log after the other, and says where its parts begin in the bytes of a list; makes nothing of them. */
export class LogCursor {
  bytes: Uint8Array
  /** Where the log begins, and where it ends. */
  start = 0
  end = 0
  address = 0
  topicCount = 0
  /** Where the first topic begins. */
  #topics = 0
  data = 0
  dataLength = 0
  #listEnd = 0

  constructor(list: Uint8Array = noLogs.bytes) {
    this.bytes = list
    this.open(list)
  }

  /** Begins with another list. */
  open(list: Uint8Array): void {
    this.bytes = list
    this.walk(list, this.#content(0, 0xc0), this.#contentEnd(0, 0xc0))
  }

  /** Begins with logs that lie in some bytes one after the other. */
  walk(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes
    this.end = from
    this.#listEnd = to
  }

  /** Goes to the next log; false after the last one. */
  next(): boolean {
    if (this.end >= this.#listEnd) return false
    this.start = this.end
    const log = this.#content(this.start, 0xc0)
    this.address = log + 1
    const topics = this.address + addressBytes
    this.#topics = this.#content(topics, 0xc0) + 1
    const dataItem = this.#contentEnd(topics, 0xc0)
    this.topicCount = (dataItem + 1 - this.#topics) / topicStep
    this.data = this.#content(dataItem, 0x80)
    this.end = this.#contentEnd(dataItem, 0x80)
    this.dataLength = this.end - this.data
    return true
  }

  topic(place: number): number {
    return this.#topics + topicStep * place
  }

  /** Whether bytes lie at a place. */
  has(wanted: Uint8Array, at: number): boolean {
    const { bytes } = this
    // Numbers and addresses that are padded to a word differ at its end.
    for (let left = wanted.length - 1; left >= 0; left -= 1)
      if (bytes[at + left] !== wanted[left]) return false
    return true
  }

  /** Whether what is between the prefixes adds up. */
  isSound(): boolean {
    const isWhole = this.#contentEnd(this.start, 0xc0) === this.end && this.end <= this.#listEnd
    if (!isWhole || this.bytes[this.address - 1] !== 0x80 + addressBytes) return false
    if (!Number.isInteger(this.topicCount) || this.topicCount > 4) return false
    for (let place = 0; place < this.topicCount; place += 1)
      if (this.bytes[this.topic(place) - 1] !== 0x80 + topicBytes) return false
    return true
  }

  log(): Log {
    const { bytes, address, data, end } = this
    const topics: Uint8Array[] = []
    for (let place = 0; place < this.topicCount; place += 1) {
      const at = this.topic(place)
      topics.push(bytes.subarray(at, at + topicBytes))
    }
    return {
      address: bytes.subarray(address, address + addressBytes),
      topics,
      data: bytes.subarray(data, end),
    }
  }

  /** Where the content of the value at a place begins; `base` is 0x80 for bytes, 0xc0 for a list. */
  #content(at: number, base: number): number {
    const first = this.bytes[at] ?? 0
    if (first < base) return at
    return first < base + 56 ? at + 1 : at + first - base - 54
  }

  #contentEnd(at: number, base: number): number {
    const first = this.bytes[at] ?? 0
    if (first < base) return at + 1
    if (first < base + 56) return at + 1 + first - base
    const start = at + first - base - 54
    let length = 0
    for (let place = at + 1; place < start; place += 1)
      length = length * 256 + (this.bytes[place] ?? 0)
    return start + length
  }
}

/** What most transactions log. */
export const noLogs: LogList = new LogList(Uint8Array.of(0xc0))

function countLogs(bytes: Uint8Array): number {
  if ((bytes[0] ?? 0) < 0xc0) throw bad('they are no list')
  const cursor = new LogCursor(bytes)
  let count = 0
  while (cursor.next()) {
    if (!cursor.isSound()) throw bad(`log ${count} is none`)
    count += 1
  }
  if (cursor.end !== bytes.length) throw bad('they have another length')
  return count
}

function bad(reason: string): AppError {
  return new AppError({ code: 'ledger/bad-rlp', message: `bad logs: ${reason}` })
}
