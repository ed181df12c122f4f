/** Reads a file from front to back, with only a window of it in memory. */

import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../../base/app-error.ts'
import { fileReason } from '../../base/file-reason.ts'

/** Bytes that are read ahead. */
const windowBytes = 256 * 1024

/** A file that is being read. */
export class ByteSource {
  readonly #handle: FileHandle
  readonly file: string
  /** What was read and not yet taken. */
  #window: Buffer = Buffer.alloc(0)
  #position = 0

  private constructor(file: string, handle: FileHandle) {
    this.file = file
    this.#handle = handle
  }

  /** @throws AppError `chain/no-file` */
  static async open(file: string): Promise<ByteSource> {
    try {
      return new ByteSource(file, await open(file, 'r'))
    } catch (cause) {
      const message = `${file} cannot be read: ${fileReason(cause)}`
      throw new AppError({ code: 'chain/no-file', message, cause })
    }
  }

  /** Where the next byte stands. */
  get position(): number {
    return this.#position
  }

  /** The next bytes, fewer at the end of the file; they stay. */
  async peek(count: number): Promise<Uint8Array> {
    if (this.#window.length < count) await this.#fill(count)
    return this.#window.subarray(0, count)
  }

  /** The next bytes; @throws AppError `chain/bad-file` if the file ends before */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count)
    if (bytes.length < count) throw this.bad('the file ends within a record')
    this.#window = this.#window.subarray(count)
    this.#position += count
    return bytes
  }

  /** An error that says where it was found. */
  bad(reason: string, at = this.#position): AppError {
    const message = `${this.file}, byte ${at}: ${reason}`
    return new AppError({ code: 'chain/bad-file', message, data: { file: this.file, at } })
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #fill(count: number): Promise<void> {
    const missing = count - this.#window.length
    const more = Buffer.alloc(Math.max(missing, windowBytes))
    let read = 0
    while (read < missing) {
      const place = this.#position + this.#window.length + read
      const { bytesRead } = await this.#handle.read(more, read, more.length - read, place)
      if (bytesRead === 0) break
      read += bytesRead
    }
    this.#window = Buffer.concat([this.#window, more.subarray(0, read)])
  }
}
