/** The time of a test of a workflow: it stands still until it is moved, and knows when something is next due. */

import type { Clock, Timer } from '../../base/clock.ts'

/** A clock and a timer that move by command. */
export class VirtualTime implements Clock, Timer {
  #nowMs: number
  #alarms: { readonly atMs: number; readonly run: () => void }[] = []

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): () => void {
    const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), run }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((one) => one !== alarm)
    }
  }

  /** When the next alarm is due, of those that are less than so far away. */
  nextMs(withinMs: number): number | undefined {
    const times = this.#alarms
      .map(({ atMs }) => atMs)
      .filter((atMs) => atMs - this.#nowMs < withinMs)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** Moves on, and runs what is due by then, oldest first. */
  advanceTo(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms)
    const due = this.#alarms.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#alarms = this.#alarms.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { run } of due.sort((a, b) => a.atMs - b.atMs)) run()
  }
}
