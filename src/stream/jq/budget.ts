/** Bounds what one evaluation may cost, in values visited and characters written. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'

/** Most values visited and characters written by one evaluation. */
const maxWork = 2_000_000
/** Deepest nesting of a value that an expression looks through. */
const maxValueDepth = 200

/** What is left of one evaluation's allowance; without it `[.,.]|[.,.]|…` would fill any memory. */
export class Budget {
  #left = maxWork
  /** Values of variables, by name. */
  readonly variables: Readonly<Record<string, Json>>

  constructor(variables: Readonly<Record<string, Json>> = {}) {
    this.variables = variables
  }

  /** @throws AppError `stream/expression-failed` when the allowance is used up */
  spend(work: number): void {
    this.#left -= work
    if (this.#left < 0) {
      throw failure(`it takes more than ${maxWork} steps, which is the limit`)
    }
  }

  /** Spends what a value weighs, each place where it occurs counted; the same limits hold for a result. */
  weigh(value: Json, depth = 0): void {
    this.enter(depth)
    if (typeof value === 'string') this.spend(value.length)
    else if (Array.isArray(value)) for (const item of value) this.weigh(item, depth + 1)
    else if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value)) {
        this.spend(name.length)
        this.weigh(item, depth + 1)
      }
    }
  }

  /** Goes one value deeper. */
  enter(depth: number): void {
    this.spend(1)
    if (depth > maxValueDepth) {
      throw failure(`a value is nested deeper than ${maxValueDepth}`)
    }
  }

  /** A value as text: a string as it is, others as JSON. */
  textOf(value: Json): string {
    this.weigh(value)
    return typeof value === 'string'
      ? value
      : typeof value === 'bigint'
        ? String(value)
        : JSON.stringify(value)
  }
}

/** Tells why an evaluation cannot give a value. */
export function failure(reason: string): AppError {
  return new AppError({
    code: 'stream/expression-failed',
    message: `the expression failed: ${reason}`,
  })
}
