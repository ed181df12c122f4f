/** Inverts modulo the prime by division steps, thirty at a time (Bernstein and Yang, 2019/266). */

import { inverse, LIMB_BITS, MASK, PRIME, ROOM, SQUARE, span } from './prime'
import { copy, reduce } from './field'
import { multiply } from './montgomery'

/** f and g, whose greatest common divisor is looked for, and d and e, for which f = d·a and g = e·a. */
const F: usize = memory.data(ROOM, 16)
const G: usize = memory.data(ROOM, 16)
const D: usize = memory.data(ROOM, 16)
const E: usize = memory.data(ROOM, 16)

/** What thirty steps make of f and g: (u·f + v·g, q·f + r·g) / 2^30. */
let u: i64 = 1
let v: i64 = 0
let q: i64 = 0
let r: i64 = 1
let eta: i32 = -1

/** out = 1 / a in Montgomery's form; 0 for 0. */
export function invert(out: usize, a: usize): void {
  if (reduce(G, a)) copy(G, a)
  copy(F, PRIME)
  memory.fill(D, 0, ROOM)
  memory.fill(E, 0, ROOM)
  store<u64>(E, 1)
  eta = -1
  while (!isNothing(G)) {
    steps(<i32>load<u64>(F), <i32>load<u64>(G))
    turn(D, E, true)
    turn(F, G, false)
  }
  const top = span - 8
  // f is 1 or −1, and d lies between −2 primes and one.
  if (load<i64>(D + top) < 0) addPrime()
  if (load<i64>(F + top) < 0) {
    negate()
    if (load<i64>(D + top) < 0) addPrime()
  }
  multiply(out, D, SQUARE)
  multiply(out, out, SQUARE)
}

function isNothing(a: usize): bool {
  for (let at: usize = 0; at < span; at += 8) {
    if (load<u64>(a + at) != 0) return false
  }
  return true
}

/** Thirty division steps on the lowest bits. */
function steps(f: i32, g: i32): void {
  u = 1
  v = 0
  q = 0
  r = 1
  for (let left = 30; left > 0; left -= 1) {
    if (g & 1) {
      if (eta < 0) {
        eta = -eta
        const oldF = f
        const oldU = u
        const oldV = v
        f = g
        u = q
        v = r
        g = -oldF
        q = -oldU
        r = -oldV
      }
      g += f
      q += u
      r += v
    }
    eta -= 1
    g >>= 1
    u <<= 1
    v <<= 1
  }
}

/** (a, b) = (u·a + v·b, q·a + r·b) / 2^30; with multiples of the prime that make the division come out even, if asked. */
function turn(a: usize, b: usize, modulo: bool): void {
  const top = span - 8
  let first: i64 = 0
  let second: i64 = 0
  let ofFirst: i64 = 0
  let ofSecond: i64 = 0
  if (modulo) {
    const isNegativeA = load<i64>(a + top) >> 63
    const isNegativeB = load<i64>(b + top) >> 63
    ofFirst = (u & isNegativeA) + (v & isNegativeB)
    ofSecond = (q & isNegativeA) + (r & isNegativeB)
    const low = load<i64>(PRIME)
    first = u * load<i64>(a) + v * load<i64>(b)
    second = q * load<i64>(a) + r * load<i64>(b)
    // `inverse` is −1 / prime: what has to be added for the lowest limb to vanish.
    ofFirst += ((first + low * ofFirst) * <i64>inverse) & MASK
    ofSecond += ((second + low * ofSecond) * <i64>inverse) & MASK
  }
  first = 0
  second = 0
  for (let at: usize = 0; at <= top; at += 8) {
    const fromA = load<i64>(a + at)
    const fromB = load<i64>(b + at)
    const prime = load<i64>(PRIME + at)
    first += u * fromA + v * fromB + prime * ofFirst
    second += q * fromA + r * fromB + prime * ofSecond
    if (at > 0) {
      store<i64>(a + at - 8, first & MASK)
      store<i64>(b + at - 8, second & MASK)
    }
    first >>= LIMB_BITS
    second >>= LIMB_BITS
  }
  store<i64>(a + top, first)
  store<i64>(b + top, second)
}

function addPrime(): void {
  let carry: i64 = 0
  for (let at: usize = 0; at < span; at += 8) {
    carry += load<i64>(D + at) + load<i64>(PRIME + at)
    keep(at, carry)
    carry >>= LIMB_BITS
  }
}

function negate(): void {
  let carry: i64 = 0
  for (let at: usize = 0; at < span; at += 8) {
    carry -= load<i64>(D + at)
    keep(at, carry)
    carry >>= LIMB_BITS
  }
}

/** The top limb keeps the sign. */
function keep(at: usize, value: i64): void {
  store<i64>(D + at, at == span - 8 ? value : value & MASK)
}
