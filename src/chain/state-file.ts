/** Writes a state into a file, in steps between which others get a turn. */

import { writePieces } from '../store/piece-file.ts'
import type { StateCheckpoint } from './state/state.ts'

/** Pages that are written before others get a turn. */
const pagesATurn = 128

/** How the writing is followed. */
interface StateFileOptions {
  /** What the file holds besides, asked for when all pages are written; nothing unless given. */
  readonly appendix?: () => Uint8Array
  /** Whether it shall end early. */
  readonly isCancelled?: () => boolean
  /** Hears now and then which portion is written, from 0 to 1. */
  readonly tell?: (portion: number) => void
}

/** Writes the file whole or not at all; false if it was cancelled. */
export async function writeStateFile(
  checkpoint: StateCheckpoint,
  file: string,
  options: StateFileOptions = {},
): Promise<boolean> {
  const { appendix = () => new Uint8Array(), isCancelled, tell } = options
  const writer = await writePieces(file)
  try {
    let pages = 0
    for (const portion of checkpoint.steps((piece) => writer.append(piece))) {
      pages += 1
      if (pages % pagesATurn !== 0) continue
      await writer.drain()
      tell?.(portion)
      if (!isCancelled?.()) continue
      await writer.abandon()
      return false
    }
    if (isCancelled?.()) {
      await writer.abandon()
      return false
    }
    await writer.finish(checkpoint.last(appendix()))
    return true
  } catch (error) {
    await writer.abandon()
    throw error
  }
}
