/** Divides heights into epochs, or rounds as chains of delegates call them; the first block is in none. */

/** Where a height from 1 lies: slots count from 0, and a boundary is the last block of its epoch. */
export interface EpochPlace {
  readonly epoch: bigint
  readonly slot: number
  readonly isBoundary: boolean
}

/** The place of a height among epochs of so many blocks. */
export function epochPlace(height: bigint, length: number): EpochPlace {
  const size = BigInt(length)
  const slot = Number((height - 1n) % size)
  return { epoch: (height - 1n) / size, slot, isBoundary: slot === length - 1 }
}
