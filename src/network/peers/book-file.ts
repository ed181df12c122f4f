/** Keeps the address book and the bans in a file. */

import path from 'node:path'
import { AppError } from '../../base/app-error.ts'
import type { Logger } from '../../base/logger.ts'
import { createFolder } from '../../store/durable-folder.ts'
import { readPieces, writePieces } from '../../store/piece-file.ts'
import type { Ban } from '../network.ts'
import { AddressBook, decodeBook, encodeBook } from './address-book.ts'

const fileOf = (folder: string) => path.join(folder, 'peers')

/** Reads the book; one that is damaged is told to the log and begins anew, since nothing depends on it. */
export function readBook(
  folder: string | undefined,
  logger: Logger,
): { readonly book: AddressBook; readonly bans: readonly Ban[] } {
  const empty = { book: new AddressBook(), bans: [] }
  if (folder === undefined) return empty
  try {
    const pieces = readPieces(fileOf(folder))
    if (pieces === undefined) return empty
    pieces.close()
    return decodeBook(pieces.last)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    logger.warn('the file of known peers is damaged; it begins anew', { error })
    return empty
  }
}

/** Writes the book whole or not at all. */
export async function writeBook(
  folder: string,
  book: AddressBook,
  bans: readonly Ban[],
): Promise<void> {
  await createFolder(folder)
  const pieces = await writePieces(fileOf(folder))
  await pieces.finish(encodeBook(book, bans))
}
