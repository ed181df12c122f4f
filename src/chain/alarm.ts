/** Rings once at a time that can be set anew. */

import type { Clock, Timer } from '../base/clock.ts'

/** What an alarm runs by. */
interface Time {
  readonly clock: Clock
  readonly timer: Timer
}

/** One alarm. */
export class Alarm {
  readonly #time: Time
  readonly #ring: () => void
  #cancel = () => {}

  constructor(time: Time, ring: () => void) {
    this.#time = time
    this.#ring = ring
  }

  /** In place of whatever was set before. */
  set(atMs: number): void {
    this.#cancel()
    const { clock, timer } = this.#time
    this.#cancel = timer.after(Math.max(0, atMs - clock.nowMs()), this.#ring)
  }

  cancel(): void {
    this.#cancel()
  }
}
