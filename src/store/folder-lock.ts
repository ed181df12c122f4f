/** Keeps a data folder for one process at a time, by a lock that dies with the process. */

import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../base/app-error.ts'
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
  let database: DatabaseSync
  try {
    await createFolder(folder)
    database = new DatabaseSync(path.join(folder, 'lock'))
  } catch (cause) {
    throw unwritable(folder, cause)
  }
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    if (!/locked|busy/i.test((cause as Error).message)) throw unwritable(folder, cause)
    const message = `${folder} is in use by another process; stop it, or choose another folder by --data`
    throw new AppError({ code: 'store/folder-in-use', message, cause, data: { folder } })
  }
  return {
    release: async () => {
      if (database.isOpen) database.close()
    },
  }
}

function unwritable(folder: string, cause: unknown): AppError {
  const message = `${folder} cannot be created or written: ${(cause as Error).message}; choose another folder by --data`
  return new AppError({ code: 'store/unwritable-folder', message, cause, data: { folder } })
}
