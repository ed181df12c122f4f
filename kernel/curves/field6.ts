/** Reckons in the extension by v³ = ξ: three elements of the extension below. */

import { add2, copy2, invert2, multiply2, negate2, ROOM2, square2, subtract2, timesXi } from './field2'

/** Room for an element. */
export const ROOM6: i32 = 3 * ROOM2

const A: usize = memory.data(ROOM2, 16)
const B: usize = memory.data(ROOM2, 16)
const C: usize = memory.data(ROOM2, 16)
const D: usize = memory.data(ROOM2, 16)
const E: usize = memory.data(ROOM2, 16)
const F: usize = memory.data(ROOM2, 16)

const SECOND: usize = ROOM2
const THIRD: usize = 2 * ROOM2

export function add6(out: usize, a: usize, b: usize): void {
  add2(out, a, b)
  add2(out + SECOND, a + SECOND, b + SECOND)
  add2(out + THIRD, a + THIRD, b + THIRD)
}

export function subtract6(out: usize, a: usize, b: usize): void {
  subtract2(out, a, b)
  subtract2(out + SECOND, a + SECOND, b + SECOND)
  subtract2(out + THIRD, a + THIRD, b + THIRD)
}

export function negate6(out: usize, a: usize): void {
  negate2(out, a)
  negate2(out + SECOND, a + SECOND)
  negate2(out + THIRD, a + THIRD)
}

/** D = (x + y)(z + w) − m − n */
function cross(x: usize, y: usize, z: usize, w: usize): void {
  add2(E, x, y)
  add2(F, z, w)
  multiply2(D, E, F)
}

/** Six products instead of nine (Karatsuba). */
export function multiply6(out: usize, a: usize, b: usize): void {
  multiply2(A, a, b)
  multiply2(B, a + SECOND, b + SECOND)
  multiply2(C, a + THIRD, b + THIRD)
  cross(a + SECOND, a + THIRD, b + SECOND, b + THIRD)
  subtract2(D, D, B)
  subtract2(D, D, C)
  timesXi(D, D)
  add2(FIRST, D, A)
  cross(a, a + SECOND, b, b + SECOND)
  subtract2(D, D, A)
  subtract2(D, D, B)
  timesXi(E, C)
  add2(MIDDLE, D, E)
  cross(a, a + THIRD, b, b + THIRD)
  subtract2(D, D, A)
  subtract2(D, D, C)
  add2(out + THIRD, D, B)
  copy2(out, FIRST)
  copy2(out + SECOND, MIDDLE)
}

const FIRST: usize = memory.data(ROOM2, 16)
const MIDDLE: usize = memory.data(ROOM2, 16)

/** By b0 + b1·v. */
export function multiply6By01(out: usize, a: usize, b0: usize, b1: usize): void {
  multiply2(A, a, b0)
  multiply2(B, a + SECOND, b1)
  cross(a, a + SECOND, b0, b1)
  subtract2(D, D, A)
  subtract2(MIDDLE, D, B)
  multiply2(C, a + THIRD, b1)
  timesXi(C, C)
  multiply2(D, a + THIRD, b0)
  add2(out + THIRD, D, B)
  add2(out, C, A)
  copy2(out + SECOND, MIDDLE)
}

/** By b1·v; not in place. */
export function multiply6By1(out: usize, a: usize, b1: usize): void {
  multiply2(out, a + THIRD, b1)
  timesXi(out, out)
  multiply2(out + SECOND, a, b1)
  multiply2(out + THIRD, a + SECOND, b1)
}

/** By an element of the extension below. */
export function scale6(out: usize, a: usize, b: usize): void {
  multiply2(out, a, b)
  multiply2(out + SECOND, a + SECOND, b)
  multiply2(out + THIRD, a + THIRD, b)
}

/** By v. */
export function timesV(out: usize, a: usize): void {
  timesXi(A, a + THIRD)
  copy2(out + THIRD, a + SECOND)
  copy2(out + SECOND, a)
  copy2(out, A)
}

/** By the adjugate over the norm. */
export function invert6(out: usize, a: usize): void {
  square2(A, a)
  multiply2(D, a + SECOND, a + THIRD)
  timesXi(D, D)
  subtract2(A, A, D)
  square2(B, a + THIRD)
  timesXi(B, B)
  multiply2(D, a, a + SECOND)
  subtract2(B, B, D)
  square2(C, a + SECOND)
  multiply2(D, a, a + THIRD)
  subtract2(C, C, D)
  multiply2(D, a + THIRD, B)
  multiply2(E, a + SECOND, C)
  add2(D, D, E)
  timesXi(D, D)
  multiply2(E, a, A)
  add2(D, D, E)
  invert2(D, D)
  multiply2(out, A, D)
  multiply2(out + SECOND, B, D)
  multiply2(out + THIRD, C, D)
}
