/** Adds points in Jacobian coordinates (x = X/Z², y = Y/Z³); infinity has Z = 0. */

import { minusThree } from './constants'
import {
  copied,
  curveB,
  inverted,
  isNothing,
  minus,
  one,
  plus,
  squared,
  times,
  twice,
  width,
} from './coordinate'
import { ROOM2 } from './field2'

/** Room for a point of either group. */
export const POINT: i32 = 3 * ROOM2

const A: usize = memory.data(ROOM2, 16)
const B: usize = memory.data(ROOM2, 16)
const C: usize = memory.data(ROOM2, 16)
const D: usize = memory.data(ROOM2, 16)
const E: usize = memory.data(ROOM2, 16)
const F: usize = memory.data(ROOM2, 16)
const G: usize = memory.data(ROOM2, 16)
const H: usize = memory.data(ROOM2, 16)

export function copyPoint(out: usize, point: usize): void {
  memory.copy(out, point, 3 * width)
}

export function setInfinity(out: usize): void {
  memory.fill(out, 0, 3 * width)
}

export function isInfinity(point: usize): bool {
  return isNothing(point + 2 * width)
}

/** The right side of the curve's equation, x³ + ax + b; not in place. */
export function curveRight(out: usize, x: usize): void {
  squared(out, x)
  times(out, out, x)
  plus(out, out, curveB())
  if (!minusThree) return
  minus(out, out, x)
  minus(out, out, x)
  minus(out, out, x)
}

/** Whether a point with Z = 1 is on the curve. */
export function isOnCurve(point: usize): bool {
  curveRight(A, point)
  squared(B, point + width)
  minus(A, A, B)
  return isNothing(A)
}

/** dbl-2009-l of the Explicit-Formulas Database, with another slope where a = −3. */
export function doublePoint(out: usize, point: usize): void {
  const y = point + width
  const z = y + width
  squared(A, point)
  squared(B, y)
  squared(C, B)
  plus(D, point, B)
  squared(D, D)
  minus(D, D, A)
  minus(D, D, C)
  twice(D, D)
  twice(E, A)
  plus(E, E, A)
  if (minusThree) {
    squared(F, z)
    squared(F, F)
    minus(E, E, F)
    minus(E, E, F)
    minus(E, E, F)
  }
  times(G, y, z)
  twice(out + 2 * width, G)
  squared(F, E)
  minus(F, F, D)
  minus(out, F, D)
  minus(D, D, out)
  times(D, E, D)
  twice(C, C)
  twice(C, C)
  twice(C, C)
  minus(out + width, D, C)
}

/** add-2007-bl of the Explicit-Formulas Database, and the cases that it leaves out. */
export function addPoints(out: usize, p: usize, q: usize): void {
  if (isInfinity(p)) return copyPoint(out, q)
  if (isInfinity(q)) return copyPoint(out, p)
  const zp = p + 2 * width
  const zq = q + 2 * width
  squared(A, zp)
  squared(B, zq)
  times(C, p, B)
  times(D, q, A)
  times(E, p + width, zq)
  times(E, E, B)
  times(F, q + width, zp)
  times(F, F, A)
  minus(D, D, C)
  minus(F, F, E)
  if (isNothing(D)) {
    if (isNothing(F)) doublePoint(out, p)
    else setInfinity(out)
    return
  }
  plus(G, zp, zq)
  squared(G, G)
  minus(G, G, A)
  minus(G, G, B)
  times(out + 2 * width, G, D)
  finishAdd(out)
}

/** C = U1, D = H, E = S1 and F = (S2 − S1): gives X and Y. */
function finishAdd(out: usize): void {
  twice(F, F)
  twice(A, D)
  squared(A, A)
  times(B, D, A)
  times(H, C, A)
  squared(G, F)
  minus(G, G, B)
  minus(G, G, H)
  minus(out, G, H)
  minus(H, H, out)
  times(H, F, H)
  times(E, E, B)
  twice(E, E)
  minus(out + width, H, E)
}

/** Gives it Z = 1; infinity stays. */
export function normalize(point: usize): void {
  const z = point + 2 * width
  if (isNothing(z)) return
  inverted(A, z)
  squared(B, A)
  times(point, point, B)
  times(B, B, A)
  times(point + width, point + width, B)
  one(z)
}

/** Whether they are the same point. */
export function isSamePoint(p: usize, q: usize): bool {
  if (isInfinity(p) || isInfinity(q)) return isInfinity(p) && isInfinity(q)
  squared(A, p + 2 * width)
  squared(B, q + 2 * width)
  times(C, p, B)
  times(D, q, A)
  minus(C, C, D)
  if (!isNothing(C)) return false
  times(A, A, p + 2 * width)
  times(B, B, q + 2 * width)
  times(C, p + width, B)
  times(D, q + width, A)
  minus(C, C, D)
  return isNothing(C)
}

const Y: usize = memory.data(ROOM2, 16)

export function negatePoint(out: usize, point: usize): void {
  minus(Y, point + width, point + width)
  minus(Y, Y, point + width)
  copied(out, point)
  copied(out + 2 * width, point + 2 * width)
  copied(out + width, Y)
}

/** A multiple by a number of 64 bits, few of which are set; not in place. */
export function multiplyByWord(out: usize, point: usize, factor: u64): void {
  setInfinity(out)
  for (let bit = 64 - clz(factor); bit > 0; bit -= 1) {
    doublePoint(out, out)
    if ((factor >> (bit - 1)) & 1) addPoints(out, out, point)
  }
}
