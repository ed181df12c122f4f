/** Bounds the memory of states while a log is followed: what did not change lately goes into a file without a name. */

import { readPieces, removePieces, writePieces } from '../store/piece-file.ts'
import type { State } from './state/state.ts'

/** Pages that are written before others get a turn. */
const pagesATurn = 128

/** The file of the states of one chain, which is gone when nobody reads it any more. */
export class StateSpill {
  readonly #file: string
  readonly #mostBytes: number
  /** Memory that the states took after the last time. */
  #bytesAfter = 0

  /** @param file - a name that nothing has; it is there only while it is written */
  constructor(file: string, mostBytes: number) {
    this.#file = file
    this.#mostBytes = mostBytes
  }

  /** After each block: writes its state if memory is above the bound and grew since the last time. */
  async consider(state: State): Promise<void> {
    const bytes = state.memoryBytes
    if (bytes <= this.#mostBytes || bytes <= this.#bytesAfter * 1.2) return
    const checkpoint = state.checkpoint()
    if (checkpoint === undefined) return
    const writer = await writePieces(this.#file)
    try {
      let pages = 0
      for (const _ of checkpoint.steps((piece) => writer.append(piece))) {
        pages += 1
        if (pages % pagesATurn === 0) await writer.drain()
      }
      await writer.finish(checkpoint.last(new Uint8Array()))
      const source = readPieces(this.#file)
      if (source) checkpoint.adopt(source, true)
    } finally {
      checkpoint.end()
      await removePieces(this.#file)
    }
    this.#bytesAfter = state.memoryBytes
  }
}
