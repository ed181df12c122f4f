/** Repeats looks at something, with pauses that grow after failures, until it is stopped. */

import { AppError } from '../../base/app-error.ts'
import type { Timer } from '../../base/clock.ts'

/** What is repeated. */
export interface RoundsOptions {
  readonly pollMs: number
  readonly timer: Timer
  /** One look; how long to wait before the next one, `undefined` to end. */
  readonly look: () => Promise<'again' | 'wait' | 'end'>
  /** Told of an error, and which one in a row it is; whether to go on. */
  readonly failed: (error: unknown, times: number) => boolean
}

/** Longest pause after failures. */
const maxPauseMs = 10_000

/** Looks one after the other. */
export class Rounds {
  readonly #options: RoundsOptions
  #running = false
  #failures = 0
  #round: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()
  #wanted = false
  #cancelPause = () => {}

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#failures = 0
    this.#next(0)
  }

  /** Looks now: there may be something new. After failures the pause stays. */
  wake(): void {
    if (!this.#running || this.#failures > 0) return
    if (this.#round !== undefined) {
      this.#wanted = true
      return
    }
    this.#cancelPause()
    this.#next(0)
  }

  /** Resolves when no look is under way any more. */
  async stop(): Promise<void> {
    this.#running = false
    this.#cancelPause()
    await this.#last
  }

  #next(delayMs: number): void {
    if (!this.#running) return
    this.#cancelPause = this.#options.timer.after(delayMs, () => {
      this.#round = this.#look().finally(() => {
        this.#round = undefined
      })
      this.#last = this.#round
    })
  }

  async #look(): Promise<void> {
    const { pollMs, look, failed } = this.#options
    this.#wanted = false
    let pause = 0
    try {
      const then = await look()
      this.#failures = 0
      if (then === 'end') this.#running = false
      pause = then === 'wait' && !this.#wanted ? pollMs : 0
    } catch (error) {
      if (!this.#running) return
      this.#failures += 1
      if (!failed(error, this.#failures)) this.#running = false
      const asked = error instanceof AppError ? Number(error.data.retryAfterMs) || 0 : 0
      pause = Math.max(Math.min(pollMs * 2 ** Math.min(this.#failures, 16), maxPauseMs), asked)
    }
    this.#next(pause)
  }
}
