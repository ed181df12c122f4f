/** Watches the heads of chains while somebody wants to hear of new blocks. */

import type { ApiChain } from '../api-dependencies.ts'
import { blockView } from '../routes/views.ts'

type Block = NonNullable<Awaited<ReturnType<typeof blockView>>>

/** Pause between two looks, and the most blocks told of after a gap. */
const [pauseMs, mostAtOnce] = [250, 20]

/** Tells listeners of new blocks; nothing is asked while nobody listens. */
export class BlockWatch {
  readonly #chains: readonly ApiChain[]
  readonly #listeners = new Set<(block: Block) => void>()
  readonly #heads = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(chains: readonly ApiChain[]) {
    this.#chains = chains
  }

  subscribe(listener: (block: Block) => void): () => void {
    this.#listeners.add(listener)
    if (this.#timer === undefined) this.#look()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.stop()
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#heads.clear()
  }

  #look(): void {
    const again = () => {
      if (this.#listeners.size > 0) this.#look()
    }
    this.#timer = setTimeout(() => {
      Promise.all(this.#chains.map((chain) => this.#lookAt(chain))).then(again, again)
    }, pauseMs)
  }

  async #lookAt(chain: ApiChain): Promise<void> {
    const head = Number(await chain.client.request('eth_blockNumber'))
    const before = this.#heads.get(chain.name) ?? head - 1
    this.#heads.set(chain.name, head)
    const from = head <= before ? head + 1 : Math.max(before + 1, head - mostAtOnce + 1)
    for (let number = from; number <= head; number += 1) {
      const block = await blockView(chain, `0x${number.toString(16)}`)
      if (block) for (const listener of this.#listeners) listener(block)
    }
  }
}
