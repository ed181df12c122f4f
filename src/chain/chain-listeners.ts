/** Tells those who listen to a chain what happens to it. */

import type { Logger } from '../base/logger.ts'
import type { ChainEvent } from './chain.ts'

/** Listeners; one that fails keeps nobody else from hearing. */
export class ChainListeners {
  readonly #logger: Logger
  readonly #listeners = new Set<(event: ChainEvent) => void>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Gives a function that ends the listening. */
  add(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(event: ChainEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#logger.error('a listener failed', { error: String(error) })
      }
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}
