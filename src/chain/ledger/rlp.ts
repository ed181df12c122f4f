/** Encodes and decodes RLP, strictly (Yellow Paper, appendix B). */

import { AppError } from '../../base/app-error.ts'
import { concatBytes, fromBigInt, toBigInt } from '../../base/bytes.ts'

/** Bytes, or a list of values. */
export type RlpValue = Uint8Array | readonly RlpValue[]

/** Deepest nesting that is read. */
const maxDepth = 64

/** The one encoding of a value. */
export function encodeRlp(value: RlpValue): Uint8Array {
  const encoded = new Uint8Array(encodedLength(value))
  write(value, encoded, 0)
  return encoded
}

/** A natural number as RLP has it: no leading zeros, 0 is empty. */
export function rlpInteger(value: bigint | number): Uint8Array {
  return fromBigInt(BigInt(value))
}

function encodedLength(value: RlpValue): number {
  const length = contentLength(value)
  if (isItsOwnEncoding(value)) return length
  return length + (length < 56 ? 1 : head(0, length).length)
}

function contentLength(value: RlpValue): number {
  if (value instanceof Uint8Array) return value.length
  let length = 0
  for (const item of value) length += encodedLength(item)
  return length
}

/** Writes the encoding of a value from `start` on, and gives the place behind it. */
function write(value: RlpValue, target: Uint8Array, start: number): number {
  const isBytes = value instanceof Uint8Array
  let at = start
  if (!isItsOwnEncoding(value)) {
    const prefix = head(isBytes ? 0x80 : 0xc0, contentLength(value))
    target.set(prefix, at)
    at += prefix.length
  }
  if (isBytes) {
    target.set(value, at)
    return at + value.length
  }
  for (const item of value) at = write(item, target, at)
  return at
}

/** Whether it is a single byte below 0x80, which has no prefix. */
function isItsOwnEncoding(value: RlpValue): boolean {
  return value instanceof Uint8Array && value.length === 1 && (value[0] ?? 0) < 0x80
}

function head(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length)
  const size = fromBigInt(BigInt(length))
  return concatBytes(Uint8Array.of(base + 55 + size.length), size)
}

/**
 * Decodes exactly one value that fills the bytes.
 *
 * @throws AppError `ledger/bad-rlp` for anything but the canonical encoding
 */
export function decodeRlp(bytes: Uint8Array): RlpValue {
  const item = read(bytes, 0, 0)
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

function read(bytes: Uint8Array, at: number, depth: number): Item {
  const first = bytes[at]
  if (first === undefined) throw bad('the bytes end within a value')
  if (depth > maxDepth) throw bad(`more than ${maxDepth} lists within each other`)
  if (first < 0x80) return { value: bytes.slice(at, at + 1), end: at + 1 }
  const isList = first >= 0xc0
  const { start, end } = span(bytes, at, first - (isList ? 0xc0 : 0x80))
  if (!isList) {
    const value = bytes.slice(start, end)
    if (value.length === 1 && (value[0] ?? 0) < 0x80) throw bad('a single byte has a prefix')
    return { value, end }
  }
  const items: RlpValue[] = []
  let next = start
  while (next < end) {
    const item = read(bytes, next, depth + 1)
    items.push(item.value)
    next = item.end
  }
  if (next !== end) throw bad('a list ends within one of its items')
  return { value: items, end }
}

/** Where the content lies, from a prefix without its base: below 56 the length, else the length of the length. */
function span(bytes: Uint8Array, at: number, prefix: number): { start: number; end: number } {
  let start = at + 1
  let length = prefix
  if (prefix >= 56) {
    const size = bytes.subarray(start, start + prefix - 55)
    start += prefix - 55
    if (start > bytes.length || size[0] === 0) throw bad('a length is not canonical')
    const long = toBigInt(size)
    if (long < 56n) throw bad('a length is not canonical')
    if (long > BigInt(bytes.length)) throw bad('the bytes end within a value')
    length = Number(long)
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
