/** Maps numbers to points of the subgroups of BLS12-381 (RFC 9380). */

import { parameter } from './constants'
import { degree, inverted, isNothing, minus, one, plus, root, sign, squared, times, width } from './coordinate'
import { ROOM2 } from './field2'
import { addPoints, doublePoint, multiplyByWord, negatePoint, POINT } from './points'
import { psiOf } from './subgroup'

/** For G1 and G2, what the host writes: a, b, z, −b/a and b/(za) of the first curve, then four polynomials, ascending. */
export const MAP1: usize = memory.data(60 * 104, 16)
export const MAP2: usize = memory.data(20 * 208, 16)
/** How many coefficients the polynomials have, a byte each: four for G1, four for G2. */
export const SIZES: usize = memory.data(8, 16)

const SQUARE: usize = memory.data(ROOM2, 16)
const X: usize = memory.data(ROOM2, 16)
const Y: usize = memory.data(ROOM2, 16)
const A: usize = memory.data(ROOM2, 16)
const B: usize = memory.data(ROOM2, 16)
const VALUES: usize = memory.data(4 * ROOM2, 16)
const P: usize = memory.data(POINT, 16)
const Q: usize = memory.data(POINT, 16)
const R: usize = memory.data(POINT, 16)
const S: usize = memory.data(POINT, 16)

function constant(at: usize): usize {
  return (degree == 1 ? MAP1 : MAP2) + at * width
}

/** out = the point of the subgroup that a number stands for. */
export function mapToPoint(out: usize, number: usize): void {
  mapToFirstCurve(number)
  followIsogeny(P)
  if (degree == 1) clearG1(out)
  else clearG2(out)
}

/** Gives X and Y (RFC 9380, 6.6.2, the simplified map of Shallue, van de Woestijne and Ulas). */
function mapToFirstCurve(number: usize): void {
  squared(SQUARE, number)
  times(SQUARE, SQUARE, constant(2))
  squared(A, SQUARE)
  plus(A, A, SQUARE)
  if (isNothing(A)) memory.copy(X, constant(4), width)
  else {
    inverted(B, A)
    one(A)
    plus(A, A, B)
    times(X, A, constant(3))
  }
  rightSide(A)
  if (!root(Y, A)) {
    times(X, X, SQUARE)
    rightSide(A)
    root(Y, A)
  }
  if (sign(number) == sign(Y)) return
  minus(A, Y, Y)
  minus(Y, A, Y)
}

/** out = X³ + aX + b */
function rightSide(out: usize): void {
  squared(out, X)
  plus(out, out, constant(0))
  times(out, out, X)
  plus(out, out, constant(1))
}

/** The point (xn/xd, Y·yn/yd) in Jacobian coordinates with Z = xd·yd. */
function followIsogeny(out: usize): void {
  let from = constant(5)
  for (let place: usize = 0; place < 4; place += 1) {
    const count = <usize>load<u8>(SIZES + (degree - 1) * 4 + place)
    evaluate(VALUES + place * ROOM2, from, count)
    from += count * width
  }
  const xd = VALUES + ROOM2
  const yd = VALUES + 3 * ROOM2
  times(out + 2 * width, xd, yd)
  squared(A, yd)
  times(A, A, xd)
  times(out, VALUES, A)
  squared(B, xd)
  times(A, A, B)
  times(A, A, VALUES + 2 * ROOM2)
  times(out + width, A, Y)
}

function evaluate(out: usize, coefficients: usize, count: usize): void {
  memory.copy(out, coefficients + (count - 1) * width, width)
  for (let at = count - 1; at > 0; at -= 1) {
    times(out, out, X)
    plus(out, out, coefficients + (at - 1) * width)
  }
}

/** 1 − x times P, x being negative (RFC 9380, 8.8.1). */
function clearG1(out: usize): void {
  multiplyByWord(Q, P, parameter)
  addPoints(out, Q, P)
}

/** (x² − x − 1)P + (x − 1)ψ(P) + ψ²(2P) (Budroni and Pintore, 2017/419). */
function clearG2(out: usize): void {
  // R = xP, S = ψ(P)
  multiplyByWord(R, P, parameter)
  negatePoint(R, R)
  psiOf(S, P)
  // out = x(xP + ψ(P)) − xP − P − ψ(P)
  addPoints(Q, R, S)
  multiplyByWord(out, Q, parameter)
  negatePoint(out, out)
  negatePoint(Q, Q)
  addPoints(out, out, Q)
  negatePoint(Q, P)
  addPoints(out, out, Q)
  doublePoint(Q, P)
  psiOf(R, Q)
  psiOf(Q, R)
  addPoints(out, out, Q)
}
