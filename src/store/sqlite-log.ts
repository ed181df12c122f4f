/** Brings the write-ahead log of an SQLite file to disk without holding up the thread that wrote it. */

import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../base/app-error.ts'

/**
 * The log beside an open database (`…-wal`), which SQLite itself syncs only where it begins anew and before a checkpoint
 * (`synchronous = NORMAL`). A commit is on disk when a sync that began after it has ended; see decision 38.
 */
export class SqliteLog {
  readonly #file: FileHandle
  readonly #path: string
  #failure: AppError | undefined

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  /** Opens the log of a database that is open, so that the log is there and stays the same file. */
  static async of(path: string): Promise<SqliteLog> {
    return new SqliteLog(path, await open(`${path}-wal`, 'r+'))
  }

  /**
   * Resolves when all that was committed before is on disk.
   *
   * @throws AppError `store/unwritable-folder`, from then on always: what a failed sync left out, a later one that
   * succeeds may leave out, too
   */
  async sync(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#file.datasync()
    } catch (cause) {
      const message = `${this.#path} could not be brought to disk; see to the disk, and start again`
      this.#failure = new AppError({ code: 'store/unwritable-folder', message, cause })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
