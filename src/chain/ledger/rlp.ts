/** Encodes and decodes RLP, strictly (Yellow Paper, appendix B). */

import { AppError } from '../../base/app-error.ts'
import { fromBigInt, toBigInt } from '../../base/bytes.ts'

/** Bytes, or a list of values. */
export type RlpValue = Uint8Array | readonly RlpValue[]

/** The encoding of a value, which stands in a larger one as it is. */
export class EncodedRlp {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** What can be encoded: a value, parts of which may be so already, or natural numbers. */
export type RlpSource = Uint8Array | bigint | number | EncodedRlp | readonly RlpSource[]

/** Deepest nesting that is read. */
const maxDepth = 64

/** The one encoding of a value; after a type byte if there is one (EIP-2718). */
export function encodeRlp(value: RlpSource, type = 0): Uint8Array {
  const writer = new RlpWriter()
  writer.write(value)
  return writer.bytes(type)
}

/** A natural number as RLP has it: no leading zeros, 0 is empty. */
export function rlpInteger(value: bigint | number): Uint8Array {
  return fromBigInt(BigInt(value))
}

/** Room that encodings are written in, so that one takes no memory but its own; larger ones take theirs. */
let room = new Uint8Array(64 * 1024)
const mostKept = 1024 * 1024

/** Writes from the end to the beginning: so the length of a list is known when its prefix is written. */
export class RlpWriter {
  #room = room
  #start = room.length

  /** Bytes that are written. */
  get length(): number {
    return this.#room.length - this.#start
  }

  write(value: RlpSource): void {
    if (value instanceof Uint8Array) {
      this.#bytes(value)
      if (value.length !== 1 || (value[0] ?? 0) >= 0x80) this.#prefix(0x80, value.length)
      return
    }
    if (typeof value === 'number' || typeof value === 'bigint') {
      this.#integer(value)
      return
    }
    if (value instanceof EncodedRlp) {
      this.writeEncoded(value.bytes)
      return
    }
    const { length } = this
    for (let at = value.length - 1; at >= 0; at -= 1) this.write(value[at] as RlpSource)
    this.closeList(length)
  }

  /** Writes bytes that lie in some memory. */
  writeFrom(memory: Uint8Array, from: number, size: number): void {
    this.#reserve(size)
    this.#start -= size
    if (size > 64) this.#room.set(memory.subarray(from, from + size), this.#start)
    else
      for (let at = 0; at < size; at += 1)
        this.#room[this.#start + at] = memory[from + at] as number
    if (size !== 1 || (memory[from] as number) >= 0x80) this.#prefix(0x80, size)
  }

  /** Makes a list of what was written since so many bytes were. */
  closeList(since: number): void {
    this.#prefix(0xc0, this.length - since)
  }

  /** Writes what is encoded already: a part of some bytes, or all of them. */
  writeEncoded(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.#reserve(to - from)
    this.#start -= to - from
    for (let at = from; at < to; at += 1) this.#room[this.#start + at - from] = bytes[at] as number
  }

  /** All that is written, after a type byte if there is one; nothing more can be. */
  bytes(type = 0): Uint8Array {
    if (type > 0) {
      this.#reserve(1)
      this.#byte(type)
    }
    if (this.#room.length <= mostKept) room = this.#room
    return this.#room.slice(this.#start)
  }

  #bytes(value: Uint8Array): void {
    const { length } = value
    this.#reserve(length)
    this.#start -= length
    // Most are short, and a loop is quicker for them.
    if (length > 32) this.#room.set(value, this.#start)
    else for (let at = 0; at < length; at += 1) this.#room[this.#start + at] = value[at] as number
  }

  #integer(value: bigint | number): void {
    if (value > Number.MAX_SAFE_INTEGER) {
      this.write(fromBigInt(BigInt(value)))
      return
    }
    this.#reserve(9)
    const end = this.#start
    for (let rest = Number(value); rest > 0; rest = Math.floor(rest / 256)) this.#byte(rest & 255)
    const length = end - this.#start
    if (length !== 1 || (this.#room[this.#start] as number) >= 0x80) this.#prefix(0x80, length)
  }

  #prefix(base: number, length: number): void {
    this.#reserve(9)
    if (length < 56) {
      this.#byte(base + length)
      return
    }
    let size = 0
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
      this.#byte(rest & 255)
      size += 1
    }
    this.#byte(base + 55 + size)
  }

  #byte(byte: number): void {
    this.#start -= 1
    this.#room[this.#start] = byte
  }

  #reserve(length: number): void {
    if (this.#start >= length) return
    const written = this.#room.subarray(this.#start)
    const larger = new Uint8Array(2 * (written.length + length))
    larger.set(written, larger.length - written.length)
    this.#start = larger.length - written.length
    this.#room = larger
  }
}

/**
 * Decodes exactly one value that fills the bytes.
 *
 * @param most - values, lists among them, that it may be made of; each takes some hundred bytes of memory
 * @param wholeAt - lists that lie within so many others are given as the bytes they are, and not looked into
 * @throws AppError `ledger/bad-rlp` for anything but the canonical encoding
 */
export function decodeRlp(
  bytes: Uint8Array,
  most = Number.POSITIVE_INFINITY,
  wholeAt = Number.POSITIVE_INFINITY,
): RlpValue {
  const item = read({ bytes, wholeAt, depth: 0, left: most }, 0)
  if (item.end !== bytes.length) throw bad(`${bytes.length - item.end} bytes follow the value`)
  return item.value
}

/**
 * Bytes of the value that begins here, by its prefix, so that values that stand one after the other can be told apart.
 *
 * @returns `undefined` if there are too few bytes to tell
 * @throws AppError `ledger/bad-rlp` for a length beyond all bounds
 */
export function rlpLength(bytes: Uint8Array): number | undefined {
  const first = bytes[0]
  if (first === undefined) return undefined
  if (first < 0x80) return 1
  const prefix = first - (first >= 0xc0 ? 0xc0 : 0x80)
  if (prefix < 56) return 1 + prefix
  const size = prefix - 55
  if (bytes.length <= size) return undefined
  const length = toBigInt(bytes.subarray(1, 1 + size))
  if (length >= 2n ** 48n) throw bad('a length is beyond all bounds')
  return 1 + size + Number(length)
}

interface Item {
  readonly value: RlpValue
  readonly end: number
}

/** Bytes that are being read, how deep in lists, how deep at most, and how many values may follow. */
interface Reading {
  readonly bytes: Uint8Array
  readonly wholeAt: number
  depth: number
  left: number
}

function read(reading: Reading, at: number): Item {
  const { bytes } = reading
  const first = bytes[at]
  if (first === undefined) throw bad('the bytes end within a value')
  if (reading.depth > maxDepth) throw bad(`more than ${maxDepth} lists within each other`)
  if (reading.left <= 0) throw bad('it is made of too many values')
  reading.left -= 1
  if (first < 0x80) return { value: bytes.slice(at, at + 1), end: at + 1 }
  const isList = first >= 0xc0
  const { start, end } = span(bytes, at, first - (isList ? 0xc0 : 0x80))
  if (!isList) {
    const value = bytes.slice(start, end)
    if (value.length === 1 && (value[0] ?? 0) < 0x80) throw bad('a single byte has a prefix')
    return { value, end }
  }
  if (reading.depth >= reading.wholeAt) return { value: bytes.slice(at, end), end }
  const items: RlpValue[] = []
  let next = start
  reading.depth += 1
  while (next < end) {
    const item = read(reading, next)
    items.push(item.value)
    next = item.end
  }
  reading.depth -= 1
  if (next !== end) throw bad('a list ends within one of its items')
  return { value: items, end }
}

/**
 * Where the items of a list begin, and after them where it ends, without reading what they hold.
 *
 * @throws AppError `ledger/bad-rlp` when they do not fill it
 */
export function rlpPlaces(bytes: Uint8Array, start: number): number[] {
  if ((bytes[start] ?? 0) < 0xc0) throw bad('there is no list where one is expected')
  const list = span(bytes, start, (bytes[start] ?? 0) - 0xc0)
  const places = [list.start]
  for (let at = list.start; at < list.end; ) {
    const first = bytes[at] as number
    at = first < 0x80 ? at + 1 : span(bytes, at, first - (first < 0xc0 ? 0x80 : 0xc0)).end
    places.push(at)
  }
  if (places.at(-1) !== list.end) throw bad('a list ends within one of its items')
  return places
}

/** What an empty string is read as. */
const noBytes = new Uint8Array()

/** The items of a list, each read from its place when it is asked for. */
export class RlpItems {
  readonly #bytes: Uint8Array
  readonly #places: readonly number[]
  #digits: string | undefined

  /**
   * @param start - where the list begins; it ends with the bytes
   * @throws AppError `ledger/bad-rlp` when it does not have `count` items
   */
  constructor(bytes: Uint8Array, start: number, { name, count }: { name: string; count: number }) {
    this.#bytes = bytes
    this.#places = rlpPlaces(bytes, start)
    const [end = 0] = this.#places.slice(-1)
    if (end !== bytes.length) throw bad(`${bytes.length - end} bytes follow the value`)
    const found = this.#places.length - 1
    if (found !== count) throw bad(`${name} has ${found} items, not ${count}`)
  }

  /** A natural number of at most `bits` bits; @throws AppError `ledger/bad-rlp` */
  number(item: number, name: string, bits = 256): bigint {
    const { start, end } = this.#string(item, name)
    if (this.#bytes[start] === 0 && end > start) throw bad(`${name} has leading zeros`)
    if ((end - start) * 8 > bits) throw bad(`${name} has more than ${bits} bits`)
    if (end - start > 6) {
      this.#digits ??= this.#bytes.toHex()
      return BigInt(`0x${this.#digits.slice(2 * start, 2 * end)}`)
    }
    let value = 0
    for (let at = start; at < end; at += 1) value = value * 256 + (this.#bytes[at] as number)
    return BigInt(value)
  }

  /** Bytes, of a fixed length if one is given; @throws AppError `ledger/bad-rlp` */
  bytes(item: number, name: string, length?: number): Uint8Array {
    const { start, end } = this.#string(item, name)
    if (length !== undefined && end - start !== length) {
      throw bad(`${name} has ${end - start} bytes, not ${length}`)
    }
    return end === start ? noBytes : this.#bytes.slice(start, end)
  }

  /** Bytes of a string; @throws AppError `ledger/bad-rlp` */
  length(item: number, name: string): number {
    const { start, end } = this.#string(item, name)
    return end - start
  }

  /** A list of values; @throws AppError `ledger/bad-rlp` */
  list(item: number, name: string): readonly RlpValue[] {
    const bytes = this.#bytes.subarray(this.#places[item], this.#places[item + 1])
    return rlpList(decodeRlp(bytes), name)
  }

  #string(item: number, name: string): { start: number; end: number } {
    const [place = 0, end = 0] = [this.#places[item], this.#places[item + 1]]
    const first = this.#bytes[place] as number
    if (first >= 0xc0) throw bad(`${name} is not bytes`)
    const start = first < 0x80 ? place : first < 0xb8 ? place + 1 : place + first - 0xb6
    if (start === end - 1 && start > place && (this.#bytes[start] as number) < 0x80) {
      throw bad('a single byte has a prefix')
    }
    return { start, end }
  }
}

/** A view of the bytes of a string that begins at a place; @throws AppError `ledger/bad-rlp` */
export function rlpContent(bytes: Uint8Array, at: number): Uint8Array {
  const first = bytes[at]
  if (first === undefined || first >= 0xc0) throw bad('there is no string where one is expected')
  if (first < 0x80) return bytes.subarray(at, at + 1)
  const { start, end } = span(bytes, at, first - 0x80)
  return bytes.subarray(start, end)
}

/** Where the content of a value begins, by its prefix; the bytes may end within the value. */
export function rlpStart(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return at
  const prefix = first - (first < 0xc0 ? 0x80 : 0xc0)
  return at + (prefix < 56 ? 1 : prefix - 54)
}

/** Where the content lies, from a prefix without its base: below 56 the length, else the length of the length. */
function span(bytes: Uint8Array, at: number, prefix: number): { start: number; end: number } {
  let start = at + 1
  let length = prefix
  if (prefix >= 56) {
    start += prefix - 55
    if (start > bytes.length || bytes[at + 1] === 0) throw bad('a length is not canonical')
    // What is too great to be exact is too great anyway.
    length = 0
    for (let digit = at + 1; digit < start; digit += 1) length = length * 256 + (bytes[digit] ?? 0)
    if (length < 56) throw bad('a length is not canonical')
  }
  const end = start + length
  if (end > bytes.length) throw bad('the bytes end within a value')
  return { start, end }
}

/** A list of `count` items; @throws AppError `ledger/bad-rlp` */
export function rlpList(value: RlpValue | undefined, name: string, count?: number) {
  if (value === undefined || value instanceof Uint8Array) throw bad(`${name} is no list`)
  if (count !== undefined && value.length !== count) {
    throw bad(`${name} has ${value.length} items, not ${count}`)
  }
  return value
}

/** Bytes, of a fixed length if one is given; @throws AppError `ledger/bad-rlp` */
export function rlpBytes(value: RlpValue | undefined, name: string, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw bad(`${name} is not bytes`)
  if (length !== undefined && value.length !== length) {
    throw bad(`${name} has ${value.length} bytes, not ${length}`)
  }
  return value
}

/** A natural number of at most `bits` bits without leading zeros; @throws AppError `ledger/bad-rlp` */
export function rlpNumber(value: RlpValue | undefined, name: string, bits = 256): bigint {
  const bytes = rlpBytes(value, name)
  if (bytes[0] === 0) throw bad(`${name} has leading zeros`)
  if (bytes.length * 8 > bits) throw bad(`${name} has more than ${bits} bits`)
  return toBigInt(bytes)
}

function bad(reason: string): AppError {
  return new AppError({ code: 'ledger/bad-rlp', message: `not canonical RLP: ${reason}` })
}
