/** Stops asking what has failed again and again, and tries it with one call after a while. */

import type { Clock } from '../../base/clock.ts'

/** `closed`: calls go through; `open`: none does; `half-open`: one does, and decides. */
export type CircuitState = 'closed' | 'open' | 'half-open'

/** When it opens, and for how long. */
export interface CircuitOptions {
  /** Failures in a row; default 5. */
  readonly failures?: number
  /** Default 30,000. */
  readonly openMs?: number
}

/** What a call said about what it called: nothing, if it was interrupted. */
export type CallVerdict = 'good' | 'bad' | 'unknown'

/** The breaker of one function. */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #most: number
  readonly #openMs: number
  #failures = 0
  #openUntilMs: number | undefined
  #isProbing = false

  constructor({ failures = 5, openMs = 30_000 }: CircuitOptions, clock: Clock) {
    this.#most = failures
    this.#openMs = openMs
    this.#clock = clock
  }

  get state(): CircuitState {
    if (this.#openUntilMs === undefined) return 'closed'
    return this.#isProbing || this.#clock.nowMs() >= this.#openUntilMs ? 'half-open' : 'open'
  }

  /** Lets a call through, or gives the milliseconds after which it is worth asking again. */
  enter(): { readonly isProbe: boolean } | { readonly waitMs: number } {
    if (this.#openUntilMs === undefined) return { isProbe: false }
    const waitMs = this.#openUntilMs - this.#clock.nowMs()
    if (waitMs > 0) return { waitMs }
    if (this.#isProbing) return { waitMs: this.#openMs }
    this.#isProbing = true
    return { isProbe: true }
  }

  /** Hears how a call that was let through has ended. */
  left(verdict: CallVerdict, { isProbe }: { readonly isProbe: boolean }): void {
    if (isProbe) this.#isProbing = false
    if (verdict === 'good') {
      this.#failures = 0
      this.#openUntilMs = undefined
    } else if (verdict === 'bad') {
      this.#failures += 1
      if (isProbe || this.#failures >= this.#most) {
        this.#openUntilMs = this.#clock.nowMs() + this.#openMs
      }
    }
  }
}
