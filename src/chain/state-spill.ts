/** Bounds the memory of states while a log is followed: what did not change lately goes into a file without a name. */

import { readPieces, removePieces } from '../store/piece-file.ts'
import type { State } from './state/state.ts'
import { writeStateFile } from './state-file.ts'

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
    try {
      await writeStateFile(checkpoint, this.#file)
      const source = readPieces(this.#file)
      if (source) checkpoint.adopt(source, true)
    } finally {
      checkpoint.end()
      await removePieces(this.#file)
    }
    this.#bytesAfter = state.memoryBytes
  }
}
