/** Keeps a data folder, or a file, for one process at a time, by a lock that dies with the process. */

import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import { createFolder } from './durable-folder.ts'

/** A held lock. */
export interface FolderLock {
  release(): Promise<void>
}

/**
 * Creates the folder if need be and takes it for this process. The lock is one of the operating system, on a file
 * that SQLite holds in an exclusive transaction: a killed process leaves nothing behind.
 *
 * @throws AppError `store/folder-in-use`, `store/unwritable-folder`
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  try {
    await createFolder(folder)
    return lock(path.join(folder, 'lock'))
  } catch (cause) {
    if (!isHeld(cause)) throw unwritable(folder, cause)
    const message = `${folder} is in use by another process; stop it, or choose another folder by --data`
    throw new AppError({ code: 'store/folder-in-use', message, cause, data: { folder } })
  }
}

/**
 * Takes a file for this process, by another one beside it.
 *
 * @throws AppError `store/file-in-use`, `store/unwritable-folder`
 */
export async function lockFile(file: string): Promise<FolderLock> {
  try {
    return lock(`${file}.lock`)
  } catch (cause) {
    const isInUse = isHeld(cause)
    const message = isInUse
      ? `${file} is in use by another process; stop it first`
      : `${file}.lock cannot be written: ${lockReason(path.dirname(file), cause)}`
    const code = isInUse ? 'store/file-in-use' : 'store/unwritable-folder'
    throw new AppError({ code, message, cause, data: { file } })
  }
}

function lock(file: string): FolderLock {
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw error
  }
  return {
    release: async () => {
      if (database.isOpen) database.close()
    },
  }
}

/** SQLite does not say why it cannot open a file in a folder. */
function lockReason(folder: string, cause: unknown): string {
  if ((cause as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') return fileReason(cause)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return fileReason(cause)
  } catch (error) {
    return fileReason(error)
  }
}

function isHeld(error: unknown): boolean {
  return /locked|busy/i.test((error as Error).message)
}

function unwritable(folder: string, cause: unknown): AppError {
  const message = `${folder} cannot be created or written: ${lockReason(folder, cause)}; choose another folder by --data`
  return new AppError({ code: 'store/unwritable-folder', message, cause, data: { folder } })
}
