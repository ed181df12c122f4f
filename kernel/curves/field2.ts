/** Reckons in the extension by u² = −1: two numbers, the real one first. */

import { HALF, INVERSE_POWER, isBls, ROOT_POWER } from './constants'
import { add, copy, isEqual, isZero, negate, power, setOne, subtract } from './field'
import { multiply } from './montgomery'
import { ROOM } from './prime'

/** Room for an element. */
export const ROOM2: i32 = 2 * ROOM

const T0: usize = memory.data(ROOM, 16)
const T1: usize = memory.data(ROOM, 16)
const T2: usize = memory.data(ROOM, 16)
const T3: usize = memory.data(ROOM, 16)

export function copy2(out: usize, a: usize): void {
  memory.copy(out, a, ROOM2)
}

export function setOne2(out: usize): void {
  setOne(out)
  memory.fill(out + ROOM, 0, ROOM)
}

export function add2(out: usize, a: usize, b: usize): void {
  add(out, a, b)
  add(out + ROOM, a + ROOM, b + ROOM)
}

export function subtract2(out: usize, a: usize, b: usize): void {
  subtract(out, a, b)
  subtract(out + ROOM, a + ROOM, b + ROOM)
}

export function negate2(out: usize, a: usize): void {
  negate(out, a)
  negate(out + ROOM, a + ROOM)
}

export function conjugate2(out: usize, a: usize): void {
  copy(out, a)
  negate(out + ROOM, a + ROOM)
}

export function isZero2(a: usize): bool {
  return isZero(a) && isZero(a + ROOM)
}

/** Three products instead of four (Karatsuba). */
export function multiply2(out: usize, a: usize, b: usize): void {
  add(T0, a, a + ROOM)
  add(T1, b, b + ROOM)
  multiply(T2, a, b)
  multiply(T3, a + ROOM, b + ROOM)
  multiply(T0, T0, T1)
  subtract(out, T2, T3)
  subtract(T0, T0, T2)
  subtract(out + ROOM, T0, T3)
}

/** (a + b)(a − b) and 2ab. */
export function square2(out: usize, a: usize): void {
  add(T0, a, a + ROOM)
  subtract(T1, a, a + ROOM)
  multiply(T2, a, a + ROOM)
  multiply(out, T0, T1)
  add(out + ROOM, T2, T2)
}

/** By a number of the prime field. */
export function scale2(out: usize, a: usize, number: usize): void {
  multiply(out, a, number)
  multiply(out + ROOM, a + ROOM, number)
}

/** By ξ, whose cube root makes the next extension: 1 + u, or 9 + u on bn254. */
export function timesXi(out: usize, a: usize): void {
  if (isBls) {
    subtract(T0, a, a + ROOM)
    add(out + ROOM, a, a + ROOM)
    copy(out, T0)
    return
  }
  nineTimes(T0, a)
  nineTimes(T1, a + ROOM)
  subtract(T2, T0, a + ROOM)
  add(out + ROOM, T1, a)
  copy(out, T2)
}

function nineTimes(out: usize, a: usize): void {
  add(out, a, a)
  add(out, out, out)
  add(out, out, out)
  add(out, out, a)
}

export function invert(out: usize, a: usize): void {
  power(out, a, INVERSE_POWER, 48)
}

/** A root in the prime field, where the prime is 3 mod 4; whether there is one. Not in place. */
export function squareRoot(out: usize, a: usize): bool {
  power(out, a, ROOT_POWER, 48)
  multiply(T0, out, out)
  return isEqual(T0, a)
}

export function invert2(out: usize, a: usize): void {
  multiply(T0, a, a)
  multiply(T1, a + ROOM, a + ROOM)
  add(T0, T0, T1)
  invert(T1, T0)
  multiply(out, a, T1)
  multiply(T0, a + ROOM, T1)
  negate(out + ROOM, T0)
}

const N: usize = memory.data(ROOM, 16)
const S: usize = memory.data(ROOM, 16)
const V: usize = memory.data(ROOM2, 16)

/** A root in the extension by way of the norm's; whether there is one. Not in place. */
export function squareRoot2(out: usize, a: usize): bool {
  multiply(N, a, a)
  multiply(S, a + ROOM, a + ROOM)
  add(N, N, S)
  if (!squareRoot(S, N)) return false
  add(N, a, S)
  multiply(N, N, HALF)
  if (!squareRoot(out, N)) {
    subtract(N, a, S)
    multiply(N, N, HALF)
    if (!squareRoot(out, N)) return false
  }
  // The real part is 0 only for a negative real number: its root is imaginary.
  if (isZero(out)) {
    negate(N, a)
    if (!squareRoot(out + ROOM, N)) return false
  } else {
    invert(N, out)
    multiply(N, N, HALF)
    multiply(out + ROOM, a + ROOM, N)
  }
  square2(V, out)
  return isEqual(V, a) && isEqual(V + ROOM, a + ROOM)
}
