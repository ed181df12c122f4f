/** Sums multiples of points, the doublings of all of them together (Straus). */

import { POINT, addPoints, copyPoint, doublePoint, setInfinity } from './points'

/** Bytes of a multiplier, and multiples of a point that are kept: 1 to 15 times. */
const SCALAR: usize = 32
const TABLE: usize = 15 * POINT

/** Room that a term needs. */
export const TERM: usize = TABLE

/** Writes the first 15 multiples of a point to a table. */
export function prepareTerm(table: usize, point: usize): void {
  copyPoint(table, point)
  doublePoint(table + POINT, point)
  for (let at = table + 2 * POINT; at < table + TABLE; at += POINT) {
    addPoints(at, at - POINT, point)
  }
}

/**
 * Adds to `out` the sum of multiples.
 *
 * @param tables - of the terms, one behind the other
 * @param scalars - where the first multiplier lies, 32 bytes big-endian, and how far the next one is
 */
export function addTerms(out: usize, tables: usize, count: usize, scalars: usize, step: usize): void {
  setInfinity(SUM)
  for (let byte: usize = 0; byte < SCALAR; byte += 1) {
    addDigits(tables, count, scalars + byte, step, 4)
    addDigits(tables, count, scalars + byte, step, 0)
  }
  addPoints(out, out, SUM)
}

const SUM: usize = memory.data(POINT, 16)

function addDigits(tables: usize, count: usize, bytes: usize, step: usize, shift: usize): void {
  for (let bit = 0; bit < 4; bit += 1) doublePoint(SUM, SUM)
  for (let term: usize = 0; term < count; term += 1) {
    const digit = (<usize>load<u8>(bytes + term * step) >> shift) & 15
    if (digit > 0) addPoints(SUM, SUM, tables + term * TABLE + (digit - 1) * POINT)
  }
}
