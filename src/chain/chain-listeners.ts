/** Tells those who listen to a chain what happens to it. */

import { toHex } from '../base/bytes.ts'
import type { Logger } from '../base/logger.ts'
import type { TooDeep } from './block-import.ts'
import type { ChainEvent } from './chain.ts'
import type { Block } from './ledger/block.ts'

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

  /** A better branch parts too far back: it is for the operator to decide. */
  tellTooDeep(chain: string, head: Block, { end: branch, fork }: TooDeep): void {
    const [at, own, other] = [String(fork.header.number), toHex(head.hash), toHex(branch.hash)]
    this.#logger.error(
      'reorg-too-deep: a branch with more work parts too far back and is not followed',
      { chain, fork: at, head: own, branch: other },
    )
    this.tell({ kind: 'reorg-too-deep', head, branch })
  }
}
