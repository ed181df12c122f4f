/** Runs the Miller loop of many pairs at once: lines through multiples of the second points, at the first ones. */

import { B2, DIGITS, digits, HALF, isBls, PSI } from './constants'
import {
  add2,
  conjugate2,
  copy2,
  multiply2,
  negate2,
  ROOM2,
  scale2,
  setOne2,
  square2,
  subtract2,
} from './field2'
import { conjugate12, multiplyBy014, multiplyBy034, setOne12, square12 } from './field12'
import { ROOM } from './prime'

/** A pair: P (two numbers), Q and the running point R (homogeneous, three coordinates). */
export const PAIR: i32 = 2 * ROOM + 5 * ROOM2
/** Where parts of a pair lie. */
export const Q: usize = 2 * ROOM
const R: usize = 2 * ROOM + 2 * ROOM2

const T0: usize = memory.data(ROOM2, 16)
const T1: usize = memory.data(ROOM2, 16)
const T2: usize = memory.data(ROOM2, 16)
const T3: usize = memory.data(ROOM2, 16)
const T4: usize = memory.data(ROOM2, 16)
const LINE: usize = memory.data(3 * ROOM2, 16)
const NEGATED: usize = memory.data(ROOM2, 16)
const TURNED: usize = memory.data(4 * ROOM2, 16)

/** f = the product of all loops, before the last power; P and Q have been written. */
export function millerLoop(f: usize, pairs: usize, count: usize): void {
  const end = pairs + count * PAIR
  for (let pair = pairs; pair < end; pair += PAIR) {
    memory.copy(pair + R, pair + Q, 2 * ROOM2)
    setOne2(pair + R + 2 * ROOM2)
  }
  setOne12(f)
  for (let at: usize = 0; at < digits; at += 1) {
    if (at > 0) square12(f, f)
    const digit = load<i8>(DIGITS + at)
    for (let pair = pairs; pair < end; pair += PAIR) {
      doubleLine(pair + R)
      multiplyByLine(f, pair)
      if (digit == 0) continue
      if (digit > 0) addLine(pair + R, pair + Q, pair + Q + ROOM2)
      else {
        negate2(NEGATED, pair + Q + ROOM2)
        addLine(pair + R, pair + Q, NEGATED)
      }
      multiplyByLine(f, pair)
    }
  }
  if (isBls) return conjugate12(f, f)
  for (let pair = pairs; pair < end; pair += PAIR) finishBn(f, pair)
}

/** Two more lines on bn254, through ψ(Q) and −ψ²(Q). */
function finishBn(f: usize, pair: usize): void {
  psi(TURNED, pair + Q)
  addLine(pair + R, TURNED, TURNED + ROOM2)
  multiplyByLine(f, pair)
  psi(TURNED + 2 * ROOM2, TURNED)
  negate2(NEGATED, TURNED + 3 * ROOM2)
  addLine(pair + R, TURNED + 2 * ROOM2, NEGATED)
  multiplyByLine(f, pair)
}

/** The Frobenius map, brought to the twist: of a point's two coordinates. */
export function psi(out: usize, point: usize): void {
  conjugate2(out, point)
  multiply2(out, out, PSI)
  conjugate2(out + ROOM2, point + ROOM2)
  multiply2(out + ROOM2, out + ROOM2, PSI + ROOM2)
}

/** R = 2R and the tangent (Aranha and others, 2010/526, for homogeneous coordinates). */
function doubleLine(r: usize): void {
  const y = r + ROOM2
  const z = r + 2 * ROOM2
  square2(T0, y)
  square2(T1, z)
  add2(T2, T1, T1)
  add2(T2, T2, T1)
  multiply2(T2, T2, B2)
  add2(T3, T2, T2)
  add2(T3, T3, T2)
  add2(T4, y, z)
  square2(T4, T4)
  subtract2(T4, T4, T1)
  subtract2(T4, T4, T0)
  subtract2(LINE, T2, T0)
  square2(T1, r)
  add2(LINE + ROOM2, T1, T1)
  add2(LINE + ROOM2, LINE + ROOM2, T1)
  negate2(LINE + 2 * ROOM2, T4)
  subtract2(T1, T0, T3)
  multiply2(r, r, y)
  multiply2(r, r, T1)
  scale2(r, r, HALF)
  add2(T1, T0, T3)
  scale2(T1, T1, HALF)
  square2(T1, T1)
  square2(T2, T2)
  subtract2(T1, T1, T2)
  subtract2(T1, T1, T2)
  subtract2(y, T1, T2)
  multiply2(z, T0, T4)
}

/** R = R + (x, y) and the line through both. */
function addLine(r: usize, x: usize, y: usize): void {
  const ry = r + ROOM2
  const rz = r + 2 * ROOM2
  multiply2(T0, y, rz)
  subtract2(T0, ry, T0)
  multiply2(T1, x, rz)
  subtract2(T1, r, T1)
  multiply2(LINE, T0, x)
  multiply2(T2, T1, y)
  subtract2(LINE, LINE, T2)
  negate2(LINE + ROOM2, T0)
  copy2(LINE + 2 * ROOM2, T1)
  square2(T2, T1)
  multiply2(T3, T2, T1)
  multiply2(T4, T2, r)
  square2(T2, T0)
  multiply2(T2, T2, rz)
  add2(T2, T2, T3)
  subtract2(T2, T2, T4)
  subtract2(T2, T2, T4)
  multiply2(r, T1, T2)
  subtract2(T4, T4, T2)
  multiply2(T4, T4, T0)
  multiply2(T2, T3, ry)
  subtract2(ry, T4, T2)
  multiply2(rz, rz, T3)
}

/** f · the line at P; the twists of the two curves put its parts in other places. */
function multiplyByLine(f: usize, p: usize): void {
  scale2(LINE + ROOM2, LINE + ROOM2, p)
  scale2(LINE + 2 * ROOM2, LINE + 2 * ROOM2, p + ROOM)
  if (isBls) multiplyBy014(f, LINE, LINE + ROOM2, LINE + 2 * ROOM2)
  else multiplyBy034(f, LINE + 2 * ROOM2, LINE + ROOM2, LINE)
}
