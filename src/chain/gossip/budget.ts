/** Counts what each peer costs in a stretch of time. */

interface Spent {
  readonly sinceMs: number
  readonly count: number
}

/** So much for each peer in each stretch; peers that went must be dropped. */
export class Budget {
  readonly #most: number
  readonly #stretchMs: number
  readonly #spent = new Map<string, Spent>()

  constructor(most: number, stretchMs: number) {
    this.#most = most
    this.#stretchMs = stretchMs
  }

  /** Takes one; false if there is none left. */
  take(peer: string, nowMs: number): boolean {
    const { sinceMs, count } = this.#of(peer, nowMs)
    if (count >= this.#most) return false
    this.#spent.set(peer, { sinceMs, count: count + 1 })
    return true
  }

  /** How long until there is one to take. */
  waitMs(peer: string, nowMs: number): number {
    const { sinceMs, count } = this.#of(peer, nowMs)
    return count < this.#most ? 0 : sinceMs + this.#stretchMs - nowMs
  }

  drop(peer: string): void {
    this.#spent.delete(peer)
  }

  #of(peer: string, nowMs: number): Spent {
    const spent = this.#spent.get(peer)
    // The clock may have been set back.
    const isOver =
      !spent || nowMs >= spent.sinceMs + this.#stretchMs || nowMs < spent.sinceMs - this.#stretchMs
    return isOver ? { sinceMs: nowMs, count: 0 } : spent
  }
}
