/** Multiplies 256-bit words by their limbs, and raises them to powers. */

import { bitLength, clear, copy, isSmall, setSmall, shiftLeft } from './u256'

/** The upper 64 bits of a product of 64 by 64. */
// @ts-ignore: decorator
@inline
export function high(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff
  const a1 = a >> 32
  const b0 = b & 0xffffffff
  const b1 = b >> 32
  const t = a1 * b0 + ((a0 * b0) >> 32)
  const w = (t & 0xffffffff) + a0 * b1
  return a1 * b1 + (t >> 32) + (w >> 32)
}

/** a · b, modulo 2^256. */
export function multiply(out: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a)
  const b0 = load<u64>(b)
  let r0 = a0 * b0
  let r1 = high(a0, b0)
  const a1 = load<u64>(a, 8)
  const a2 = load<u64>(a, 16)
  const a3 = load<u64>(a, 24)
  const b1 = load<u64>(b, 8)
  const b2 = load<u64>(b, 16)
  const b3 = load<u64>(b, 24)
  let r2: u64 = 0
  let r3: u64 = 0
  if (a1 | a2 | a3 | b1 | b2 | b3) {
    // Column 1: a0·b1 and a1·b0.
    let low = a0 * b1
    let up = high(a0, b1)
    r1 += low
    r2 = up + u64(r1 < low)
    if (a1) {
      low = a1 * b0
      up = high(a1, b0)
      r1 += low
      up += u64(r1 < low)
      r2 += up
      r3 = u64(r2 < up)
      low = a1 * b1
      r2 += low
      r3 += high(a1, b1) + u64(r2 < low) + a1 * b2
    }
    low = a0 * b2
    r2 += low
    r3 += high(a0, b2) + u64(r2 < low) + a0 * b3
    if (a2) {
      low = a2 * b0
      r2 += low
      r3 += high(a2, b0) + u64(r2 < low) + a2 * b1
    }
    r3 += a3 * b0
  }
  store<u64>(out, r0)
  store<u64>(out, r1, 8)
  store<u64>(out, r2, 16)
  store<u64>(out, r3, 24)
}

/** Multiplies a word by a number in its place. */
export function multiplySmall(a: usize, b: u64): void {
  let carry: u64 = 0
  for (let at = a; at < a + 32; at += 8) {
    const limb = load<u64>(at)
    const low = limb * b
    const sum = low + carry
    carry = high(limb, b) + u64(sum < low)
    store<u64>(at, sum)
  }
}

/** Adds a · b and a carry to the limb at `place`; gives what is carried on. */
// @ts-ignore: decorator
@inline
export function addProduct(place: usize, a: u64, b: u64, carry: u64): u64 {
  const low = a * b
  const partial = load<u64>(place) + low
  const sum = partial + carry
  store<u64>(place, sum)
  return high(a, b) + u64(partial < low) + u64(sum < carry)
}

/** Takes a · b and a borrow from the limb at `place`; gives what is borrowed from the next. */
// @ts-ignore: decorator
@inline
export function subtractProduct(place: usize, a: u64, b: u64, borrow: u64): u64 {
  const low = a * b
  const take = low + borrow
  const from = load<u64>(place)
  store<u64>(place, from - take)
  return high(a, b) + u64(take < low) + u64(from < take)
}

/** The whole product of a and b: eight limbs at `out`, which is none of the operands. */
export function multiplyWhole(out: usize, a: usize, b: usize): void {
  clear(out)
  for (let at: usize = 0; at < 32; at += 8) {
    const limb = load<u64>(b + at)
    let carry = addProduct(out + at, load<u64>(a), limb, 0)
    carry = addProduct(out + at + 8, load<u64>(a, 8), limb, carry)
    carry = addProduct(out + at + 16, load<u64>(a, 16), limb, carry)
    store<u64>(out + at, addProduct(out + at + 24, load<u64>(a, 24), limb, carry), 32)
  }
}

const BASE: usize = memory.data(32, 16)
const POWER: usize = memory.data(32, 16)

/** a to the power of e, modulo 2^256, by squaring from the highest bit down. */
export function power(out: usize, a: usize, e: usize): void {
  const bits = bitLength(e)
  if (isSmall(a) && load<u64>(a) == 2) {
    const one = POWER
    setSmall(one, 1)
    shiftLeft(out, one, isSmall(e) && load<u64>(e) < 256 ? u32(load<u64>(e)) : 256)
    return
  }
  copy(BASE, a)
  setSmall(POWER, 1)
  for (let bit = i32(bits) - 1; bit >= 0; bit--) {
    multiply(POWER, POWER, POWER)
    const limb = load<u64>(e + ((bit >> 6) << 3))
    if ((limb >> (bit & 63)) & 1) multiply(POWER, POWER, BASE)
  }
  copy(out, POWER)
}
