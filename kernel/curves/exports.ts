/** Gives code outside sums of points and products of pairings; input and output lie at the buffer. */

import { elementBytes } from './constants'
import { setDegree } from './coordinate'
import { copy2, squareRoot } from './field2'
import { multiply12, ROOM12, setOne12 } from './field12'
import { pointBytes, readNumber, readPoint, writeNumber, writePoint } from './encoding'
import { isOneInTheEnd } from './last-power'
import { mapToPoint } from './map'
import { millerLoop, PAIR, Q } from './miller'
import { addPoints, curveRight, isInfinity, POINT, setInfinity } from './points'
import { ROOM } from './prime'
import { isInSubgroup } from './subgroup'
import { addTerms, prepareTerm, TERM } from './sums'

export { B1, B2, BETA, DIGITS, FROBENIUS, HALF, INVERSE_POWER, PSI, ROOT_POWER, setCurve } from './constants'
export { MAP1, MAP2, SIZES } from './map'
export { PRIME, setPrime, SQUARE, TWICE } from './prime'

/** From here on the host may write; it grows the memory. */
export const BUFFER: usize = (__heap_base + 15) & ~15
/** Bytes of work room for a term of a sum and for a pair, of which so many are worked on at a time. */
export const TERM_BYTES: usize = TERM
export const GROUP: usize = 64
export const PAIR_BYTES: usize = PAIR

const LEFT: usize = memory.data(POINT, 16)
const RIGHT: usize = memory.data(POINT, 16)
const PRODUCT: usize = memory.data(ROOM12, 16)
const LOOPS: usize = memory.data(ROOM12, 16)

/** Adds the two points at the buffer; false if one is not on the curve. */
export function add(degree: u32): bool {
  setDegree(degree)
  if (!readPoint(LEFT, BUFFER) || !readPoint(RIGHT, BUFFER + pointBytes())) return false
  addPoints(LEFT, LEFT, RIGHT)
  writePoint(BUFFER, LEFT)
  return true
}

/** Writes one y for the x at the buffer in its place; false if the curve over the prime field has none. */
export function root(): bool {
  setDegree(1)
  if (!readNumber(LEFT, BUFFER)) return false
  curveRight(RIGHT, LEFT)
  if (!squareRoot(LEFT, RIGHT)) return false
  writeNumber(BUFFER, LEFT)
  return true
}

/** Writes the point that the number at the buffer stands for in its place; false if it is not below the prime. */
export function map(degree: u32): bool {
  setDegree(degree)
  for (let part: usize = 0; part < degree; part += 1) {
    if (!readNumber(LEFT + part * ROOM, BUFFER + part * elementBytes)) return false
  }
  mapToPoint(RIGHT, LEFT)
  writePoint(BUFFER, RIGHT)
  return true
}

/** Sums `count` terms, each a point and a number of 32 bytes; false if a point is not in the subgroup. */
export function sum(degree: u32, count: usize, work: usize): bool {
  setDegree(degree)
  const step = pointBytes() + 32
  setInfinity(LEFT)
  for (let done: usize = 0; done < count; done += GROUP) {
    const group = min(GROUP, count - done)
    const from = BUFFER + done * step
    for (let at: usize = 0; at < group; at += 1) {
      if (!readPoint(RIGHT, from + at * step) || !isInSubgroup(RIGHT)) return false
      prepareTerm(work + at * TERM, RIGHT)
    }
    addTerms(LEFT, work, group, from + pointBytes(), step)
  }
  writePoint(BUFFER, LEFT)
  return true
}

/** Whether the product of `count` pairings is one: 1 or 0; 2 if a point is not in its subgroup. */
export function pair(count: usize, work: usize): u32 {
  setOne12(PRODUCT)
  let from = BUFFER
  for (let done: usize = 0; done < count; done += GROUP) {
    let to = work
    for (let left = min(GROUP, count - done); left > 0; left -= 1) {
      setDegree(1)
      if (!readPoint(LEFT, from) || !isInSubgroup(LEFT)) return 2
      from += pointBytes()
      const isNothing = isInfinity(LEFT)
      setDegree(2)
      if (!readPoint(RIGHT, from) || !isInSubgroup(RIGHT)) return 2
      from += pointBytes()
      if (isNothing || isInfinity(RIGHT)) continue
      memory.copy(to, LEFT, 2 * ROOM)
      copy2(to + Q, RIGHT)
      copy2(to + Q + 2 * ROOM, RIGHT + 2 * ROOM)
      to += PAIR
    }
    millerLoop(LOOPS, work, (to - work) / PAIR)
    multiply12(PRODUCT, PRODUCT, LOOPS)
  }
  return isOneInTheEnd(PRODUCT) ? 1 : 0
}
