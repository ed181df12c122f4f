/** Lets so much of one kind of work have its turn before others do, and the rest later, in the order in which it came. */

/** A share of each turn of the event loop. */
export class TurnShare {
  readonly #most: number
  #begun = 0
  #isCounting = false
  readonly #waiting: (() => void)[] = []

  /** @param most - pieces of work that begin in one turn */
  constructor(most: number) {
    this.#most = most
  }

  /** Resolves when a piece may begin; nothing is to be waited for while there is room in this turn. */
  enter(): Promise<void> | undefined {
    this.#count()
    if (this.#begun < this.#most && this.#waiting.length === 0) {
      this.#begun += 1
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #count(): void {
    if (this.#isCounting) return
    this.#isCounting = true
    setImmediate(() => {
      this.#isCounting = false
      const next = this.#waiting.splice(0, this.#most)
      this.#begun = next.length
      if (next.length > 0) this.#count()
      for (const begin of next) begin()
    })
  }
}
