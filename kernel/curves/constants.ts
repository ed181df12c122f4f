/** Holds what the host writes of a curve before it is used. */

import { ROOM } from './prime'

/** Powers that give an inverse (prime − 2) and a square root ((prime + 1)/4), big-endian. */
export const INVERSE_POWER: usize = memory.data(48, 16)
export const ROOT_POWER: usize = memory.data(48, 16)

/** b of the curve over the prime field: y² = x³ + b, or y² = x³ − 3x + b. */
export const B1: usize = memory.data(ROOM, 16)
/** b of the curve over the extension. */
export const B2: usize = memory.data(2 * ROOM, 16)
/** 1 / 2. */
export const HALF: usize = memory.data(ROOM, 16)
/** ξ^(k(p − 1)/6) for k = 1 to 5: what the Frobenius map multiplies by. */
export const FROBENIUS: usize = memory.data(5 * 2 * ROOM, 16)
/** What ψ multiplies the two coordinates by. */
export const PSI: usize = memory.data(2 * 2 * ROOM, 16)
/** A cube root of 1: the endomorphism of G1. */
export const BETA: usize = memory.data(ROOM, 16)

/** Digits −1, 0 and 1 of the Miller loop, the highest left out. */
export const DIGITS: usize = memory.data(80, 16)
export let digits: usize = 0
/** The curve's parameter without its sign. */
export let parameter: u64 = 0

/** Which of the curves it is. */
export let isBls: bool = false
/** Whether a is −3 and not 0. */
export let minusThree: bool = false
/** Bytes of an encoded number. */
export let elementBytes: usize = 32

export function setCurve(bls: bool, withMinusThree: bool, x: u64, digitCount: usize): void {
  isBls = bls
  elementBytes = bls ? 64 : 32
  minusThree = withMinusThree
  parameter = x
  digits = digitCount
}
