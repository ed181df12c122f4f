/** Holds the prime that all numbers are taken modulo, and how numbers lie in memory. */

/** Bits of a limb; each lies in a word of 64 bits. */
export const LIMB_BITS: u64 = 30
export const MASK: u64 = (1 << 30) - 1
/** Room for a number: 13 limbs. */
export const ROOM: i32 = 104

/** The prime and its double, limb by limb. */
export const PRIME: usize = memory.data(ROOM, 16)
export const TWICE: usize = memory.data(ROOM, 16)
/** R² mod the prime, by which a number gets into Montgomery's form. */
export const SQUARE: usize = memory.data(ROOM, 16)

/** −1 / prime mod 2^30. */
export let inverse: u64 = 0
/** Limbs of a number: 9 or 13. */
export let limbs: u32 = 13
/** The same in bytes. */
export let span: usize = 104

/** The host has written the prime, its double and R². */
export function setPrime(count: u32, minusInverse: u64): void {
  limbs = count
  span = <usize>count << 3
  inverse = minusInverse
}
