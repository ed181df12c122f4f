/** Sums that grow in place: what one evaluation made itself for the sum need not be copied at each step. */

import { add } from './arithmetic.ts'
import type { Evaluation } from './budget.ts'
import { isMembers, put, type Value } from './values.ts'

/** A sum that is being made. */
export class Sum {
  #value: Value
  /** Whether the value is a copy that nobody else has. */
  #isOwn = false
  readonly #run: Evaluation

  constructor(start: Value, run: Evaluation) {
    this.#value = start
    this.#run = run
  }

  /** Nothing may be added after the value was given to somebody. */
  get value(): Value {
    return this.#value
  }

  add(value: Value): void {
    const sum = this.#value
    if (this.#isOwn && Array.isArray(sum) && Array.isArray(value)) {
      this.#run.spend(1 + value.length)
      for (const item of value) sum.push(item)
    } else if (this.#isOwn && isMembers(sum) && isMembers(value)) {
      const names = Object.keys(value)
      this.#run.spend(1 + names.length)
      for (const name of names) put(sum as { [name: string]: Value }, name, value[name] ?? null)
    } else {
      this.#value = add(sum, value, this.#run)
      this.#isOwn = sum !== null && value !== null && typeof this.#value === 'object'
    }
  }
}
