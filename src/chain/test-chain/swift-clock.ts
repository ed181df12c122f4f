/** Lets time pass as fast as a chain can use it, for tests that need many blocks. */

import { setImmediate } from 'node:timers/promises'

/** A clock that goes while it is pumped. */
export class SwiftClock {
  #nowMs: number
  readonly #alarms = new Set<{ readonly atMs: number; readonly run: () => void }>()

  readonly clock = { nowMs: () => this.#nowMs }
  readonly timer = {
    after: (delayMs: number, run: () => void) => {
      const alarm = { atMs: this.#nowMs + delayMs, run }
      this.#alarms.add(alarm)
      return () => void this.#alarms.delete(alarm)
    },
  }

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  /** Lets time pass, so much in each turn of the process, until something is so. */
  async until(isSo: () => boolean, stepMs = 50): Promise<void> {
    while (!isSo()) {
      this.#nowMs += stepMs
      for (const alarm of [...this.#alarms]) {
        if (alarm.atMs > this.#nowMs || !this.#alarms.delete(alarm)) continue
        alarm.run()
      }
      await setImmediate()
    }
  }
}
