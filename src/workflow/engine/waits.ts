/** Holds what a run waits for. */

import { Interrupted } from '../durable-context.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { InstanceRow } from './instance-rows.ts'
import type { Scope } from './scope.ts'

/** Something that a run waits for. */
export interface Wait<Value, Found = undefined> {
  readonly scope: Scope
  /** When it is over by itself, or is to be looked at. */
  readonly untilMs: number | undefined
  readonly step: string
  readonly reason: string | undefined
  /** Reads what `look` needs beside the row, as JSON, which a run elsewhere journals. */
  readonly find?: (nowMs: number) => Promise<Found>
  /** What it is over with; `undefined` while it is not. Asked after each nudge. @throws WorkflowError */
  look(row: InstanceRow, nowMs: number, found: Found): Value | undefined
}

/** One that is not over yet. */
export interface Waiting extends Wait<unknown, unknown> {
  isOver(): boolean
  readonly end: (value: unknown) => void
  readonly fail: (error: unknown) => void
}

/** The waits of one run. */
export class Waits {
  readonly #waits = new Set<Waiting>()
  #changes = 0
  /** Called before a wait that is over lets its branch go on. */
  readonly #ending: () => void

  constructor(ending: () => void) {
    this.#ending = ending
  }

  get size(): number {
    return this.#waits.size
  }

  /** Grows with each that begins or is over. */
  get changes(): number {
    return this.#changes
  }

  /** Resolves when `look` has found it over. @throws Interrupted */
  add<Value, Found>(
    wait: Wait<Value, Found>,
  ): { readonly done: Promise<Value>; readonly waiting: Waiting } {
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    const off = wait.scope.onStop((reason) => leave(() => reject(new Interrupted(reason))))
    const leave = (settle: () => void) => {
      if (!this.#waits.delete(waiting)) return
      this.#changes += 1
      off()
      settle()
    }
    const end = (value: unknown) =>
      leave(() => {
        this.#ending()
        resolve(value as Value)
      })
    const waiting: Waiting = {
      ...(wait as Wait<unknown, unknown>),
      ...{ isOver: () => !this.#waits.has(waiting), end },
      fail: (error) => leave(() => reject(error)),
    }
    this.#waits.add(waiting)
    this.#changes += 1
    return { done: promise, waiting }
  }

  /** Those that are not over. */
  all(): readonly Waiting[] {
    return [...this.#waits]
  }

  /** Asks all of them. */
  async look(row: InstanceRow, nowMs: number): Promise<void> {
    await Promise.all([...this.#waits].map((one) => lookAt(one, row, nowMs)))
  }

  /** When the first is over by itself, and what is told of them all. */
  summary(): {
    wakeAtMs: number | undefined
    step: string | undefined
    reason: string | undefined
  } {
    const waits = [...this.#waits]
    const times = waits.map(({ untilMs }) => untilMs).filter((at) => at !== undefined)
    const told = waits.find(({ reason }) => reason !== undefined) ?? waits[0]
    const wakeAtMs = times.length === 0 ? undefined : Math.min(...times)
    return { wakeAtMs, step: told?.step, reason: told?.reason }
  }
}

/** Ends a wait that is over. @throws the database's errors */
export async function lookAt(wait: Waiting, row: InstanceRow, nowMs: number): Promise<void> {
  try {
    const found = wait.find === undefined ? undefined : await wait.find(nowMs)
    const value = wait.isOver() ? undefined : wait.look(row, nowMs, found)
    if (value !== undefined) wait.end(value)
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
    wait.fail(error)
  }
}
