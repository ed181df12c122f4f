/** Adds, compares and shifts 256-bit words, which lie in memory as four little-endian limbs of 64 bits. */

// Every function reads all of its input before it writes, so that `out` may be one of the operands.

/** Copies a word, by limbs: a load of 16 bytes waits for two stores of 8 before it. */
// @ts-ignore: decorator
@inline
export function copy(out: usize, a: usize): void {
  const a0 = load<u64>(a)
  const a1 = load<u64>(a, 8)
  const a2 = load<u64>(a, 16)
  const a3 = load<u64>(a, 24)
  store<u64>(out, a0)
  store<u64>(out, a1, 8)
  store<u64>(out, a2, 16)
  store<u64>(out, a3, 24)
}

/** Lets two words change places. */
// @ts-ignore: decorator
@inline
export function swap(a: usize, b: usize): void {
  const a0 = load<u64>(a)
  const a1 = load<u64>(a, 8)
  const a2 = load<u64>(a, 16)
  const a3 = load<u64>(a, 24)
  copy(a, b)
  store<u64>(b, a0)
  store<u64>(b, a1, 8)
  store<u64>(b, a2, 16)
  store<u64>(b, a3, 24)
}

/** Writes zero. */
// @ts-ignore: decorator
@inline
export function clear(out: usize): void {
  v128.store(out, i64x2.splat(0))
  v128.store(out, i64x2.splat(0), 16)
}

/** Writes a number below 2^64. */
// @ts-ignore: decorator
@inline
export function setSmall(out: usize, value: u64): void {
  store<u64>(out, value)
  store<u64>(out, 0, 8)
  v128.store(out, i64x2.splat(0), 16)
}

// @ts-ignore: decorator
@inline
export function isZero(a: usize): bool {
  return (load<u64>(a) | load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24)) == 0
}

/** Whether the word is below 2^64. */
// @ts-ignore: decorator
@inline
export function isSmall(a: usize): bool {
  return (load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24)) == 0
}

// @ts-ignore: decorator
@inline
export function equal(a: usize, b: usize): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) |
      (load<u64>(a, 8) ^ load<u64>(b, 8)) |
      (load<u64>(a, 16) ^ load<u64>(b, 16)) |
      (load<u64>(a, 24) ^ load<u64>(b, 24))) ==
    0
  )
}

/** a + b, modulo 2^256. */
// @ts-ignore: decorator
@inline
export function add(out: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a)
  const a1 = load<u64>(a, 8)
  const a2 = load<u64>(a, 16)
  const s0 = a0 + load<u64>(b)
  let carry = u64(s0 < a0)
  const p1 = a1 + load<u64>(b, 8)
  const s1 = p1 + carry
  carry = u64(p1 < a1) | u64(s1 < p1)
  const p2 = a2 + load<u64>(b, 16)
  const s2 = p2 + carry
  carry = u64(p2 < a2) | u64(s2 < p2)
  const s3 = load<u64>(a, 24) + load<u64>(b, 24) + carry
  store<u64>(out, s0)
  store<u64>(out, s1, 8)
  store<u64>(out, s2, 16)
  store<u64>(out, s3, 24)
}

/** Adds a number to a word in its place. */
// @ts-ignore: decorator
@inline
export function addSmall(a: usize, b: u64): void {
  const sum = load<u64>(a) + b
  store<u64>(a, sum)
  if (sum < b) carryInto(a)
}

function carryInto(a: usize): void {
  for (let at = a + 8; at < a + 32; at += 8) {
    const limb = load<u64>(at) + 1
    store<u64>(at, limb)
    if (limb) return
  }
}

/** Takes a number from a word in its place. */
// @ts-ignore: decorator
@inline
export function subtractSmall(a: usize, b: u64): void {
  const limb = load<u64>(a)
  store<u64>(a, limb - b)
  if (limb < b) borrowFrom(a)
}

function borrowFrom(a: usize): void {
  for (let at = a + 8; at < a + 32; at += 8) {
    const limb = load<u64>(at)
    store<u64>(at, limb - 1)
    if (limb) return
  }
}

/** a - b, modulo 2^256. */
// @ts-ignore: decorator
@inline
export function subtract(out: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a)
  const a1 = load<u64>(a, 8)
  const a2 = load<u64>(a, 16)
  const b0 = load<u64>(b)
  const b1 = load<u64>(b, 8)
  const b2 = load<u64>(b, 16)
  const s0 = a0 - b0
  let borrow = u64(a0 < b0)
  const p1 = a1 - b1
  const s1 = p1 - borrow
  borrow = u64(a1 < b1) | u64(p1 < borrow)
  const p2 = a2 - b2
  const s2 = p2 - borrow
  borrow = u64(a2 < b2) | u64(p2 < borrow)
  const s3 = load<u64>(a, 24) - load<u64>(b, 24) - borrow
  store<u64>(out, s0)
  store<u64>(out, s1, 8)
  store<u64>(out, s2, 16)
  store<u64>(out, s3, 24)
}

/** a < b, without sign. */
// @ts-ignore: decorator
@inline
export function less(a: usize, b: usize): bool {
  const a3 = load<u64>(a, 24)
  const b3 = load<u64>(b, 24)
  if (a3 != b3) return a3 < b3
  const a2 = load<u64>(a, 16)
  const b2 = load<u64>(b, 16)
  if (a2 != b2) return a2 < b2
  const a1 = load<u64>(a, 8)
  const b1 = load<u64>(b, 8)
  if (a1 != b1) return a1 < b1
  return load<u64>(a) < load<u64>(b)
}

/** a < b in two's complement. */
// @ts-ignore: decorator
@inline
export function lessSigned(a: usize, b: usize): bool {
  const a3 = load<i64>(a, 24)
  const b3 = load<i64>(b, 24)
  return a3 == b3 ? less(a, b) : a3 < b3
}

/** Whether the word is negative in two's complement. */
// @ts-ignore: decorator
@inline
export function isNegative(a: usize): bool {
  return load<i64>(a, 24) < 0
}

/** -a, modulo 2^256. */
export function negate(out: usize, a: usize): void {
  const a0 = load<u64>(a)
  const a1 = load<u64>(a, 8)
  const a2 = load<u64>(a, 16)
  const a3 = load<u64>(a, 24)
  store<u64>(out, 0 - a0)
  let borrow = u64(a0 != 0)
  store<u64>(out, 0 - a1 - borrow, 8)
  borrow |= u64(a1 != 0)
  store<u64>(out, 0 - a2 - borrow, 16)
  borrow |= u64(a2 != 0)
  store<u64>(out, 0 - a3 - borrow, 24)
}

/** a · 2^bits modulo 2^256; 0 from 256 bits on. */
export function shiftLeft(out: usize, a: usize, bits: u32): void {
  let l0 = load<u64>(a)
  let l1 = load<u64>(a, 8)
  let l2 = load<u64>(a, 16)
  let l3 = load<u64>(a, 24)
  if (bits >= 256) {
    clear(out)
    return
  }
  if (bits & 128) {
    l3 = l1
    l2 = l0
    l1 = 0
    l0 = 0
  }
  if (bits & 64) {
    l3 = l2
    l2 = l1
    l1 = l0
    l0 = 0
  }
  const by = u64(bits & 63)
  if (by) {
    const rest = 64 - by
    l3 = (l3 << by) | (l2 >> rest)
    l2 = (l2 << by) | (l1 >> rest)
    l1 = (l1 << by) | (l0 >> rest)
    l0 = l0 << by
  }
  store<u64>(out, l0)
  store<u64>(out, l1, 8)
  store<u64>(out, l2, 16)
  store<u64>(out, l3, 24)
}

/** a / 2^bits rounded down; what comes in from above is `fill`: 0, or all ones for a negative word. */
// @ts-ignore: decorator
@inline
function shiftDown(out: usize, a: usize, bits: u32, fill: u64): void {
  let l0 = load<u64>(a)
  let l1 = load<u64>(a, 8)
  let l2 = load<u64>(a, 16)
  let l3 = load<u64>(a, 24)
  if (bits >= 256) {
    l0 = l1 = l2 = l3 = fill
    bits = 0
  }
  if (bits & 128) {
    l0 = l2
    l1 = l3
    l2 = l3 = fill
  }
  if (bits & 64) {
    l0 = l1
    l1 = l2
    l2 = l3
    l3 = fill
  }
  const by = u64(bits & 63)
  if (by) {
    const rest = 64 - by
    l0 = (l0 >> by) | (l1 << rest)
    l1 = (l1 >> by) | (l2 << rest)
    l2 = (l2 >> by) | (l3 << rest)
    l3 = (l3 >> by) | (fill << rest)
  }
  store<u64>(out, l0)
  store<u64>(out, l1, 8)
  store<u64>(out, l2, 16)
  store<u64>(out, l3, 24)
}

/** a / 2^bits without sign. */
export function shiftRight(out: usize, a: usize, bits: u32): void {
  shiftDown(out, a, bits, 0)
}

/** a / 2^bits in two's complement, rounded to minus infinity. */
export function shiftRightSigned(out: usize, a: usize, bits: u32): void {
  shiftDown(out, a, bits, u64(load<i64>(a, 24) >> 63))
}

/** Bits up to the highest that is set; 0 for zero. */
export function bitLength(a: usize): u32 {
  for (let at: i32 = 24; at >= 0; at -= 8) {
    const limb = load<u64>(a + at)
    if (limb) return u32(at * 8 + 64 - clz<u64>(limb))
  }
  return 0
}

/** Reads 32 bytes, highest first, as a word. */
// @ts-ignore: decorator
@inline
export function fromBytes(out: usize, bytes: usize): void {
  const high = v128.load(bytes)
  const low = v128.load(bytes, 16)
  v128.store(out, v128.shuffle<u8>(low, low, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0))
  v128.store(
    out,
    v128.shuffle<u8>(high, high, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
    16,
  )
}

/** Writes a word as 32 bytes, highest first; limbs are put together in registers, since stores of 8 stall loads of 16. */
// @ts-ignore: decorator
@inline
export function toBytes(bytes: usize, a: usize): void {
  const low = i64x2.replace_lane(i64x2.splat(load<u64>(a)), 1, load<u64>(a, 8))
  const high = i64x2.replace_lane(i64x2.splat(load<u64>(a, 16)), 1, load<u64>(a, 24))
  v128.store(
    bytes,
    v128.shuffle<u8>(high, high, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
  )
  v128.store(
    bytes,
    v128.shuffle<u8>(low, low, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
    16,
  )
}
