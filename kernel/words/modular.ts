/** Adds and multiplies modulo a word; a modulus that comes again has its reciprocal kept (Barrett, CRYPTO '86). */

import { divideLong, modulo, moduloLong } from './divide'
import { high, multiplyWhole } from './multiply'
import { clear, copy, equal, isZero, less, subtract } from './u256'

const SUM: usize = memory.data(40, 16)
const PRODUCT: usize = memory.data(64, 16)
/** The modulus seen last, and the one whose reciprocal stands in MU: floor(2^512 / m), five limbs. */
const SEEN: usize = memory.data(32, 16)
const KNOWN: usize = memory.data(32, 16)
const MU: usize = memory.data(72, 16)
const TWO_512: usize = memory.data(72, 16)
const ESTIMATE: usize = memory.data(40, 16)
const REST: usize = memory.data(40, 16)

/** (a + b) mod m without the sum being cut; 0 when m is 0. */
export function addModulo(out: usize, a: usize, b: usize, m: usize): void {
  if (isZero(m)) {
    clear(out)
    return
  }
  let carry: u64 = 0
  for (let at: usize = 0; at < 32; at += 8) {
    const x = load<u64>(a + at)
    const partial = x + load<u64>(b + at)
    const sum = partial + carry
    carry = u64(partial < x) | u64(sum < partial)
    store<u64>(SUM + at, sum)
  }
  if (carry == 0) {
    modulo(out, SUM, m)
    return
  }
  store<u64>(SUM, carry, 32)
  // With both below m one subtraction is enough; it may wrap, and then the carry pays for it.
  if (less(a, m) && less(b, m)) subtract(out, SUM, m)
  else moduloLong(out, SUM, 5, m)
}

/** (a · b) mod m without the product being cut; 0 when m is 0. */
export function multiplyModulo(out: usize, a: usize, b: usize, m: usize): void {
  if (isZero(m)) {
    clear(out)
    return
  }
  multiplyWhole(PRODUCT, a, b)
  const top = load<u64>(PRODUCT, 32) | load<u64>(PRODUCT, 40) | load<u64>(PRODUCT, 48)
  if ((top | load<u64>(PRODUCT, 56)) == 0) {
    modulo(out, PRODUCT, m)
    return
  }
  // Below 2^193 the reciprocal may need a sixth limb.
  if (load<u64>(m, 24) < 2) {
    moduloLong(out, PRODUCT, 8, m)
    return
  }
  if (!equal(m, KNOWN)) {
    if (!equal(m, SEEN)) {
      copy(SEEN, m)
      moduloLong(out, PRODUCT, 8, m)
      return
    }
    copy(KNOWN, m)
    memory.fill(TWO_512, 0, 64)
    store<u64>(TWO_512, 1, 64)
    divideLong(MU, TWO_512, 9, m)
  }
  reduce(out, m)
}

/** PRODUCT mod m by the reciprocal: the estimate of the quotient is at most a few too small. */
function reduce(out: usize, m: usize): void {
  estimate()
  // REST = PRODUCT - ESTIMATE · m, modulo 2^320.
  for (let at: usize = 0; at < 40; at += 8) store<u64>(REST + at, load<u64>(PRODUCT + at))
  for (let i: usize = 0; i < 40; i += 8) {
    const q = load<u64>(ESTIMATE + i)
    let borrow: u64 = 0
    for (let j: usize = 0; j < 32 && i + j < 40; j += 8) {
      const x = load<u64>(m + j)
      const low = x * q
      const take = low + borrow
      borrow = high(x, q) + u64(take < low)
      const place = REST + i + j
      const from = load<u64>(place)
      store<u64>(place, from - take)
      borrow += u64(from < take)
    }
    if (i + 32 < 40) store<u64>(REST + i + 32, load<u64>(REST + i + 32) - borrow)
  }
  let rounds = 0
  while (load<u64>(REST, 32) != 0 || !less(REST, m)) {
    if (++rounds > 8) unreachable()
    const borrow = u64(less(REST, m))
    subtract(REST, REST, m)
    store<u64>(REST, load<u64>(REST, 32) - borrow, 32)
  }
  copy(out, REST)
}

/** ESTIMATE = limbs 5 to 9 of PRODUCT[3..7] · MU, column by column; columns below 4 are left out. */
function estimate(): void {
  let c0: u64 = 0
  let c1: u64 = 0
  let c2: u64 = 0
  for (let column: i32 = 4; column <= 9; column++) {
    const first = column < 5 ? 0 : column - 4
    const last = column < 5 ? column : 4
    for (let i = first; i <= last; i++) {
      const x = load<u64>(PRODUCT + 24 + (i << 3))
      const y = load<u64>(MU + ((column - i) << 3))
      const low = x * y
      const up = high(x, y)
      c0 += low
      const carry = u64(c0 < low)
      const sum = c1 + up
      c2 += u64(sum < up)
      c1 = sum + carry
      c2 += u64(c1 < carry)
    }
    if (column >= 5) store<u64>(ESTIMATE + ((column - 5) << 3), c0)
    c0 = c1
    c1 = c2
    c2 = 0
  }
}
