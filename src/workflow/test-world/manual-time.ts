/** Gives tests a clock and a timer that move only when they say so. */

import type { Clock, Timer } from '../../base/clock.ts'

/** Time that stands still until `advance`. */
export class ManualTime implements Clock, Timer {
  #nowMs = 1_000_000
  #alarms: { readonly atMs: number; readonly run: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): () => void {
    const alarm = { atMs: this.#nowMs + delayMs, run }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((one) => one !== alarm)
    }
  }

  /** Moves time on and runs what is due, oldest first. */
  advance(ms: number): void {
    this.#nowMs += ms
    const due = this.#alarms.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#alarms = this.#alarms.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { run } of due.sort((a, b) => a.atMs - b.atMs)) run()
  }
}
