/** Watches the heads of chains while somebody wants to hear of new blocks. */

import type { ApiChain } from '../api-dependencies.ts'
import { blockView } from '../routes/views.ts'

type Block = NonNullable<Awaited<ReturnType<typeof blockView>>>

/** Pause between two looks, the most blocks told of after a gap, and the hashes kept for finding where chains part. */
const [pauseMs, mostAtOnce, keptHashes] = [250, 20, 200]

/** Tells listeners of new blocks; nothing is asked while nobody listens. */
export class BlockWatch {
  readonly #chains: readonly ApiChain[]
  readonly #listeners = new Set<(block: Block) => void>()
  /** Hashes of the blocks that were told of and are on the chain still, oldest first. */
  readonly #told = new Map<string, readonly string[]>()
  #life = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(chains: readonly ApiChain[]) {
    this.#chains = chains
  }

  /** Calls for each new block; after a reorganisation, for each block that replaces another. */
  subscribe(listener: (block: Block) => void): () => void {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) {
      this.#life = new AbortController()
      this.#look(this.#life.signal)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.stop()
    }
  }

  stop(): void {
    this.#life.abort()
    clearTimeout(this.#timer)
    this.#told.clear()
  }

  #look(signal: AbortSignal): void {
    this.#timer = setTimeout(async () => {
      await Promise.allSettled(this.#chains.map((chain) => this.#lookAt(chain, signal)))
      if (!signal.aborted) this.#look(signal)
    }, pauseMs)
  }

  /** Goes back from the head to a block that was told of. */
  async #lookAt(chain: ApiChain, signal: AbortSignal): Promise<void> {
    const told = this.#told.get(chain.name)
    const fresh: Block[] = []
    let block = await blockView(chain, 'latest')
    while (block && !told?.includes(block.hash) && fresh.length < (told ? mostAtOnce : 1)) {
      fresh.unshift(block)
      block = block.number === 0 ? undefined : await blockView(chain, block.parentHash)
    }
    if (signal.aborted) return
    const kept = told?.slice(0, told.indexOf(block?.hash ?? '') + 1) ?? []
    const path = [...kept, ...fresh.map(({ hash }) => hash)]
    this.#told.set(chain.name, path.slice(-keptHashes))
    for (const one of fresh) for (const listener of this.#listeners) listener(one)
  }
}
