/** Finds what factories made before they were listened to, from the first block of the listener on. */

import { AppError } from '../../base/app-error.ts'
import type { SqlStore } from '../../store/sql.ts'
import type { CompleteOptions } from '../listener-options.ts'
import type { BlockSpan, Discovery, Source } from '../source.ts'
import type { KeptBlocks } from './kept-blocks.ts'

/** Where is searched. */
export interface SearchedChain {
  readonly source: Source
  readonly kept: KeptBlocks
  readonly sql: SqlStore
  readonly options: Pick<CompleteOptions, 'startBlock' | 'maxRange'>
}

/** The search of one listener. */
export class FactorySearch {
  /** After trouble it goes on from here. */
  #next: number | undefined

  /**
   * Searches the blocks up to `upTo` for what factories made that were not listened to when these were read; each factory
   * once, as long as it is listened to. A listener that began with the newest block knows of none before.
   */
  async upTo(upTo: number, chain: SearchedChain): Promise<void> {
    await this.#search(upTo, chain)
    chain.source.discoveries?.settle(upTo)
  }

  async #search(upTo: number, { source, kept, sql, options }: SearchedChain): Promise<void> {
    const wanted = source.discoveries?.factories ?? []
    const known = await kept.searchedFactories()
    const fresh = new Set(wanted.filter((one) => !known.has(one)))
    if (fresh.size === 0 && known.size === wanted.length) return
    const { startBlock, maxRange } = options
    let length = maxRange
    const isNone = fresh.size === 0 || startBlock === 'latest'
    for (let from = isNone ? upTo + 1 : (this.#next ?? startBlock); from <= upTo; ) {
      const span = { from, to: Math.min(from + length - 1, upTo) }
      const found = await discoveredIn(source, span)
      if (found === undefined) {
        length = Math.max(1, Math.floor((span.to - from + 1) / 2))
        continue
      }
      const made = found.filter(({ factory }) => fresh.has(factory))
      await sql.transaction((session) => kept.addDiscoveries(session, made))
      source.discoveries?.add(made)
      from = span.to + 1
      this.#next = from
    }
    // What is not listened to from now on is searched for again when it is.
    await sql.transaction((session) => kept.setSearched(session, wanted))
  }
}

/** What was discovered in a span; `undefined` where fewer blocks have to be asked for. */
async function discoveredIn(
  source: Source,
  span: BlockSpan,
): Promise<readonly Discovery[] | undefined> {
  try {
    return (await source.discover?.(span))?.discovered ?? []
  } catch (error) {
    const isLarge = error instanceof AppError && error.code === 'stream/range-too-large'
    if (isLarge && span.to > span.from) return undefined
    throw error
  }
}
