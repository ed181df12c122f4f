/** Multiplies numbers of 30-bit limbs modulo a prime, as Montgomery does, a column at a time. */

import { dot1, dot2, dot3, dot4, dot5, dot6, dot7, dot8, dot9, dot10, dot11, dot12, dot13 } from './dot'

import { inverse, LIMB_BITS, limbs, MASK, PRIME, ROOM } from './prime'

/** What the prime is multiplied by to clear the lower half. */
const QUOTIENT: usize = memory.data(ROOM, 16)

/** A column of the lower half: finds the limb of the quotient that clears it. */
// @ts-ignore: decorator
@inline
function pushDown(at: usize, sum: u64, reduced: u64): u64 {
  let low = (sum & MASK) + reduced
  const limb = (low * inverse) & MASK
  store<u64>(QUOTIENT + at, limb)
  low += limb * load<u64>(PRIME)
  return (sum >> LIMB_BITS) + (low >> LIMB_BITS)
}

/** A column of the upper half: a limb of the result. */
// @ts-ignore: decorator
@inline
function keep(out: usize, sum: u64, reduced: u64): u64 {
  const low = (sum & MASK) + reduced
  store<u64>(out, low & MASK)
  return (sum >> LIMB_BITS) + (low >> LIMB_BITS)
}

/** out = a · b / R mod the prime, where R is 2^270 or 2^390; below twice the prime if a and b are. */
export function multiply(out: usize, a: usize, b: usize): void {
  if (limbs == 9) multiply9(out, a, b)
  else multiply13(out, a, b)
}

/** out = a · b / 2^270 mod the prime, for numbers of 9 limbs; out may be a or b. */
function multiply9(out: usize, a: usize, b: usize): void {
  let sum = pushDown(0, dot1(a, b), 0)
  sum = pushDown(8, sum + dot2(a, b), dot1(QUOTIENT, PRIME + 8))
  sum = pushDown(16, sum + dot3(a, b), dot2(QUOTIENT, PRIME + 8))
  sum = pushDown(24, sum + dot4(a, b), dot3(QUOTIENT, PRIME + 8))
  sum = pushDown(32, sum + dot5(a, b), dot4(QUOTIENT, PRIME + 8))
  sum = pushDown(40, sum + dot6(a, b), dot5(QUOTIENT, PRIME + 8))
  sum = pushDown(48, sum + dot7(a, b), dot6(QUOTIENT, PRIME + 8))
  sum = pushDown(56, sum + dot8(a, b), dot7(QUOTIENT, PRIME + 8))
  sum = pushDown(64, sum + dot9(a, b), dot8(QUOTIENT, PRIME + 8))
  sum += dot8(a + 8, b + 8)
  sum = keep(out + 0, sum, dot8(QUOTIENT + 8, PRIME + 8))
  sum += dot7(a + 16, b + 16)
  sum = keep(out + 8, sum, dot7(QUOTIENT + 16, PRIME + 16))
  sum += dot6(a + 24, b + 24)
  sum = keep(out + 16, sum, dot6(QUOTIENT + 24, PRIME + 24))
  sum += dot5(a + 32, b + 32)
  sum = keep(out + 24, sum, dot5(QUOTIENT + 32, PRIME + 32))
  sum += dot4(a + 40, b + 40)
  sum = keep(out + 32, sum, dot4(QUOTIENT + 40, PRIME + 40))
  sum += dot3(a + 48, b + 48)
  sum = keep(out + 40, sum, dot3(QUOTIENT + 48, PRIME + 48))
  sum += dot2(a + 56, b + 56)
  sum = keep(out + 48, sum, dot2(QUOTIENT + 56, PRIME + 56))
  sum += dot1(a + 64, b + 64)
  sum = keep(out + 56, sum, dot1(QUOTIENT + 64, PRIME + 64))
  store<u64>(out + 64, sum)
}

/** out = a · b / 2^390 mod the prime, for numbers of 13 limbs; out may be a or b. */
function multiply13(out: usize, a: usize, b: usize): void {
  let sum = pushDown(0, dot1(a, b), 0)
  sum = pushDown(8, sum + dot2(a, b), dot1(QUOTIENT, PRIME + 8))
  sum = pushDown(16, sum + dot3(a, b), dot2(QUOTIENT, PRIME + 8))
  sum = pushDown(24, sum + dot4(a, b), dot3(QUOTIENT, PRIME + 8))
  sum = pushDown(32, sum + dot5(a, b), dot4(QUOTIENT, PRIME + 8))
  sum = pushDown(40, sum + dot6(a, b), dot5(QUOTIENT, PRIME + 8))
  sum = pushDown(48, sum + dot7(a, b), dot6(QUOTIENT, PRIME + 8))
  sum = pushDown(56, sum + dot8(a, b), dot7(QUOTIENT, PRIME + 8))
  sum = pushDown(64, sum + dot9(a, b), dot8(QUOTIENT, PRIME + 8))
  sum = pushDown(72, sum + dot10(a, b), dot9(QUOTIENT, PRIME + 8))
  sum = pushDown(80, sum + dot11(a, b), dot10(QUOTIENT, PRIME + 8))
  sum = pushDown(88, sum + dot12(a, b), dot11(QUOTIENT, PRIME + 8))
  sum = pushDown(96, sum + dot13(a, b), dot12(QUOTIENT, PRIME + 8))
  sum += dot12(a + 8, b + 8)
  sum = keep(out + 0, sum, dot12(QUOTIENT + 8, PRIME + 8))
  sum += dot11(a + 16, b + 16)
  sum = keep(out + 8, sum, dot11(QUOTIENT + 16, PRIME + 16))
  sum += dot10(a + 24, b + 24)
  sum = keep(out + 16, sum, dot10(QUOTIENT + 24, PRIME + 24))
  sum += dot9(a + 32, b + 32)
  sum = keep(out + 24, sum, dot9(QUOTIENT + 32, PRIME + 32))
  sum += dot8(a + 40, b + 40)
  sum = keep(out + 32, sum, dot8(QUOTIENT + 40, PRIME + 40))
  sum += dot7(a + 48, b + 48)
  sum = keep(out + 40, sum, dot7(QUOTIENT + 48, PRIME + 48))
  sum += dot6(a + 56, b + 56)
  sum = keep(out + 48, sum, dot6(QUOTIENT + 56, PRIME + 56))
  sum += dot5(a + 64, b + 64)
  sum = keep(out + 56, sum, dot5(QUOTIENT + 64, PRIME + 64))
  sum += dot4(a + 72, b + 72)
  sum = keep(out + 64, sum, dot4(QUOTIENT + 72, PRIME + 72))
  sum += dot3(a + 80, b + 80)
  sum = keep(out + 72, sum, dot3(QUOTIENT + 80, PRIME + 80))
  sum += dot2(a + 88, b + 88)
  sum = keep(out + 80, sum, dot2(QUOTIENT + 88, PRIME + 88))
  sum += dot1(a + 96, b + 96)
  sum = keep(out + 88, sum, dot1(QUOTIENT + 96, PRIME + 96))
  store<u64>(out + 96, sum)
}
