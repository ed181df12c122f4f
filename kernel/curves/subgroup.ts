/** Tells whether points of a curve are in its subgroup, by endomorphisms that are fast. */

import { BETA, isBls, parameter, PSI } from './constants'
import { degree } from './coordinate'
import { conjugate2, multiply2, ROOM2 } from './field2'
import { multiply } from './montgomery'
import {
  addPoints,
  copyPoint,
  doublePoint,
  isInfinity,
  isSamePoint,
  multiplyByWord,
  negatePoint,
  POINT,
} from './points'

const A: usize = memory.data(POINT, 16)
const B: usize = memory.data(POINT, 16)
const C: usize = memory.data(POINT, 16)

/** Of a point that was read; the curves without a cofactor are their own subgroup. */
export function isInSubgroup(point: usize): bool {
  if (isInfinity(point)) return true
  if (degree == 1) return !isBls || isInG1OfBls(point)
  return isBls ? isInG2OfBls(point) : isInG2OfBn(point)
}

/** (βx, y) = −x²·P (Scott, 2021/1130). */
function isInG1OfBls(point: usize): bool {
  multiplyByWord(A, point, parameter)
  multiplyByWord(B, A, parameter)
  negatePoint(B, B)
  copyPoint(A, point)
  multiply(A, A, BETA)
  return isSamePoint(A, B)
}

/** ψ(P) = x·P, x being negative (Scott, 2021/1130). */
function isInG2OfBls(point: usize): bool {
  multiplyByWord(A, point, parameter)
  negatePoint(A, A)
  psiOf(B, point)
  return isSamePoint(A, B)
}

/** (x + 1)·P + ψ(x·P) + ψ²(x·P) = ψ³(2x·P) (Dai, Lin, Zhao and Zhou, 2022/348). */
function isInG2OfBn(point: usize): bool {
  multiplyByWord(A, point, parameter)
  addPoints(C, A, point)
  psiOf(B, A)
  addPoints(C, C, B)
  psiOf(A, B)
  addPoints(C, C, A)
  psiOf(B, A)
  doublePoint(B, B)
  return isSamePoint(B, C)
}

/** The Frobenius map on the twist, of Jacobian coordinates; not in place. */
export function psiOf(out: usize, point: usize): void {
  conjugate2(out, point)
  conjugate2(out + ROOM2, point + ROOM2)
  conjugate2(out + 2 * ROOM2, point + 2 * ROOM2)
  multiply2(out, out, PSI)
  multiply2(out + ROOM2, out + ROOM2, PSI + ROOM2)
}
