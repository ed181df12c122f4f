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
  if (!/^0x([0-9a-fA-F]{2})*$/.test(hex)) {
    const shown = hex.length > 80 ? `${hex.slice(0, 80)}…` : hex
    throw new AppError({ code: 'base/bad-hex', message: `not hex bytes: ${shown}` })
  }
  return Uint8Array.fromHex(hex.slice(2))
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
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

/** An unsigned integer from big-endian bytes; no bytes are 0. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toHex()}`)
}

/** The shortest big-endian bytes of an unsigned integer; 0 is no bytes. */
export function fromBigInt(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array()
  const digits = value.toString(16)
  return Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`)
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
