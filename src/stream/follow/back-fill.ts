/** Reads the history before the block with which following began, beside the following. */

import { inconsistent } from '../source.ts'
import { RangeReader } from './block-range.ts'
import type { ListenerContext } from './context.ts'
import type { LifeMarks } from './event-life.ts'
import type { BackFill } from './kept-blocks.ts'

/** The history of one chain. */
export class HistoryReader {
  readonly #with: ListenerContext
  readonly #reader: RangeReader

  constructor(context: ListenerContext) {
    this.#with = context
    this.#reader = new RangeReader(context.source, context.options)
  }

  /** Reads and stores the next range; what is left then. */
  async advance(head: number, marks: LifeMarks): Promise<BackFill | undefined> {
    const { source, kept, writer } = this.#with
    const fill = await kept.backFill()
    if (fill === undefined) return undefined
    const { next, last, hash, lastHash } = fill
    const before = hash === undefined ? undefined : { number: next - 1, hash }
    const range = await this.#reader.read({ from: next, end: last, head, before })
    // The history must end in the block from which following began.
    if (range.to === last && range.blocks.at(-1)?.hash !== lastHash) {
      throw inconsistent(`block ${last} is another one than when following began`)
    }
    this.#reader.prefetch(range, { end: last, head })
    try {
      await writer.write(range, marks, {
        keep: async (session, piece) => {
          const after = { next: piece.to + 1, last, lastHash, hash: piece.blocks.at(-1)?.hash }
          await kept.setBackFill(session, after)
          await kept.addDiscoveries(session, piece.discovered)
        },
      })
      source.discoveries?.add(range.discovered)
    } catch (error) {
      await this.#reader.forget()
      throw error
    }
    return kept.backFill()
  }

  /** Waits until nothing is under way. */
  stop(): Promise<void> {
    return this.#reader.forget()
  }
}
