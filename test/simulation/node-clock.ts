/** Models a node's clock, which runs too fast or too slow and may jump; what it waits for moves with it. */

/** The one time that there really is. */
export interface TrueTime {
  readonly nowMs: number
  after(ms: number, run: () => void): void
}

interface Wait {
  readonly dueMs: number
  readonly run: () => void
}

/** Waits of one life of a node; none of them ends after the node has stopped. */
export class NodeClock {
  readonly #world: TrueTime
  readonly #drift: number
  readonly #waits = new Set<Wait>()
  #shiftMs: number

  /** @param drift - thousandths by which it is too fast
   * @param shiftMs - by how much it is ahead at first */
  constructor(world: TrueTime, drift: number, shiftMs = 0) {
    this.#world = world
    this.#drift = 1 + drift / 1_000
    this.#shiftMs = shiftMs
  }

  /** Calls back after a time, unless that is called off. */
  wait(ms: number, run: () => void): () => void {
    const wait = { dueMs: this.ownMs() + ms, run }
    this.#waits.add(wait)
    this.#arm(wait)
    return () => void this.#waits.delete(wait)
  }

  /** Sets the clock ahead, or back. */
  jump(byMs: number): void {
    this.#shiftMs += byMs
    for (const wait of this.#waits) this.#arm(wait)
  }

  stop(): void {
    this.#waits.clear()
  }

  /** What it shows. */
  ownMs(): number {
    return this.#world.nowMs * this.#drift + this.#shiftMs
  }

  #arm(wait: Wait): void {
    const inMs = Math.max(0, (wait.dueMs - this.ownMs()) / this.#drift)
    this.#world.after(inMs, () => {
      // A clock that was set back has armed it anew for later.
      if (!this.#waits.has(wait) || this.ownMs() + 0.001 < wait.dueMs) return
      this.#waits.delete(wait)
      wait.run()
    })
  }
}
