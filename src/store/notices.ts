/** Tells those who listen to a channel of a store that something is there. */

/** Who listens, by channel. */
export class Notices {
  readonly #listeners = new Map<string, Set<() => void>>()

  get channels(): readonly string[] {
    return [...this.#listeners.keys()]
  }

  /** @returns a function that ends the listening */
  listen(channel: string, callback: () => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set()
    const listener = () => callback()
    listeners.add(listener)
    this.#listeners.set(channel, listeners)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners)
        this.#listeners.delete(channel)
    }
  }

  tell(channel: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener()
  }
}
