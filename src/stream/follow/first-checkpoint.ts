/** Decides where the following of a chain begins, and what of its history is read beside it. */

import { AppError } from '../../base/app-error.ts'
import type { SqlStore } from '../../store/sql.ts'
import type { CompleteOptions } from '../listener-options.ts'
import type { Source } from '../source.ts'
import type { Checkpoint, KeptBlocks } from './kept-blocks.ts'

/** A chain that was not followed before. */
export interface FreshChain {
  readonly options: CompleteOptions
  readonly source: Source
  readonly kept: KeptBlocks
  readonly head: number
  readonly genesis: string | undefined
}

/**
 * Writes the first checkpoint: the block before the first one that is followed, and what is to be filled in.
 *
 * @throws AppError `stream/not-yet` while the chain has not come to that block
 */
export async function firstCheckpoint(
  sql: SqlStore,
  { options, source, kept, head, genesis }: FreshChain,
): Promise<Checkpoint> {
  const { startBlock, window, shortHistory, chainId } = options
  const before = (startBlock === 'latest' ? head + 1 : startBlock) - 1
  if (before > head) {
    const message = `waiting for block ${before}, before which nothing is read; the head is block ${head}`
    throw new AppError({ code: 'stream/not-yet', message, retry: 'later' })
  }
  // A long history must not delay what happens now; it ends where no reorganisation that is followed can begin.
  // Addresses that are discovered on the way are needed for what comes behind: then all is read in order.
  const isOrdered = source.discoveries !== undefined
  const isLong = !isOrdered && head - before > Math.max(shortHistory, window)
  const number = isLong ? head - window : before
  // Near the head a reorganisation may go back before the first block that is read.
  const first = Math.max(0, Math.min(number, head - window))
  const numbers = Array.from({ length: number + 1 - first }, (_, at) => first + at)
  const blocks = await source.blocksAt(numbers)
  const checkpoint = { number, chainId, genesis }
  await sql.transaction(async (session) => {
    await kept.keep(session, blocks)
    await kept.setCheckpoint(session, checkpoint)
    if (!isLong) return
    const lastHash = blocks.at(-1)?.hash ?? ''
    const fill = { next: before + 1, last: number, lastHash, hash: undefined }
    await kept.setBackFill(session, fill)
  })
  return checkpoint
}
