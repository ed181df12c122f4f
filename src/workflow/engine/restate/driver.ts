/**
 * Lets the branches of a run ask a Restate cluster side by side, in an order that is the same whenever the run is replayed:
 * what they ask is gathered until all of them wait, and one answer after the other is handed on.
 */

import { RestatePromise, type TerminalError } from '@restatedev/restate-sdk'

/** Something that a branch waits for. */
export interface Asked<T> {
  readonly done: Promise<T>
  /** It is not waited for any more. */
  leave(): void
}

interface Operation {
  issue(): RestatePromise<unknown>
  settle(value: unknown, failure: TerminalError | undefined): void
}

interface Answer {
  readonly operation: Operation
  readonly value: unknown
  readonly failure: TerminalError | undefined
}

/** The operations of one run. */
export class Driver {
  readonly #fresh = new Set<Operation>()
  readonly #pending = new Map<Operation, RestatePromise<Answer>>()
  readonly #rest: () => void

  /** @param rest - called whenever all branches wait; what it asks is issued last */
  constructor(rest: () => void) {
    this.#rest = rest
  }

  /** Has an operation issued once all branches wait. */
  ask<T>(issue: () => RestatePromise<T>): Asked<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const operation: Operation = {
      issue: issue as () => RestatePromise<unknown>,
      settle: (value, failure) => (failure === undefined ? resolve(value as T) : reject(failure)),
    }
    // Nobody may be left to hear of it.
    promise.catch(() => {})
    this.#fresh.add(operation)
    const leave = () => {
      this.#fresh.delete(operation)
      this.#pending.delete(operation)
    }
    return { done: promise, leave }
  }

  /** Hands on answers until `running` has ended, and gives what it gives. */
  async drive<T>(running: Promise<T>): Promise<T> {
    let hasEnded = false
    const end = () => {
      hasEnded = true
    }
    running.then(end, end)
    for (;;) {
      await this.#quiet(() => hasEnded)
      if (hasEnded) return running
      this.#rest()
      for (const operation of this.#fresh) {
        const answer = operation
          .issue()
          .map((value, failure): Answer => ({ operation, value, failure }))
        this.#pending.set(operation, answer)
      }
      this.#fresh.clear()
      const { operation, value, failure } = await RestatePromise.race([...this.#pending.values()])
      this.#pending.delete(operation)
      operation.settle(value, failure)
    }
  }

  /** Whatever follows without an answer has followed, and there is something to wait for. */
  async #quiet(hasEnded: () => boolean): Promise<void> {
    await new Promise(setImmediate)
    while (!hasEnded() && this.#fresh.size + this.#pending.size === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
}
