/** Computes with values as jq does; exact integers stay exact, and refuse to meet fractions. */

import { type Evaluation, failure } from './budget.ts'
import { shown, unfit, unfitPair } from './complaints.ts'
import { isDecimal } from './decimal.ts'
import { areEqual, mixed } from './order.ts'
import {
  isMembers,
  isNumeric,
  type Members,
  type Numeric,
  put,
  raised,
  type Value,
} from './values.ts'

/** Most bits of an exact integer. */
const maxIntegerBits = 4_096n
const integerBound = 1n << maxIntegerBits
/** Longest text that repetition makes, as in jq. */
const maxRepeated = 2 ** 31 - 21
/** Deepest objects that are merged, as in jq. */
const maxMergeDepth = 10_000

/** The double nearest to a number. */
export function doubleOf(value: Numeric): number {
  return typeof value === 'number' ? value : isDecimal(value) ? value.value : Number(value)
}

/** A number as a double without loss; @throws Raised for an exact integer beyond 2^53 */
export function plainNumber(value: Numeric): number {
  if (typeof value === 'bigint' && !Number.isSafeInteger(Number(value))) {
    throw raised(`${value} is an exact integer too large for a number`)
  }
  return doubleOf(value)
}

/** A whole number as an exact integer; undefined for a fraction. */
function exactOf(value: Numeric): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (isDecimal(value)) return value.toInteger()
  return Number.isInteger(value) ? BigInt(value) : undefined
}

type Operator = '+' | '-' | '*' | '/' | '%'

function exactly(operator: Operator, a: Numeric, b: Numeric): bigint {
  const [left, right] = [exactOf(a), exactOf(b)]
  if (left === undefined || right === undefined) {
    throw raised((spend) => `${shown(a, spend)} ${operator} ${shown(b, spend)}: ${mixed}`)
  }
  const result = compute(operator, left, right)
  if (result >= integerBound || result <= -integerBound) {
    throw failure(`an exact integer has more than ${maxIntegerBits} bits`)
  }
  return result
}

function compute(operator: Operator, left: bigint, right: bigint): bigint {
  if (operator === '+') return left + right
  if (operator === '-') return left - right
  if (operator === '*') return left * right
  if (right === 0n) throw unfitPair(left, right, zeroDivisor(operator))
  return operator === '/' ? left / right : left % right
}

const zeroDivisor = (operator: Operator) =>
  `cannot be divided ${operator === '%' ? '(remainder) ' : ''}because the divisor is zero`

/** The sum of numbers, strings, arrays or objects; null adds nothing. */
export function add(a: Value, b: Value, run: Evaluation): Value {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (a === null) return b
  if (b === null) return a
  if (typeof a === 'string' && typeof b === 'string') {
    run.copy(a.length + b.length)
    return a + b
  }
  if (isNumeric(a) && isNumeric(b)) {
    if (typeof a === 'bigint' || typeof b === 'bigint') return exactly('+', a, b)
    return doubleOf(a) + doubleOf(b)
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    run.copy(a.length + b.length)
    return a.concat(b)
  }
  if (isMembers(a) && isMembers(b)) return merged(a, b, run)
  throw unfitPair(a, b, 'cannot be added')
}

function merged(a: Members, b: Members, run: Evaluation): Members {
  const sum: { [name: string]: Value } = { ...a }
  const names = Object.keys(b)
  for (const name of names) put(sum, name, b[name] ?? null)
  run.spend(names.length)
  run.copyMembers(Object.keys(sum).length)
  return sum
}

export function subtract(a: Value, b: Value, run: Evaluation): Value {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (isNumeric(a) && isNumeric(b)) {
    if (typeof a === 'bigint' || typeof b === 'bigint') return exactly('-', a, b)
    return doubleOf(a) - doubleOf(b)
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.filter((one: Value) => {
      run.spend(1 + b.length)
      return !b.some((other: Value) => areEqual(one, other, run))
    })
  }
  throw unfitPair(a, b, 'cannot be subtracted')
}

export function multiply(a: Value, b: Value, run: Evaluation): Value {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (isNumeric(a) && isNumeric(b)) {
    if (typeof a === 'bigint' || typeof b === 'bigint') return exactly('*', a, b)
    return doubleOf(a) * doubleOf(b)
  }
  if (typeof a === 'string' && isNumeric(b)) return repeated(a, doubleOf(b), run)
  if (isNumeric(a) && typeof b === 'string') return repeated(b, doubleOf(a), run)
  if (isMembers(a) && isMembers(b)) return mergedDeeply(a, b, run)
  throw unfitPair(a, b, 'cannot be multiplied')
}

function repeated(text: string, times: number, run: Evaluation): Value {
  if (times < 0 || Number.isNaN(times)) return null
  const count = Math.min(Math.trunc(times), 2 ** 31 - 1)
  if (Buffer.byteLength(text) * count >= maxRepeated) {
    throw raised('Repeat string result too long')
  }
  run.copy(text.length * count)
  return text.repeat(count)
}

/** Objects within objects are merged, too; without recursion, for they may be nested deeper than the stack is. */
function mergedDeeply(a: Members, b: Members, run: Evaluation): Members {
  const result: { [name: string]: Value } = {}
  const waiting = [{ a, b, into: result, depth: 0 }]
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (one.depth > maxMergeDepth) throw raised('Object merge too deep')
    const { into } = one
    for (const name of Object.keys(one.a)) put(into, name, one.a[name] ?? null)
    for (const name of Object.keys(one.b)) {
      run.spend(1)
      const [left, right] = [into[name], one.b[name] ?? null]
      if (Object.hasOwn(into, name) && isMembers(left as Value) && isMembers(right)) {
        const inner: { [name: string]: Value } = {}
        put(into, name, inner)
        waiting.push({ a: left as Members, b: right, into: inner, depth: one.depth + 1 })
      } else put(into, name, right)
    }
    run.spend(1 + Object.keys(into).length)
  }
  return result
}

export function divide(a: Value, b: Value, run: Evaluation): Value {
  if (isNumeric(a) && isNumeric(b)) {
    if (typeof a === 'bigint' || typeof b === 'bigint') return exactly('/', a, b)
    const divisor = doubleOf(b)
    if (divisor === 0) throw unfitPair(a, b, zeroDivisor('/'))
    return doubleOf(a) / divisor
  }
  if (typeof a === 'string' && typeof b === 'string') return split(a, b, run)
  throw unfitPair(a, b, 'cannot be divided')
}

/** The pieces of a text between separators; its code points where the separator is empty. */
export function split(text: string, separator: string, run: Evaluation): Value {
  run.spend(text.length)
  if (text === '') return []
  return separator === '' ? [...text] : text.split(separator)
}

/** What C's intmax_t holds: jq divides by it. */
const int64 = 2 ** 63

export function remainder(a: Value, b: Value): Value {
  if (!isNumeric(a) || !isNumeric(b)) throw unfitPair(a, b, 'cannot be divided (remainder)')
  if (typeof a === 'bigint' || typeof b === 'bigint') return exactly('%', a, b)
  const [left, right] = [doubleOf(a), doubleOf(b)]
  if (Number.isNaN(left) || Number.isNaN(right)) return Number.NaN
  const divisor = Math.trunc(right)
  if (divisor === 0) throw unfitPair(a, b, zeroDivisor('%'))
  if (Number.isSafeInteger(divisor) && Math.abs(left) < 2 ** 53) {
    return (Math.trunc(left) % divisor) + 0
  }
  return Number(int64Of(left) % int64Of(divisor))
}

function int64Of(value: number): bigint {
  if (value >= int64) return 2n ** 63n - 1n
  return value <= -int64 ? -(2n ** 63n) : BigInt(Math.trunc(value))
}

export function negate(value: Value): Value {
  if (typeof value === 'number' || typeof value === 'bigint') return -value
  if (isDecimal(value)) return value.negated()
  throw unfit(value, 'cannot be negated')
}

/**
 * Turns decimal text, or a whole number, into an exact integer.
 *
 * @throws Raised for a fraction, for what has more than 4,096 bits, and for any other text
 */
export function toInteger(value: Value): Value {
  if (typeof value === 'string' && /^-?\d{1,1233}$/.test(value)) return BigInt(value)
  const exact = isNumeric(value) ? exactOf(value) : undefined
  if (exact === undefined) throw unfit(value, 'is no integer')
  return exact
}
