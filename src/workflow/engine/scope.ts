/** Tells the operations of a run, or of one of its branches, that they are to end. */

import { Interrupted, type InterruptReason } from '../durable-context.ts'

/** A run or a branch; what is stopped stays so, with all that lies within. */
export class Scope {
  #reason: InterruptReason | undefined
  #heeds: Set<(reason: InterruptReason) => void> | undefined
  /** Keys of the sleeps whose end stops it. */
  readonly limits: readonly string[]

  /** Begins stopped where what it lies in is stopped. */
  constructor(parent?: Scope, until?: string) {
    const outer = parent?.limits ?? []
    this.limits = until === undefined ? outer : [...outer, until]
    if (parent === undefined) return
    this.#reason = parent.reason
    if (this.#reason === undefined) parent.onStop((reason) => this.stop(reason))
  }

  /** Why it is to end; absent while it is not. */
  get reason(): InterruptReason | undefined {
    return this.#reason
  }

  /** @throws Interrupted */
  check(): void {
    if (this.#reason !== undefined) throw new Interrupted(this.#reason)
  }

  /** One that only the end of a branch stops: what happens in it goes on while the instance is undone. */
  held(): Scope {
    const held = new Scope()
    if (this.#reason === 'branch-stopped') held.stop(this.#reason)
    this.onStop((reason) => (reason === 'branch-stopped' ? held.stop(reason) : undefined))
    return held
  }

  stop(reason: InterruptReason): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    const heeds = this.#heeds
    this.#heeds = undefined
    for (const heed of heeds ?? []) heed(reason)
  }

  /** Calls back when it is stopped; gives what takes that off. */
  onStop(heed: (reason: InterruptReason) => void): () => void {
    this.#heeds ??= new Set()
    const heeds = this.#heeds
    heeds.add(heed)
    return () => heeds.delete(heed)
  }
}
