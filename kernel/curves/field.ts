/** Reckons modulo the prime: numbers are in Montgomery's form, below twice the prime. */

import { multiply } from './montgomery'
import { LIMB_BITS, MASK, PRIME, ROOM, SQUARE, span, TWICE } from './prime'

const ZERO: usize = memory.data(ROOM, 16)
/** 1, not in Montgomery's form. */
const UNIT: usize = memory.data<u64>([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16)
const T: usize = memory.data(ROOM, 16)
const POWERS: usize = memory.data(16 * ROOM, 16)

export function copy(out: usize, a: usize): void {
  memory.copy(out, a, ROOM)
}

export function add(out: usize, a: usize, b: usize): void {
  let carry: i64 = 0
  for (let at: usize = 0; at < span; at += 8) {
    carry += load<i64>(a + at) + load<i64>(b + at) - load<i64>(TWICE + at)
    store<i64>(out + at, carry & MASK)
    carry >>= LIMB_BITS
  }
  if (carry < 0) addTwice(out)
}

export function subtract(out: usize, a: usize, b: usize): void {
  let carry: i64 = 0
  for (let at: usize = 0; at < span; at += 8) {
    carry += load<i64>(a + at) - load<i64>(b + at)
    store<i64>(out + at, carry & MASK)
    carry >>= LIMB_BITS
  }
  if (carry < 0) addTwice(out)
}

function addTwice(out: usize): void {
  let carry: i64 = 0
  for (let at: usize = 0; at < span; at += 8) {
    carry += load<i64>(out + at) + load<i64>(TWICE + at)
    store<i64>(out + at, carry & MASK)
    carry >>= LIMB_BITS
  }
}

export function negate(out: usize, a: usize): void {
  subtract(out, ZERO, a)
}

/** Whether it is 0, which may be written as the prime. */
export function isZero(a: usize): bool {
  return same(a, ZERO) || same(a, PRIME)
}

export function isEqual(a: usize, b: usize): bool {
  subtract(T, a, b)
  return isZero(T)
}

function same(a: usize, b: usize): bool {
  for (let at: usize = 0; at < span; at += 8) {
    if (load<u64>(a + at) != load<u64>(b + at)) return false
  }
  return true
}

/** out = a − prime if that is not negative; whether it was. */
function reduce(out: usize, a: usize): bool {
  let carry: i64 = 0
  for (let at: usize = 0; at < span; at += 8) {
    carry = (carry >> LIMB_BITS) + load<i64>(a + at) - load<i64>(PRIME + at)
  }
  if (carry < 0) return true
  carry = 0
  for (let at: usize = 0; at < span; at += 8) {
    carry += load<i64>(a + at) - load<i64>(PRIME + at)
    store<i64>(out + at, carry & MASK)
    carry >>= LIMB_BITS
  }
  return false
}

/** Whether the number itself, between 0 and the prime, is odd. */
export function isOdd(a: usize): bool {
  multiply(T, a, UNIT)
  reduce(T, T)
  return (load<u64>(T) & 1) == 1
}

/** Sets it to 1. */
export function setOne(out: usize): void {
  multiply(out, UNIT, SQUARE)
}

/** Reads a number, big-endian; whether it is below the prime. */
export function read(out: usize, from: usize, length: usize): bool {
  memory.fill(out, 0, ROOM)
  let bits: u64 = 0
  let count: u64 = 0
  let to = out
  for (let at = from + length; at > from; ) {
    at -= 1
    bits |= <u64>load<u8>(at) << count
    count += 8
    if (count < LIMB_BITS) continue
    store<u64>(to, bits & MASK)
    to += 8
    bits >>= LIMB_BITS
    count -= LIMB_BITS
  }
  if (count > 0) store<u64>(to, bits)
  const isBelow = reduce(T, out)
  multiply(out, out, SQUARE)
  return isBelow
}

/** Writes a number, big-endian. */
export function write(to: usize, length: usize, a: usize): void {
  multiply(T, a, UNIT)
  reduce(T, T)
  let bits: u64 = 0
  let count: u64 = 0
  let from = T
  for (let at = to + length; at > to; ) {
    at -= 1
    if (count < 8 && from < T + span) {
      bits |= load<u64>(from) << count
      count += LIMB_BITS
      from += 8
    }
    store<u8>(at, <u8>bits)
    bits >>= 8
    count = count > 8 ? count - 8 : 0
  }
}

/** out = a to a power, whose bytes lie big-endian. */
export function power(out: usize, a: usize, bytes: usize, length: usize): void {
  while (length > 0 && load<u8>(bytes) == 0) {
    bytes += 1
    length -= 1
  }
  setOne(POWERS)
  for (let at = POWERS; at < POWERS + 15 * ROOM; at += ROOM) multiply(at + ROOM, at, a)
  copy(out, POWERS)
  for (let at = bytes; at < bytes + length; at += 1) {
    const byte = <usize>load<u8>(at)
    raise(out, byte >> 4)
    raise(out, byte & 15)
  }
}

function raise(out: usize, digit: usize): void {
  for (let bit = 0; bit < 4; bit += 1) multiply(out, out, out)
  if (digit > 0) multiply(out, out, POWERS + digit * ROOM)
}
