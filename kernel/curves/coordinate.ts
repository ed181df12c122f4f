/** Reckons with the coordinates of points, which are numbers on G1 and pairs of numbers on G2. */

import { B1, B2 } from './constants'
import { add, copy, isOdd, isZero, setOne, subtract } from './field'
import { add2, copy2, invert, invert2, isZero2, multiply2, setOne2, square2, squareRoot, squareRoot2, subtract2 } from './field2'
import { multiply } from './montgomery'
import { ROOM } from './prime'

/** 1 on G1, 2 on G2. */
export let degree: u32 = 1
/** Bytes of a coordinate. */
export let width: usize = ROOM

export function setDegree(value: u32): void {
  degree = value
  width = value == 1 ? <usize>ROOM : 2 * <usize>ROOM
}

export function times(out: usize, a: usize, b: usize): void {
  if (degree == 1) multiply(out, a, b)
  else multiply2(out, a, b)
}

export function squared(out: usize, a: usize): void {
  if (degree == 1) multiply(out, a, a)
  else square2(out, a)
}

export function plus(out: usize, a: usize, b: usize): void {
  if (degree == 1) add(out, a, b)
  else add2(out, a, b)
}

export function minus(out: usize, a: usize, b: usize): void {
  if (degree == 1) subtract(out, a, b)
  else subtract2(out, a, b)
}

export function twice(out: usize, a: usize): void {
  plus(out, a, a)
}

export function isNothing(a: usize): bool {
  return degree == 1 ? isZero(a) : isZero2(a)
}

export function inverted(out: usize, a: usize): void {
  if (degree == 1) invert(out, a)
  else invert2(out, a)
}

export function copied(out: usize, a: usize): void {
  if (degree == 1) copy(out, a)
  else copy2(out, a)
}

export function one(out: usize): void {
  if (degree == 1) setOne(out)
  else setOne2(out)
}

/** b of the curve. */
export function curveB(): usize {
  return degree == 1 ? B1 : B2
}

/** A root; whether there is one. Not in place. */
export function root(out: usize, a: usize): bool {
  return degree == 1 ? squareRoot(out, a) : squareRoot2(out, a)
}

/** The sign of RFC 9380, 4.1: the lowest bit of the first part that is not 0. */
export function sign(a: usize): bool {
  if (isOdd(a)) return true
  return degree == 2 && isZero(a) && isOdd(a + ROOM)
}
