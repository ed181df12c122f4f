/** Measures how late the program is at what was due, as long as somebody asks. */

import type { Clock, Timer } from '../base/clock.ts'

/** Between two looks. */
const lookMs = 50
/** What was measured before this says nothing of now. */
const staleMs = 1_000

/** How late timers are: what votes and proposals wait before it is their turn. */
export class Lateness {
  readonly #clock: Clock
  readonly #timer: Timer
  #ms = 0
  #measuredMs = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor({ clock, timer }: { readonly clock: Clock; readonly timer: Timer }) {
    this.#clock = clock
    this.#timer = timer
  }

  /** Of the last looks, each half as much as the one after it, in ms. */
  get ms(): number {
    this.#cancel ??= this.#look()
    return this.#clock.nowMs() - this.#measuredMs > staleMs ? 0 : this.#ms
  }

  stop(): void {
    this.#cancel?.()
  }

  #look(): () => void {
    const dueMs = this.#clock.nowMs() + lookMs
    return this.#timer.after(lookMs, () => {
      this.#cancel = undefined
      this.#measuredMs = this.#clock.nowMs()
      // A clock that was set says nothing of the program.
      const lateMs = Math.min(Math.max(this.#measuredMs - dueMs, 0), staleMs)
      this.#ms = (this.#ms + lateMs) / 2
    })
  }
}
