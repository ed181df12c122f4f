/** Bounds what one evaluation may cost, in steps, sizes and depths, and says what it may ask of its surroundings. */

import { AppError } from '../../base/app-error.ts'
import { Raised, type Value } from './values.ts'

/** What an evaluation may cost. */
export interface Allowance {
  /** Values visited and made, characters written, turns of loops and steps of regular expressions. */
  readonly work: number
  /** Nesting of what leaves the evaluation. */
  readonly depth: number
  /** Exact integers leave as they are. */
  readonly keepsExact?: boolean
}

/** Deepest nesting of calls of functions that call themselves. */
const maxCalls = 1_000
/** Elements of arrays, or characters, that are copied for one unit of work. */
const copiedAtOnce = 16
/** Objects of more members are hash tables, whose copies are dear. */
const smallObject = 32

/** One evaluation: what is left of its allowance, and the rules it computes by. */
export class Evaluation {
  readonly #allowance: Allowance
  /** Refuses comparisons of decimal text that would err without a sign. */
  readonly isStrict: boolean
  /** Exact integers leave as they are, not as decimal text. */
  readonly keepsExact: boolean
  #left: number
  calls = 0
  /** The input on which a function runs again. */
  again: Value = null
  /** Variables given from outside, by their place in the list of names. */
  readonly globals: readonly Value[]
  /** Regular expressions compiled so far, by text and flags. */
  readonly expressions = new Map<string, unknown>()

  constructor(allowance: Allowance, isStrict: boolean, globals: readonly Value[]) {
    this.#allowance = allowance
    this.#left = allowance.work
    this.isStrict = isStrict
    this.keepsExact = allowance.keepsExact ?? false
    this.globals = globals
  }

  /** @throws AppError `stream/expression-failed` when the allowance is used up */
  spend(work: number): void {
    this.#left -= work
    if (this.#left < 0) {
      throw failure(`it takes more than ${this.#allowance.work} steps, which is the limit`)
    }
  }

  /** Copying elements of an array is cheap, but not free. */
  copy(elements: number): void {
    this.spend(1 + elements / copiedAtOnce)
  }

  /** Copying an object of so many members. */
  copyMembers(members: number): void {
    this.spend(members > smallObject ? members * 4 : 1 + members / 4)
  }

  /** Called when a function that calls itself is entered; `calls` is put back by who leaves it. */
  enter(): void {
    this.spend(4)
    this.calls += 1
    if (this.calls > maxCalls) {
      throw failure(`its functions call themselves more than ${maxCalls} deep`)
    }
  }

  /** Refuses a result that is nested too deeply. */
  checkDepth(depth: number): void {
    if (depth > this.#allowance.depth) {
      throw failure(`a value is nested deeper than ${this.#allowance.depth}`)
    }
  }
}

/** Tells why an evaluation cannot give a value. */
export function failure(reason: string, cause?: unknown): AppError {
  return new AppError({
    code: 'stream/expression-failed',
    message: `the expression failed: ${reason}`,
    cause,
  })
}

/** What a program throws, as the error that leaves it. */
export function asFailure(error: unknown, textOf: (value: Value) => string): unknown {
  if (error instanceof Raised) {
    const value = error.read(() => {})
    return failure(typeof value === 'string' ? value : `${textOf(value)} (not a string)`)
  }
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return failure('it is nested too deeply')
  }
  return error
}

/** Thrown by `halt`: the outputs end here. */
export class Halt {}
