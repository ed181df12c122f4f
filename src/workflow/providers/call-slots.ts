/** Lets so many calls of a function run at once, and so many wait, each for so long. */

import type { Timer } from '../../base/clock.ts'

/** How many, and how long. */
export interface SlotOptions {
  /** Calls at once; default 16. */
  readonly concurrency?: number
  /** Default 256. */
  readonly mostWaiting?: number
  /** Default 10,000. */
  readonly longestWaitMs?: number
}

/** Why a call got no slot. */
export type NoSlot = 'too-many' | 'too-long' | 'interrupted'

/** The slots of one function. */
export class CallSlots {
  readonly #timer: Timer
  readonly #most: number
  readonly #mostWaiting: number
  readonly #longestWaitMs: number
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(
    { concurrency = 16, mostWaiting = 256, longestWaitMs = 10_000 }: SlotOptions,
    timer: Timer,
  ) {
    this.#timer = timer
    this.#most = concurrency
    this.#mostWaiting = mostWaiting
    this.#longestWaitMs = longestWaitMs
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Takes a slot, which `leave` gives back, or says why there was none; those that wait are served in their order. */
  async enter(signal: AbortSignal): Promise<NoSlot | undefined> {
    if (this.#running < this.#most) {
      this.#running += 1
      return undefined
    }
    if (signal.aborted) return 'interrupted'
    if (this.#waiting.size >= this.#mostWaiting) return 'too-many'
    return new Promise((resolve) => {
      const end = (why: NoSlot | undefined) => {
        cancelAlarm()
        signal.removeEventListener('abort', interrupted)
        this.#waiting.delete(take)
        resolve(why)
      }
      const take = () => end(undefined)
      const interrupted = () => end('interrupted')
      const cancelAlarm = this.#timer.after(this.#longestWaitMs, () => end('too-long'))
      signal.addEventListener('abort', interrupted)
      this.#waiting.add(take)
    })
  }

  /** Gives the slot to the one that has waited longest. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#running -= 1
    else next()
  }
}
