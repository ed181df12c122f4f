/** Writes the state of a chain into a file now and then, so that a start does not replay the whole log. */

import { AppError } from '../base/app-error.ts'
import type { Logger } from '../base/logger.ts'
import { firstPosition, type LogPosition } from '../store/block-log.ts'
import { readPieces, removePieces } from '../store/piece-file.ts'
import type { ArchivedStates } from './archived-states.ts'
import type { ChainLog } from './chain-log.ts'
import type { ChainPast } from './chain-past.ts'
import type { Hash } from './ledger/transaction.ts'
import { checkpointFile, encodeResumption, type Resumption } from './resumption.ts'
import type { State } from './state/state.ts'
import { writeStateFile } from './state-file.ts'

/** Least bytes of the log behind a checkpoint before the next one, if not said otherwise. */
const defaultTailBytes = 16 * 1024 * 1024
interface CheckpointParts {
  readonly folder: string
  readonly log: ChainLog
  readonly past: ChainPast
  readonly genesisRoot: Hash
  readonly logger: Logger
  /** Memory of the state above which what did not change lately leaves it. */
  readonly memoryBytes: number
  /**
   * Bytes of the log behind a checkpoint before the next one, 16 MiB by default. A checkpoint is of the oldest kept
   * state that has less than a quarter of this behind it, and a stop writes one when there is more.
   */
  readonly tailBytes?: number | undefined
  /** A checkpoint is of the oldest kept state of all, so that after a start a chain can go back as far as before it. */
  readonly isOfOldest?: boolean
  /** Keeps all checkpoints. */
  readonly archive?: ArchivedStates | undefined
}

/** How the copying of a state is followed. */
export interface CopyHooks {
  readonly isCancelled: () => boolean
  /** Hears which portion is copied, from 0 to 1. */
  readonly tell: (portion: number) => void
}

/** The checkpoints of an open chain. */
export class ChainCheckpoints {
  readonly #parts: CheckpointParts
  readonly #tailBytes: number
  /** What the file on disk holds; no number when there is none. */
  #number: bigint | undefined
  #position: LogPosition = firstPosition
  #bytes = 0
  /** Memory that the state took after the last checkpoint. */
  #memoryBytes = 0
  #writing: Promise<void> | undefined
  #writingNumber = 0n
  #isCancelled = false
  #hasFailed = false

  constructor(parts: CheckpointParts, resumed: Resumption | undefined) {
    this.#parts = parts
    this.#tailBytes = parts.tailBytes ?? defaultTailBytes
    if (resumed === undefined) return
    this.#number = resumed.number
    this.#position = resumed.position
    this.#bytes = resumed.bytes
  }

  /** After each block: begins a checkpoint when it is time for one. */
  consider(): void {
    if (this.#writing || this.#hasFailed) return
    const isOverLimit = this.#isOverLimit()
    const isDue =
      isOverLimit ||
      this.#tail() > this.#distance() ||
      (this.#number === undefined && this.#stateBytes() > this.#tailBytes)
    if (isDue) this.#begin(isOverLimit)
  }

  /** Before the chain goes back to a block: a checkpoint above it would be one of another chain. */
  async beforeRewind(number: bigint): Promise<void> {
    if (this.#writing && this.#writingNumber > number) {
      this.#isCancelled = true
      await this.#writing
    }
    await this.#parts.archive?.beforeRewind(number)
    if (this.#number === undefined || this.#number <= number) return
    await removePieces(checkpointFile(this.#parts.folder))
    this.#number = undefined
    this.#position = firstPosition
    this.#bytes = 0
  }

  /**
   * Writes a state of the chain into another file; false if it was cancelled. No checkpoint is written meanwhile.
   *
   * @throws AppError `chain/busy` while too many files are needed for kept states
   */
  async copy(state: State, file: string, follow: CopyHooks): Promise<boolean> {
    while (this.#writing) await this.#writing
    const checkpoint = state.checkpoint()
    if (checkpoint === undefined) throw tooManyFiles()
    const copying = writeStateFile(checkpoint, file, follow).finally(() => checkpoint.end())
    this.#writingNumber = 0n
    this.#writing = Promise.allSettled([copying]).then(() => {
      this.#writing = undefined
    })
    return copying
  }

  async close(): Promise<void> {
    await this.#writing
    if (this.#hasFailed || this.#tail() <= Math.max(this.#tailBytes / 4, this.#bytes / 8)) return
    this.#begin(false)
    await this.#writing
  }

  /** Bytes of the log between checkpoints: an archive answers faster when they are near each other. */
  #distance(): number {
    const { archive } = this.#parts
    return archive
      ? Math.max(this.#tailBytes / 4, this.#bytes / 8)
      : Math.max(this.#tailBytes, this.#bytes / 2)
  }

  /** By how many bytes of the log a new checkpoint would be ahead of the last one, or nearly. */
  #tail(): number {
    const { log, past, isOfOldest } = this.#parts
    if (!isOfOldest) return log.end() - this.#position
    const { block } = past.oldestSince(() => true)
    return (log.positionOf(block.header.number) ?? firstPosition) - this.#position
  }

  #stateBytes(): number {
    return this.#parts.past.state.memoryBytes
  }

  /** Trying again is worth it only when memory grew since. */
  #isOverLimit(): boolean {
    const bytes = this.#stateBytes()
    return bytes > this.#parts.memoryBytes && bytes > this.#memoryBytes * 1.2
  }

  #begin(evict: boolean): void {
    this.#isCancelled = false
    this.#writing = this.#write(evict)
      .catch((error: unknown) => {
        this.#hasFailed = true
        const { folder, logger } = this.#parts
        logger.error('the state could not be written; starts take longer until the next one', {
          ...{ folder, error: String(error) },
        })
      })
      .finally(() => {
        this.#writing = undefined
      })
  }

  async #write(evict: boolean): Promise<void> {
    const { folder, log, past, isOfOldest } = this.#parts
    const { block, states } = past.oldestSince((number) => {
      if (isOfOldest) return true
      return (log.positionOf(number) ?? firstPosition) >= log.end() - this.#tailBytes / 4
    })
    const { number } = block.header
    const position = log.positionOf(number) ?? firstPosition
    this.#writingNumber = number
    const checkpoint = states[0].checkpoint()
    if (checkpoint === undefined) return
    try {
      const { hash } = block
      const { genesisRoot } = this.#parts
      const isWritten = await writeStateFile(checkpoint, checkpointFile(folder), {
        appendix: () =>
          encodeResumption({ number, hash, genesisRoot, position }, log.encodeIndex(number)),
        isCancelled: () => this.#isCancelled,
      })
      if (!isWritten) return
      const source = readPieces(checkpointFile(folder))
      if (source) checkpoint.adopt(source, evict)
      await this.#parts.archive?.keep(number)
      this.#number = number
      this.#position = position
      this.#bytes = source?.bytes ?? 0
      this.#memoryBytes = this.#stateBytes()
    } finally {
      checkpoint.end()
    }
  }
}

function tooManyFiles(): AppError {
  const message =
    'too many files of older states are in use: try again when some blocks have passed'
  return new AppError({ code: 'chain/busy', message, retry: 'later' })
}
