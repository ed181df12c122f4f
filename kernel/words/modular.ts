/** Adds and multiplies modulo a word; a modulus that comes again has its reciprocal kept (Barrett, CRYPTO '86). */

import { divideLong, modulo, moduloLong } from './divide'
import { addProduct, multiplyWhole, subtractProduct } from './multiply'
import { clear, copy, equal, isZero, less, subtract } from './u256'

const SUM: usize = memory.data(40, 16)
const PRODUCT: usize = memory.data(64, 16)
/** The modulus seen last, and the one whose reciprocal stands in MU: floor(2^512 / m), five limbs. */
const SEEN: usize = memory.data(32, 16)
const KNOWN: usize = memory.data(32, 16)
const MU: usize = memory.data(72, 16)
const TWO_512: usize = memory.data(72, 16)
const ESTIMATE: usize = memory.data(48, 16)

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
  const below = carry == 0 && less(SUM, m)
  if (below) copy(out, SUM)
  // With both below m one subtraction is enough; it may wrap, and then the carry pays for it.
  else if (less(a, m) && less(b, m)) subtract(out, SUM, m)
  else {
    store<u64>(SUM, carry, 32)
    moduloLong(out, SUM, 5, m)
  }
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
  subtractMultiple(load<u64>(m), load<u64>(m, 8), load<u64>(m, 16), load<u64>(m, 24))
  let rounds = 0
  while (load<u64>(PRODUCT, 32) != 0 || !less(PRODUCT, m)) {
    if (++rounds > 8) unreachable()
    const borrow = u64(less(PRODUCT, m))
    subtract(PRODUCT, PRODUCT, m)
    store<u64>(PRODUCT, load<u64>(PRODUCT, 32) - borrow, 32)
  }
  copy(out, PRODUCT)
}

/** ESTIMATE = the columns from 4 on of PRODUCT[3..7] · MU; the quotient begins at column 5. */
function estimate(): void {
  clear(ESTIMATE)
  store<u64>(ESTIMATE, 0, 32)
  const m0 = load<u64>(MU)
  const m1 = load<u64>(MU, 8)
  const m2 = load<u64>(MU, 16)
  const m3 = load<u64>(MU, 24)
  const m4 = load<u64>(MU, 32)
  let x = load<u64>(PRODUCT, 24)
  store<u64>(ESTIMATE, addProduct(ESTIMATE, x, m4, 0), 8)
  x = load<u64>(PRODUCT, 32)
  let carry = addProduct(ESTIMATE, x, m3, 0)
  store<u64>(ESTIMATE, addProduct(ESTIMATE + 8, x, m4, carry), 16)
  x = load<u64>(PRODUCT, 40)
  carry = addProduct(ESTIMATE, x, m2, 0)
  carry = addProduct(ESTIMATE + 8, x, m3, carry)
  store<u64>(ESTIMATE, addProduct(ESTIMATE + 16, x, m4, carry), 24)
  x = load<u64>(PRODUCT, 48)
  carry = addProduct(ESTIMATE, x, m1, 0)
  carry = addProduct(ESTIMATE + 8, x, m2, carry)
  carry = addProduct(ESTIMATE + 16, x, m3, carry)
  store<u64>(ESTIMATE, addProduct(ESTIMATE + 24, x, m4, carry), 32)
  x = load<u64>(PRODUCT, 56)
  carry = addProduct(ESTIMATE, x, m0, 0)
  carry = addProduct(ESTIMATE + 8, x, m1, carry)
  carry = addProduct(ESTIMATE + 16, x, m2, carry)
  carry = addProduct(ESTIMATE + 24, x, m3, carry)
  store<u64>(ESTIMATE, addProduct(ESTIMATE + 32, x, m4, carry), 40)
}

/** PRODUCT = PRODUCT - ESTIMATE[1..5] · m, modulo 2^320. */
function subtractMultiple(m0: u64, m1: u64, m2: u64, m3: u64): void {
  let q = load<u64>(ESTIMATE, 8)
  let borrow = subtractProduct(PRODUCT, m0, q, 0)
  borrow = subtractProduct(PRODUCT + 8, m1, q, borrow)
  borrow = subtractProduct(PRODUCT + 16, m2, q, borrow)
  borrow = subtractProduct(PRODUCT + 24, m3, q, borrow)
  store<u64>(PRODUCT, load<u64>(PRODUCT, 32) - borrow, 32)
  q = load<u64>(ESTIMATE, 16)
  borrow = subtractProduct(PRODUCT + 8, m0, q, 0)
  borrow = subtractProduct(PRODUCT + 16, m1, q, borrow)
  borrow = subtractProduct(PRODUCT + 24, m2, q, borrow)
  subtractProduct(PRODUCT + 32, m3, q, borrow)
  q = load<u64>(ESTIMATE, 24)
  borrow = subtractProduct(PRODUCT + 16, m0, q, 0)
  borrow = subtractProduct(PRODUCT + 24, m1, q, borrow)
  subtractProduct(PRODUCT + 32, m2, q, borrow)
  q = load<u64>(ESTIMATE, 32)
  borrow = subtractProduct(PRODUCT + 24, m0, q, 0)
  subtractProduct(PRODUCT + 32, m1, q, borrow)
  subtractProduct(PRODUCT + 32, m0, load<u64>(ESTIMATE, 40), 0)
}
