/** Waits for what a chain tells, in tests. */

import type { Chain } from '../chain.ts'

type Told = Pick<Chain, 'head' | 'subscribe'>

/** Resolves when something holds after what a chain has told. */
export function until(chain: Pick<Told, 'subscribe'>, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return
      stop()
      resolve()
    }
    const stop = chain.subscribe(look)
    look()
  })
}

/** Resolves when a chain has this height. */
export function reached(chain: Told, height: bigint): Promise<void> {
  return until(chain, () => chain.head().header.number >= height)
}
