/** Takes a chain back: to an ancestor, to a mark, or to its birth. */

import type { ChainMark } from './chain.ts'
import type { ChainParts } from './chain-parts.ts'
import type { ExecutedBlock } from './ledger/block.ts'

/** Most removed blocks that listeners hear of. */
const mostTold = 1_024n

/** What moves. */
interface WayParts
  extends Pick<ChainParts, 'past' | 'log' | 'checkpoints' | 'genesis' | 'birthState'> {
  /** The chain went back to a block; of those that were removed, whose transactions wait again. */
  readonly wentBack: (
    number: bigint,
    removed: readonly ExecutedBlock[],
    returned: readonly ExecutedBlock[],
  ) => void
}

/** The ways back of one chain; one is taken at a time. */
export class WayBack {
  readonly #parts: WayParts

  constructor(parts: WayParts) {
    this.#parts = parts
  }

  /** Goes back as a reorganisation does: what leaves the chain stays in the log, and its transactions wait again. */
  async rewindTo(number: bigint): Promise<void> {
    const { past, log, checkpoints, wentBack } = this.#parts
    if (number >= past.head.header.number) return
    const removed = this.#blocksAbove(number)
    past.rewindTo(number)
    await checkpoints.beforeRewind(number)
    await log.rewindTo(number)
    wentBack(number, removed, removed)
  }

  /** Where the chain is. */
  mark(timestamp: bigint | undefined): ChainMark {
    const { past, log } = this.#parts
    const held = past.hold()
    const release = () => {
      for (const state of held.states) state.release()
    }
    return { ...held, end: log.end(), timestamp, release }
  }

  /** Goes back as if nothing had come after the mark. */
  async returnTo({ block, states, end }: Omit<ChainMark, 'timestamp' | 'release'>): Promise<void> {
    const { past, log, checkpoints, wentBack } = this.#parts
    if (log.end() <= end) return
    const { number } = block.header
    const removed = this.#blocksAbove(number)
    const [first, ...others] = states
    past.returnTo({ block, states: [first.hold(), ...others.map((state) => state.hold())] })
    await checkpoints.beforeRewind(number)
    await log.cutTo(number, end)
    wentBack(number, removed, [])
  }

  /** Goes back to the birth. */
  async beginAnew(): Promise<void> {
    const { birthState, genesis, log } = this.#parts
    const state = birthState()
    await this.returnTo({ block: genesis.block, states: [state], end: log.birthEnd() })
    state.release()
  }

  /** Oldest first; of very many the newest. */
  #blocksAbove(number: bigint): readonly ExecutedBlock[] {
    const { past, log } = this.#parts
    const newest = past.head.header.number
    const lowest = newest - number > mostTold ? newest - mostTold : number
    const numbers = Array.from(
      { length: Number(newest - lowest) },
      (_, at) => lowest + BigInt(at + 1),
    )
    return numbers.map((one) => log.byNumber(one)).filter((executed) => executed !== undefined)
  }
}
