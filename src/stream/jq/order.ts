/** Compares values in jq's order, and refuses comparisons that would err without a sign. */

import { type Evaluation, failure } from './budget.ts'
import { shown } from './complaints.ts'
import { compareDecimals, Decimal, isDecimal } from './decimal.ts'
import { type Members, type Numeric, raised, rank, type Value } from './values.ts'

/** Texts up to this length are compared at no cost. */
const shortText = 64
/** Deepest nesting that is compared, as in jq. */
const maxDepth = 10_000

/** What a comparison is for: `sort` and the like order anything, operators refuse what would mislead. */
export type Purpose = 'sorting' | 'grouping' | 'equality' | 'order'

/** Below 0, 0 or above 0; for equality only whether it is 0 counts. */
export function compare(a: Value, b: Value, purpose: Purpose, run: Evaluation): number {
  const order = compareFlat(a, b, purpose, run)
  return order === undefined ? new DeepComparison(purpose, run).of(a, b) : order
}

/** Whether two values are equal; @throws Raised where an exact integer meets a fraction */
export function areEqual(a: Value, b: Value, run: Evaluation): boolean {
  return compare(a, b, 'equality', run) === 0
}

/** The order of values that are no two arrays or two objects; undefined for these. */
function compareFlat(a: Value, b: Value, purpose: Purpose, run: Evaluation): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length > shortText && b.length > shortText) run.copy(Math.min(a.length, b.length))
    if (purpose === 'equality' || purpose === 'grouping') {
      if (a === b) return 0
    } else if (run.isStrict && isDecimalText(a) && isDecimalText(b)) throw misleading(a, b)
    return compareText(a, b)
  }
  if (typeof a === 'number' && typeof b === 'number') return compareDoubles(a, b)
  const [left, right] = [rank(a), rank(b)]
  if (left !== right) {
    if (run.isStrict && (left === 3 || right === 3) && purpose !== 'grouping') {
      if (isDecimalText(a) || isDecimalText(b)) throw misleading(a, b)
    }
    return left - right
  }
  if (left < 3) return 0
  if (left === 3) return compareNumbers(a as Numeric, b as Numeric, purpose)
  return undefined
}

interface Level {
  readonly left: readonly Value[]
  readonly right: readonly Value[]
  /** Of arrays, their lengths compared; of objects 0, for their names were compared. */
  readonly rest: number
  next: number
}

/** One comparison of arrays or objects, without recursion: values may be nested deeper than the stack is. */
class DeepComparison {
  readonly #purpose: Purpose
  readonly #run: Evaluation
  readonly #levels: Level[] = []

  constructor(purpose: Purpose, run: Evaluation) {
    this.#purpose = purpose
    this.#run = run
  }

  of(a: Value, b: Value): number {
    let order = this.#enter(a, b)
    while (order === 0 && this.#levels.length > 0) {
      const level = this.#levels[this.#levels.length - 1] as Level
      const at = level.next
      if (at >= level.left.length || at >= level.right.length) {
        this.#levels.pop()
        order = level.rest
        continue
      }
      level.next += 1
      order = this.#enter(level.left[at] ?? null, level.right[at] ?? null)
    }
    return order
  }

  #enter(a: Value, b: Value): number {
    this.#run.spend(1)
    if (this.#levels.length > maxDepth) {
      const what = this.#purpose === 'equality' ? 'Equality check' : 'Comparison'
      throw raised(`${what} too deep`)
    }
    const order = compareFlat(a, b, this.#purpose, this.#run)
    if (order !== undefined) return order
    if (Array.isArray(a)) {
      const other = b as readonly Value[]
      const rest = a.length - other.length
      if (rest !== 0 && this.#purpose === 'equality') return rest
      this.#levels.push({ left: a, right: other, rest, next: 0 })
      return 0
    }
    return this.#enterObjects(a as Members, b as Members)
  }

  #enterObjects(a: Members, b: Members): number {
    const [left, right] = [sortedNames(a, this.#run), sortedNames(b, this.#run)]
    for (const [at, name] of left.entries()) {
      const other = right[at]
      if (other === undefined) return 1
      if (name !== other) return compareText(name, other)
    }
    if (left.length !== right.length) return -1
    const values = (object: Members) => left.map((name) => object[name] ?? null)
    this.#levels.push({ left: values(a), right: values(b), rest: 0, next: 0 })
    return 0
  }
}

function compareDoubles(a: number, b: number): number {
  if (a < b || Number.isNaN(a)) return -1
  return a === b ? 0 : 1
}

function compareNumbers(a: Numeric, b: Numeric, purpose: Purpose): number {
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    if (purpose === 'equality' || purpose === 'order') mustBeWhole(a, b)
    const [left, right] = [wholeOr(a), wholeOr(b)]
    if (isDecimal(left) || isDecimal(right)) {
      return compareDecimals(decimalOf(left), decimalOf(right))
    }
    if (Number.isNaN(left)) return -1
    return left < right ? -1 : left > right || Number.isNaN(right) ? 1 : 0
  }
  if (isDecimal(a) && isDecimal(b)) return compareDecimals(a, b)
  return compareDoubles(Number(isDecimal(a) ? a.value : a), Number(isDecimal(b) ? b.value : b))
}

/** What meets an exact integer must be whole, or infinite: how a fraction was meant can't be known. */
function mustBeWhole(a: Numeric, b: Numeric): void {
  for (const one of [a, b]) {
    const isFraction =
      (typeof one === 'number' && !Number.isInteger(one) && Number.isFinite(one)) ||
      (isDecimal(one) && one.toInteger() === undefined)
    if (isFraction)
      throw raised(
        (spend) => `${shown(a, spend)} and ${shown(b, spend)} cannot be compared: ${mixed}`,
      )
  }
}

/** Why an exact integer and a fraction are not computed with together. */
export const mixed = 'one is an exact integer, the other a fraction'

/** A written number as an exact integer, where it is whole. */
function wholeOr(value: Numeric): Numeric {
  return isDecimal(value) ? (value.toInteger() ?? value) : value
}

function decimalOf(value: Numeric): Decimal {
  if (isDecimal(value)) return value
  if (typeof value === 'bigint')
    return new Decimal(value < 0n, String(value < 0n ? -value : value), 0)
  const whole = Number.isFinite(value) ? BigInt(Math.trunc(value)) : 10n ** 400n
  return decimalOf(value < 0 && whole > 0n ? -whole : whole)
}

/** Ends the evaluation, so that what it looks at is looked at once. */
const free = () => {}

function isDecimalText(value: Value): boolean {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)
}

/**
 * An integer of an event that is decimal text compares with a number by type, and with other decimal text by
 * characters ("1000" is below "500"): neither is what was meant.
 */
function misleading(a: Value, b: Value): Error {
  const isText = typeof a === 'string' && typeof b === 'string'
  const why = isText ? 'both are decimal text, which has no numeric order' : 'one is decimal text'
  return failure(
    `${shown(a, free)} and ${shown(b, free)} cannot be compared: ${why}; "integer" turns decimal text into an exact integer, "tonumber" into a number`,
  )
}

/** By code points, as jq does; JavaScript's own order is by halves of surrogate pairs. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left !== right) return placeOf(left) - placeOf(right)
  }
  return a.length - b.length
}

/** Puts the halves of surrogate pairs behind all other units. */
function placeOf(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

/** The names of an object in jq's order. */
export function sortedNames(object: Members, run: Evaluation): string[] {
  const names = Object.keys(object)
  run.spend(names.length)
  return names.length < 2 ? names : names.sort(compareText)
}
