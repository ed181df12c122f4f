/** Lays out and reads storage as Solidity does (its documentation, "Layout of State Variables in Storage"). */

import { concatBytes, fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'

/** Where fields lie: slot from the beginning, bytes from the lowest, and how many bytes there are. */
export type Fields = Readonly<
  Record<string, readonly [slot: number, offset: number, bytes: number]>
>

/** What a slot holds; 0 if it was never written. */
export type ReadSlot = (slot: bigint) => bigint

/** A slot and what it holds. */
export type Slot = readonly [slot: bigint, value: bigint]

/** A number as 32 bytes. */
export function word(value: bigint): Uint8Array {
  return padStart(fromBigInt(value), 32)
}

/** Where a mapping keeps the value of a key: an address, or another number. */
export function mappingSlot(slot: bigint | number, key: Uint8Array | bigint): bigint {
  const name = key instanceof Uint8Array ? padStart(key, 32) : word(key)
  return toBigInt(keccak256(concatBytes(name, word(BigInt(slot)))))
}

/** Where the items of an array begin, and the content of bytes that do not fit in their own slot. */
export function contentSlot(slot: bigint | number): bigint {
  return toBigInt(keccak256(word(BigInt(slot))))
}

/** The slots of fields that have values, the others being zero. */
export function packFields<F extends Fields>(
  base: bigint,
  fields: F,
  values: Readonly<Partial<Record<keyof F, bigint>>>,
): Slot[] {
  const words = new Map<bigint, bigint>()
  for (const [name, [slot, offset]] of Object.entries(fields)) {
    const at = base + BigInt(slot)
    words.set(at, (words.get(at) ?? 0n) | ((values[name] ?? 0n) << BigInt(8 * offset)))
  }
  return [...words].filter(([, value]) => value !== 0n)
}

/** The slots of `bytes`. */
export function packBytes(slot: bigint, bytes: Uint8Array): Slot[] {
  const { length } = bytes
  const piece = (at: number) => {
    const part = bytes.subarray(at, at + 32)
    return toBigInt(part) << BigInt(8 * (32 - part.length))
  }
  if (length < 32) return [[slot, piece(0) | BigInt(2 * length)]]
  const content = contentSlot(slot)
  const count = Math.ceil(length / 32)
  return [
    [slot, BigInt(2 * length + 1)],
    ...Array.from({ length: count }, (_, at): Slot => [content + BigInt(at), piece(32 * at)]),
  ]
}

/** Reads fields, each slot once. */
export function readFields<F extends Fields>(
  read: ReadSlot,
  base: bigint,
  fields: F,
): { readonly [K in keyof F]: bigint } {
  const words = new Map<number, bigint>()
  const values = Object.entries(fields).map(([name, [slot, offset, bytes]]) => {
    const held = words.get(slot) ?? read(base + BigInt(slot))
    words.set(slot, held)
    return [name, (held >> BigInt(8 * offset)) & (2n ** BigInt(8 * bytes) - 1n)]
  })
  return Object.fromEntries(values) as { readonly [K in keyof F]: bigint }
}

/** Reads `bytes` that have this length, or gives `undefined` after one read. */
export function readBytes(read: ReadSlot, slot: bigint, length: number): Uint8Array | undefined {
  const head = read(slot)
  if (length < 32) {
    return (head & 0xffn) === BigInt(2 * length) ? word(head).slice(0, length) : undefined
  }
  if (head !== BigInt(2 * length + 1)) return undefined
  const content = contentSlot(slot)
  const pieces = Array.from({ length: Math.ceil(length / 32) }, (_, at) =>
    word(read(content + BigInt(at))),
  )
  return concatBytes(...pieces).slice(0, length)
}
