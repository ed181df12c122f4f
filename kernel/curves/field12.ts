/** Reckons in the extension by w² = v: two elements of the extension below, where pairings lie. */

import { FROBENIUS } from './constants'
import { isEqual, isZero, setOne } from './field'
import { add2, conjugate2, multiply2, ROOM2, square2, subtract2, timesXi } from './field2'
import {
  add6,
  invert6,
  multiply6,
  multiply6By01,
  multiply6By1,
  negate6,
  ROOM6,
  scale6,
  subtract6,
  timesV,
} from './field6'
import { ROOM } from './prime'

/** Room for an element. */
export const ROOM12: i32 = 2 * ROOM6

const A: usize = memory.data(ROOM6, 16)
const B: usize = memory.data(ROOM6, 16)
const C: usize = memory.data(ROOM6, 16)
const D: usize = memory.data(ROOM6, 16)
const S: usize = memory.data(ROOM2, 16)

export function copy12(out: usize, a: usize): void {
  memory.copy(out, a, ROOM12)
}

export function setOne12(out: usize): void {
  memory.fill(out, 0, ROOM12)
  setOne(out)
}

export function isOne12(a: usize): bool {
  setOne(S)
  if (!isEqual(a, S)) return false
  for (let at = a + ROOM; at < a + ROOM12; at += ROOM) {
    if (!isZero(at)) return false
  }
  return true
}

export function conjugate12(out: usize, a: usize): void {
  if (out != a) memory.copy(out, a, ROOM6)
  negate6(out + ROOM6, a + ROOM6)
}

export function multiply12(out: usize, a: usize, b: usize): void {
  multiply6(A, a, b)
  multiply6(B, a + ROOM6, b + ROOM6)
  add6(C, a, a + ROOM6)
  add6(D, b, b + ROOM6)
  multiply6(C, C, D)
  join(out)
}

/** From A = low product, B = high product and C = product of the sums. */
function join(out: usize): void {
  subtract6(C, C, A)
  subtract6(out + ROOM6, C, B)
  timesV(B, B)
  add6(out, A, B)
}

/** Two products instead of three (complex squaring). */
export function square12(out: usize, a: usize): void {
  add6(A, a, a + ROOM6)
  timesV(B, a + ROOM6)
  add6(B, B, a)
  multiply6(C, a, a + ROOM6)
  multiply6(A, A, B)
  subtract6(A, A, C)
  timesV(B, C)
  subtract6(out, A, B)
  add6(out + ROOM6, C, C)
}

export function invert12(out: usize, a: usize): void {
  multiply6(A, a, a)
  multiply6(B, a + ROOM6, a + ROOM6)
  timesV(B, B)
  subtract6(A, A, B)
  invert6(B, A)
  multiply6(out, a, B)
  multiply6(C, a + ROOM6, B)
  negate6(out + ROOM6, C)
}

/** By o0 + o1·v + o4·v·w. */
export function multiplyBy014(f: usize, o0: usize, o1: usize, o4: usize): void {
  multiply6By01(A, f, o0, o1)
  multiply6By1(B, f + ROOM6, o4)
  add6(C, f, f + ROOM6)
  add2(S, o1, o4)
  multiply6By01(C, C, o0, S)
  join(f)
}

/** By o0 + o3·w + o4·v·w. */
export function multiplyBy034(f: usize, o0: usize, o3: usize, o4: usize): void {
  scale6(A, f, o0)
  multiply6By01(B, f + ROOM6, o3, o4)
  add6(C, f, f + ROOM6)
  add2(S, o0, o3)
  multiply6By01(C, C, S, o4)
  join(f)
}

/** To the prime's power; not in place. Coefficients of w, v, v·w and so on have their own constants. */
export function frobenius12(out: usize, a: usize): void {
  conjugate2(out, a)
  turn(out, a, ROOM6, 0)
  turn(out, a, ROOM2, 1)
  turn(out, a, ROOM6 + ROOM2, 2)
  turn(out, a, 2 * ROOM2, 3)
  turn(out, a, ROOM6 + 2 * ROOM2, 4)
}

function turn(out: usize, a: usize, at: usize, constant: usize): void {
  conjugate2(out + at, a + at)
  multiply2(out + at, out + at, FROBENIUS + constant * ROOM2)
}

const T0: usize = memory.data(ROOM2, 16)
const T1: usize = memory.data(ROOM2, 16)
const T2: usize = memory.data(ROOM2, 16)

/** (a + b·y)² where y² = ξ, as T0 + T1·y. */
function square4(a: usize, b: usize): void {
  square2(T0, a)
  square2(T1, b)
  add2(T2, a, b)
  square2(T2, T2)
  subtract2(T2, T2, T0)
  subtract2(T2, T2, T1)
  timesXi(T1, T1)
  add2(T0, T0, T1)
  memory.copy(T1, T2, ROOM2)
}

/** out = 3t − 2a */
function threeLess(out: usize, t: usize, a: usize): void {
  subtract2(out, t, a)
  add2(out, out, out)
  add2(out, out, t)
}

/** out = 3t + 2a */
function threeMore(out: usize, t: usize, a: usize): void {
  add2(out, t, a)
  add2(out, out, out)
  add2(out, out, t)
}

/** Squares what the easy part of the last power leaves (Granger and Scott); in place. */
export function squareCyclotomic(a: usize): void {
  const b = a + ROOM6
  square4(a, b + ROOM2)
  memory.copy(A, T0, ROOM2)
  memory.copy(A + ROOM2, T1, ROOM2)
  square4(b, a + 2 * ROOM2)
  memory.copy(B, T0, ROOM2)
  memory.copy(B + ROOM2, T1, ROOM2)
  square4(a + ROOM2, b + 2 * ROOM2)
  timesXi(S, T1)
  threeLess(a, A, a)
  threeLess(a + ROOM2, B, a + ROOM2)
  threeLess(a + 2 * ROOM2, T0, a + 2 * ROOM2)
  threeMore(b, S, b)
  threeMore(b + ROOM2, A + ROOM2, b + ROOM2)
  threeMore(b + 2 * ROOM2, B + ROOM2, b + 2 * ROOM2)
}
