/** The values that programs compute with, and the error that a program can catch. */

import { type Decimal, isDecimal } from './decimal.ts'

/** An object of a program. */
export type Members = { readonly [name: string]: Value }

/** A JSON value, or within it an exact integer (bigint) or a number that keeps the digits it was written with. */
export type Value =
  | null
  | boolean
  | number
  | string
  | bigint
  | Decimal
  | readonly Value[]
  | { readonly [name: string]: Value }

/** A number of any of the three kinds. */
export type Numeric = number | bigint | Decimal

/** What `error` raises, and what `try` can catch; no Error, for a stack trace costs more than most evaluations. */
export class Raised {
  readonly #value: Value | Complaint

  constructor(value: Value | Complaint) {
    this.#value = value
  }

  /** The value raised; a text that shows values is only made here, and costs what it looks at. */
  read(spend: (work: number) => void): Value {
    return typeof this.#value === 'function' ? this.#value(spend) : this.#value
  }
}

/** Writes the text of an error. */
export type Complaint = (spend: (work: number) => void) => string

/** An error with a text, for `throw`. */
export function raised(text: string | Complaint): Raised {
  return new Raised(text)
}

/** jq's order of kinds: null, false, true, numbers, strings, arrays, objects. */
export function rank(value: Value): number {
  switch (typeof value) {
    case 'string':
      return 4
    case 'number':
    case 'bigint':
      return 3
    case 'boolean':
      return value ? 2 : 1
    default:
      if (value === null) return 0
      if (Array.isArray(value)) return 5
      return isDecimal(value) ? 3 : 6
  }
}

const kinds = ['null', 'boolean', 'boolean', 'number', 'string', 'array', 'object'] as const

/** The kind of a value, as `type` says it. */
export function kindOf(value: Value): string {
  return kinds[rank(value)] ?? 'null'
}

/** What is neither null nor false. */
export function isTrue(value: Value): boolean {
  return value !== null && value !== false
}

export function isNumeric(value: Value): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint' || isDecimal(value)
}

export function isMembers(value: Value): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isDecimal(value)
}

/** The member of an object; undefined where there is none, whatever its prototype has. */
export function ownMember(object: Members, name: string): Value | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Sets a member of an object that is being made; `__proto__` is a name like any other. */
export function put(object: { [name: string]: Value }, name: string, value: Value): void {
  if (name !== '__proto__') object[name] = value
  else
    Object.defineProperty(object, name, {
      value,
      ...{ enumerable: true, configurable: true, writable: true },
    })
}
