/** Converts between bytes, hex text and unsigned integers. */

import { AppError } from './app-error.ts'

/** Hex text with its `0x` prefix; it exists only at the JSON border. */
export type Hex = `0x${string}`

/** Bytes as lower-case hex text, two digits a byte. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytes.toHex()}`
}

/**
 * Hex text as bytes.
 *
 * @param hex - with `0x`, an even number of digits of either case
 * @throws AppError `base/bad-hex`
 */
export function fromHex(hex: string): Uint8Array {
  const bytes = readHex(hex)
  if (bytes) return bytes
  const shown = hex.length > 80 ? `${hex.slice(0, 80)}…` : hex
  throw new AppError({ code: 'base/bad-hex', message: `not hex bytes: ${shown}` })
}

/** The same, or nothing for what is no hex text. */
export function readHex(hex: string): Uint8Array | undefined {
  if (!hex.startsWith('0x')) return undefined
  try {
    return Uint8Array.fromHex(hex.slice(2))
  } catch {
    return undefined
  }
}

/** Joins byte strings. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Whether two byte strings are equal; not constant in time, so not for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false
  return true
}

/** Order of two byte strings as in a dictionary: below 0 when `a` comes first, 0 when they are equal. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at += 1) {
    const difference = (a[at] as number) - (b[at] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** An unsigned integer from big-endian bytes; no bytes are 0. */
export function toBigInt(bytes: Uint8Array): bigint {
  if (bytes.length > 6) return BigInt(`0x${bytes.toHex()}`)
  let value = 0
  for (let at = 0; at < bytes.length; at += 1) value = value * 256 + (bytes[at] as number)
  return BigInt(value)
}

/** The shortest big-endian bytes of an unsigned integer; 0 is no bytes. */
export function fromBigInt(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array()
  // Read here: what `fromHex` gives lies outside the heap, which costs several times as much for so few bytes.
  const digits = value.toString(16)
  const odd = digits.length & 1
  const bytes = new Uint8Array((digits.length + odd) / 2)
  for (let at = 0; at < digits.length; at += 1) {
    const code = digits.charCodeAt(at)
    const place = (at + odd) >> 1
    bytes[place] = ((bytes[place] as number) << 4) | (code > 57 ? code - 87 : code - 48)
  }
  return bytes
}

/**
 * Bytes filled with zeros on the left up to `length`.
 *
 * @throws AppError `base/too-long` if there are more than `length` bytes
 */
export function padStart(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length > length) {
    const message = `${bytes.length} bytes do not fit in ${length}`
    throw new AppError({ code: 'base/too-long', message })
  }
  const padded = new Uint8Array(length)
  padded.set(bytes, length - bytes.length)
  return padded
}
