/** Computes with JSON values as jq does, and refuses what would lose precision. */

import type { Json } from '../../base/json-rpc.ts'
import { type Budget, failure } from './budget.ts'

type Members = { readonly [name: string]: Json }

/** jq's order of types: null, false, true, numbers, strings, arrays, objects. */
function rank(value: Json): number {
  if (value === null) return 0
  if (typeof value === 'boolean') return value ? 2 : 1
  if (typeof value === 'number' || typeof value === 'bigint') return 3
  if (typeof value === 'string') return 4
  return Array.isArray(value) ? 5 : 6
}

/** What is neither null nor false. */
export function isTrue(value: Json): boolean {
  return value !== null && value !== false
}

/** Whether two values are equal. */
export function areEqual(a: Json, b: Json, budget: Budget): boolean {
  return new Comparison(budget, false).of(a, b) === 0
}

/** Below 0, 0 or above 0, in jq's order of all values. */
export function orderOf(a: Json, b: Json, budget: Budget): number {
  return new Comparison(budget, true).of(a, b)
}

/**
 * One comparison. An integer of an event is decimal text: next to a number it would compare by type, and next to other
 * decimal text by characters, so that "1000" is below "500"; both are refused, for they err without a sign.
 */
class Comparison {
  readonly #budget: Budget
  readonly #isOrder: boolean

  constructor(budget: Budget, isOrder: boolean) {
    this.#budget = budget
    this.#isOrder = isOrder
  }

  of(a: Json, b: Json, depth = 0): number {
    this.#budget.enter(depth)
    this.#mustNotLie(a, b)
    const ranks = rank(a) - rank(b)
    if (ranks !== 0) return ranks
    if (typeof a === 'bigint' || typeof b === 'bigint')
      return a === b ? 0 : (a as number) < (b as number) ? -1 : 1
    if (typeof a === 'number') return a - (b as number)
    if (typeof a === 'string') {
      this.#budget.spend(Math.min(a.length, (b as string).length))
      return compareText(a, b as string)
    }
    if (Array.isArray(a)) return this.#lists(a, b as readonly Json[], depth)
    return rank(a) === 6 ? this.#objects(a as Members, b as Members, depth) : 0
  }

  #lists(a: readonly Json[], b: readonly Json[], depth: number): number {
    for (const [at, item] of a.entries()) {
      const other = b[at]
      if (other === undefined) return 1
      const order = this.of(item, other, depth + 1)
      if (order !== 0) return order
    }
    return a.length - b.length
  }

  /** Sorted names first, then the values in the order of their names. */
  #objects(a: Members, b: Members, depth: number): number {
    const [left, right] = [namesOf(a, this.#budget), namesOf(b, this.#budget)]
    for (const [at, name] of left.entries()) {
      const other = right[at]
      if (other === undefined) return 1
      if (name !== other) return compareText(name, other)
    }
    if (left.length !== right.length) return left.length - right.length
    for (const name of left) {
      const order = this.of(a[name] ?? null, b[name] ?? null, depth + 1)
      if (order !== 0) return order
    }
    return 0
  }

  #mustNotLie(a: Json, b: Json): void {
    const mixed = (typeof a === 'number' && isDecimal(b)) || (typeof b === 'number' && isDecimal(a))
    const byCharacters = this.#isOrder && isDecimal(a) && isDecimal(b)
    if (!mixed && !byCharacters) return
    const why = mixed ? 'one is decimal text' : 'both are decimal text, which has no numeric order'
    throw failure(
      `${shown(a)} and ${shown(b)} cannot be compared: ${why}; use tonumber where the value is small, or decide in a function`,
    )
  }
}

function isDecimal(value: Json): boolean {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)
}

/** By code points, as jq does; JavaScript's own order is by halves of surrogate pairs. */
function compareText(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left !== right) return placeOf(left) - placeOf(right)
  }
  return a.length - b.length
}

/** Puts the halves of surrogate pairs behind all other units. */
function placeOf(unit: number): number {
  const isHalf = unit >= 0xd800 && unit < 0xe000
  return isHalf ? unit + 0x10000 : unit
}

/** The sum of numbers, strings, arrays or objects; null adds nothing. */
export function add(a: Json, b: Json, budget: Budget): Json {
  if (a === null) return b
  if (b === null) return a
  if (typeof a === 'number' && typeof b === 'number') return finite(a + b)
  if (typeof a === 'string' && typeof b === 'string') {
    budget.spend(a.length + b.length)
    return a + b
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    budget.spend(a.length + b.length)
    return [...a, ...b]
  }
  if (rank(a) === 6 && rank(b) === 6) {
    const sum = { ...(a as Members), ...(b as Members) }
    budget.spend(Object.keys(sum).length)
    return sum
  }
  throw failure(`${kindOf(a)} and ${kindOf(b)} cannot be added`)
}

/** − * / % of two numbers. */
export function calculate(operator: string, a: Json, b: Json): number {
  if (typeof a !== 'number' || typeof b !== 'number') {
    throw failure(`${kindOf(a)} ${operator} ${kindOf(b)} needs two numbers`)
  }
  if (operator === '-') return finite(a - b)
  if (operator === '*') return finite(a * b)
  const divisor = operator === '%' ? Math.trunc(b) : b
  if (divisor === 0) throw failure('division by zero')
  return finite(operator === '/' ? a / b : Math.trunc(a) % divisor)
}

/** JSON has no infinity: it would be written as null. */
function finite(result: number): number {
  if (Number.isFinite(result)) return result
  throw failure('the result is too large for a number')
}

/** A member of an object, or an item of an array; null where there is none. */
export function member(value: Json, key: Json): Json {
  if (value === null && (typeof key === 'string' || typeof key === 'number')) return null
  if (typeof key === 'string' && rank(value) === 6) {
    return Object.hasOwn(value as Members, key) ? ((value as Members)[key] ?? null) : null
  }
  if (typeof key === 'number' && Array.isArray(value)) return value.at(Math.floor(key)) ?? null
  throw failure(`${kindOf(value)} has no member ${shown(key)}`)
}

/** Whether an object has a member, or an array an item. */
export function has(value: Json, key: Json): boolean {
  if (Array.isArray(value) && typeof key === 'number') return key >= 0 && key < value.length
  if (rank(value) === 6 && typeof key === 'string') return Object.hasOwn(value as Members, key)
  throw failure(`${kindOf(value)} cannot be asked whether it has ${shown(key)}`)
}

/** Functions of one value. */
export const builtins: Readonly<Record<string, (value: Json, budget: Budget) => Json>> = {
  not: (value) => !isTrue(value),
  tostring: (value, budget) => budget.textOf(value),
  tonumber: (value) => {
    const number = typeof value === 'string' && isNumeral(value) ? Number(value) : value
    if (typeof number !== 'number') throw failure(`${shown(value)} is no number`)
    if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
      throw failure(`${shown(value)} is too large for an exact number; leave it as text`)
    }
    return finite(number)
  },
  length: (value, budget) => {
    if (value === null) return 0
    if (typeof value === 'number') return Math.abs(value)
    if (typeof value === 'boolean') throw failure('boolean has no length')
    if (typeof value !== 'string') return Object.keys(value).length
    budget.spend(value.length)
    return [...value].length
  },
  keys: (value, budget) => {
    if (Array.isArray(value)) {
      budget.spend(value.length)
      return [...value.keys()]
    }
    if (rank(value) === 6) return namesOf(value as Members, budget)
    throw failure(`${kindOf(value)} has no keys`)
  },
  type: (value) => kindOf(value),
  ascii_downcase: (value, budget) =>
    textIn(value, budget).replace(/[A-Z]/g, (one) => one.toLowerCase()),
  ascii_upcase: (value, budget) =>
    textIn(value, budget).replace(/[a-z]/g, (one) => one.toUpperCase()),
}

function isNumeral(text: string): boolean {
  return text.length <= 400 && /^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)
}

function namesOf(value: Members, budget: Budget): string[] {
  const names = Object.keys(value)
  budget.spend(names.length)
  return names.sort(compareText)
}

function textIn(value: Json, budget: Budget): string {
  if (typeof value !== 'string') throw failure(`${kindOf(value)} is no string`)
  budget.spend(value.length)
  return value
}

/** A value in an error: short, whatever it holds. */
function shown(value: Json): string {
  if (typeof value === 'object' && value !== null) return `an ${kindOf(value)}`
  if (typeof value === 'string' && value.length > 80) return `"${value.slice(0, 79)}…"`
  return JSON.stringify(value)
}

function kindOf(value: Json): string {
  return (
    ['null', 'boolean', 'boolean', 'number', 'string', 'array', 'object'][rank(value)] ?? 'null'
  )
}
