/** Lets those wait who found nothing, until there may be something. */

import type { Timer } from '../../base/clock.ts'

/** Who waits at one queue. */
export class Waiters {
  readonly #timer: Timer
  readonly #waiting = new Set<() => void>()

  constructor(timer: Timer) {
    this.#timer = timer
  }

  /** Resolves at the next `wake`, at the latest after `mostMs`. */
  wait(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        this.#waiting.delete(end)
        resolve()
      }
      const cancel = this.#timer.after(mostMs, end)
      this.#waiting.add(end)
    })
  }

  wake(): void {
    for (const end of [...this.#waiting]) end()
  }
}
