/** Raises the product of Miller loops to the power that makes it one, or not. */

import { isBls, parameter } from './constants'
import {
  conjugate12,
  copy12,
  frobenius12,
  invert12,
  isOne12,
  multiply12,
  ROOM12,
  squareCyclotomic,
} from './field12'

const A: usize = memory.data(ROOM12, 16)
const B: usize = memory.data(ROOM12, 16)
const C: usize = memory.data(ROOM12, 16)
const D: usize = memory.data(ROOM12, 16)
const E: usize = memory.data(ROOM12, 16)
const BASE: usize = memory.data(ROOM12, 16)

/** Whether f to the power (p¹² − 1) / r is one; f is spent. */
export function isOneInTheEnd(f: usize): bool {
  // (p⁶ − 1)(p² + 1)
  invert12(A, f)
  conjugate12(f, f)
  multiply12(A, A, f)
  frobenius12(B, A)
  frobenius12(f, B)
  multiply12(f, f, A)
  if (isBls) hardPartOfBls(f)
  else hardPartOfBn(f)
  return isOne12(f)
}

/** out = a to the power of the curve's parameter without its sign; not in place. */
function raise(out: usize, a: usize): void {
  copy12(BASE, a)
  copy12(out, a)
  for (let bit = 62 - clz(parameter) + 1; bit > 0; bit -= 1) {
    squareCyclotomic(out)
    if ((parameter >> (bit - 1)) & 1) multiply12(out, out, BASE)
  }
}

/**
 * f to the power (x − 1)²(x + p)(x² + p² − 1) + 3, three times the hard part.
 *
 * x is negative: raising by |x| and conjugating is raising by x (Hayashida, Hayasaka and Teruya, 2020/875).
 */
function hardPartOfBls(f: usize): void {
  copy12(C, f)
  for (let times = 0; times < 2; times += 1) {
    // By x − 1, which is −(|x| + 1).
    raise(A, C)
    multiply12(A, A, C)
    conjugate12(C, A)
  }
  // By x + p.
  raise(A, C)
  conjugate12(A, A)
  frobenius12(B, C)
  multiply12(C, A, B)
  // By x² + p² − 1.
  raise(A, C)
  raise(D, A)
  frobenius12(A, C)
  frobenius12(B, A)
  multiply12(D, D, B)
  conjugate12(C, C)
  multiply12(C, D, C)
  // And f³.
  multiply12(C, C, f)
  multiply12(C, C, f)
  multiply12(f, C, f)
}

/** f to a multiple of the hard part (Fuentes-Castañeda, Knapp and Rodríguez-Henríquez, 2011). */
function hardPartOfBn(f: usize): void {
  // A = f^2x, B = f^6x
  raise(A, f)
  squareCyclotomic(A)
  copy12(B, A)
  squareCyclotomic(B)
  multiply12(B, B, A)
  // C = f^6x², D = f^12x³
  raise(C, B)
  copy12(E, C)
  squareCyclotomic(E)
  raise(D, E)
  // D = a = f^(12x³ + 6x² + 6x), E = b = a · f^−2x
  multiply12(D, D, C)
  multiply12(D, D, B)
  conjugate12(A, A)
  multiply12(E, D, A)
  // a · f^6x² · f · b^p · a^p² · (b / f)^p³
  multiply12(C, C, D)
  multiply12(C, C, f)
  frobenius12(A, E)
  multiply12(C, C, A)
  frobenius12(A, D)
  frobenius12(B, A)
  multiply12(C, C, B)
  conjugate12(f, f)
  multiply12(E, E, f)
  frobenius12(A, E)
  frobenius12(B, A)
  frobenius12(A, B)
  multiply12(f, C, A)
}
