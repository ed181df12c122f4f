/** Holds those who wait for the next block of a chain. */

/** Each waits until a block is there, or there will be none. */
export class BlockWaiters {
  readonly #waiting = new Set<PromiseWithResolvers<void>>()

  get size(): number {
    return this.#waiting.size
  }

  /** Resolves with the next block; rejects when none comes. */
  next(): Promise<void> {
    const one = Promise.withResolvers<void>()
    this.#waiting.add(one)
    return one.promise
  }

  /** There is a block. */
  resolve(): void {
    for (const one of this.#waiting) one.resolve()
    this.#waiting.clear()
  }

  /** There will be no block. */
  reject(error: unknown): void {
    for (const one of this.#waiting) one.reject(error)
    this.#waiting.clear()
  }
}
