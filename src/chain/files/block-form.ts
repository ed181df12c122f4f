/** Describes a form in which blocks stand in a file, one after the other. */

import { AppError } from '../../base/app-error.ts'
import type { Block, ExecutedBlock } from '../ledger/block.ts'
import type { ByteSource } from './byte-source.ts'

/** Most bytes of a block, or of its receipts: what the block log can hold. */
export const maxEntryBytes = 64 * 1024 * 1024

/** What is found in a file: a block, or a place at which the file is whole and further blocks can be written. */
export type FileItem =
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'whole'; readonly at: number }

/** Turns blocks into bytes, in order. */
export interface BlockWriter {
  /** The bytes of the next block. */
  write(executed: ExecutedBlock): Uint8Array
  /** What stands at the end of the file. */
  finish(): Uint8Array
}

/** A form of files. */
export interface BlockForm {
  /** Reads the blocks of a file; @throws AppError `chain/bad-file` */
  read(source: ByteSource): AsyncGenerator<FileItem>
  /**
   * Goes on writing after what a file holds.
   *
   * @param totalDifficulty - asked for that of all blocks before the next one
   */
  writer(at: number, totalDifficulty: () => bigint): BlockWriter
}

/** What reading gives; a fault of what was read becomes one of the file, at this place. */
export function orBad<T>(source: ByteSource, at: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof AppError) throw source.bad(error.message, at)
    throw error
  }
}
