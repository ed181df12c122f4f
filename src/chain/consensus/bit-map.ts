/** Packs a choice of validators into bits: in set order, least significant bit first, spare bits zero. */

/** The bit map of those of `count` validators that are chosen. */
export function bitMap(count: number, isChosen: (index: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8))
  for (let index = 0; index < count; index += 1) {
    if (isChosen(index)) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7))
  }
  return bits
}

/** Whether a validator is in a bit map; beyond its end none is. */
export function hasBit(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
}

/** Those in a bit map, in order; `undefined` unless it has the one form that a map of `count` has. */
export function readBitMap(bits: Uint8Array, count: number): readonly number[] | undefined {
  if (bits.length !== Math.ceil(count / 8)) return undefined
  const chosen: number[] = []
  for (let index = 0; index < bits.length * 8; index += 1) {
    if (!hasBit(bits, index)) continue
    if (index >= count) return undefined
    chosen.push(index)
  }
  return chosen
}
