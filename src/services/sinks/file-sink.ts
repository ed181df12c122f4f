/** Appends messages to files of JSON lines, which are begun anew each day and when they are full. */

import { type FileHandle, open, readdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { fileReason } from '../../base/file-reason.ts'
import { createFolder, syncFolder } from '../../store/durable-folder.ts'
import { away } from '../brokers/broker.ts'
import type { Sink, SinkMessage } from '../sink.ts'
import type { OptionsOf } from './sink-options.ts'

interface OpenFile {
  readonly handle: FileHandle
  readonly day: string
  readonly number: number
  /** Bytes of whole lines. */
  size: number
}

/**
 * Files `NAME-2026-11-26-0001.jsonl` in a folder. A batch is on disk (fsync) when it is taken; a line that was torn by a
 * crash is cut off when the file is opened again.
 */
export function fileSink(options: OptionsOf<'file'>, { clock }: { readonly clock: Clock }): Sink {
  return new FileSink(options, clock)
}

class FileSink implements Sink {
  readonly #options: OptionsOf<'file'>
  readonly #clock: Clock
  #file: OpenFile | undefined

  constructor(options: OptionsOf<'file'>, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  async send(messages: readonly SinkMessage[]) {
    try {
      for (const lines of this.#parts(messages)) await this.#append(lines)
      return messages.map(() => undefined)
    } catch (error) {
      // What was written of the batch is written again: at least once.
      await this.close()
      const reason = new Error(fileReason(error))
      return messages.map(() => away(`the folder ${this.#options.folder}`, reason))
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.handle.close().catch(() => {})
  }

  /** Lines that go into one file each. */
  #parts(messages: readonly SinkMessage[]): readonly Buffer[] {
    const parts: string[][] = []
    let bytes = Number.POSITIVE_INFINITY
    for (const { payload } of messages) {
      const line = `${payload}\n`
      const length = Buffer.byteLength(line)
      bytes += length
      if (bytes > this.#options.maxBytes) {
        parts.push([])
        bytes = length
      }
      parts.at(-1)?.push(line)
    }
    return parts.map((lines) => Buffer.from(lines.join('')))
  }

  async #append(lines: Buffer): Promise<void> {
    const day = new Date(this.#clock.nowMs()).toISOString().slice(0, 10)
    const file = await this.#fileFor(day, lines.length)
    try {
      await file.handle.write(lines, 0, lines.length, file.size)
      await file.handle.datasync()
    } catch (error) {
      await file.handle.truncate(file.size).catch(() => {})
      throw error
    }
    file.size += lines.length
  }

  async #fileFor(day: string, bytes: number): Promise<OpenFile> {
    const before = this.#file ?? (await this.#newest())
    const fits = before !== undefined && before.day === day
    if (fits && (before.size === 0 || before.size + bytes <= this.#options.maxBytes)) {
      this.#file = before
      return before
    }
    await before?.handle.close()
    this.#file = undefined
    const number = fits ? before.number + 1 : 1
    this.#file = await this.#open(day, number)
    await this.#removeOld()
    return this.#file
  }

  /** The file that was written last; the first call makes the folder. */
  async #newest(): Promise<OpenFile | undefined> {
    await createFolder(this.#options.folder)
    const last = (await this.#names()).at(-1)
    if (last === undefined) return undefined
    const [, day = '', number = ''] = /-(\d{4}-\d\d-\d\d)-(\d+)\.jsonl$/.exec(last) ?? []
    return this.#open(day, Number(number))
  }

  async #open(day: string, number: number): Promise<OpenFile> {
    const name = `${this.#options.name}-${day}-${String(number).padStart(4, '0')}.jsonl`
    const file = path.join(this.#options.folder, name)
    const handle = await open(file, 'r+').catch(() => this.#create(file))
    const size = await wholeLines(handle)
    await handle.truncate(size)
    return { handle, day, number, size }
  }

  async #create(file: string): Promise<FileHandle> {
    const handle = await open(file, 'w+')
    await syncFolder(this.#options.folder)
    return handle
  }

  /** Own files, oldest first. */
  async #names(): Promise<readonly string[]> {
    const form = new RegExp(`^${this.#options.name}-\\d{4}-\\d\\d-\\d\\d-\\d{4,}\\.jsonl$`)
    const place = (name: string) =>
      name.replace(/(\d+)\.jsonl$/, (_, n: string) => n.padStart(9, '0'))
    const names = (await readdir(this.#options.folder)).filter((name) => form.test(name))
    return names.sort((a, b) => (place(a) < place(b) ? -1 : 1))
  }

  async #removeOld(): Promise<void> {
    const names = await this.#names()
    const surplus = names.slice(0, Math.max(0, names.length - this.#options.keepFiles))
    for (const name of surplus) await unlink(path.join(this.#options.folder, name))
  }
}

/** Bytes up to the end of the last whole line. */
async function wholeLines(handle: FileHandle): Promise<number> {
  const step = 64 * 1_024
  let end = (await handle.stat()).size
  while (end > 0) {
    const from = Math.max(0, end - step)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - from), 0, end - from, from)
    const at = buffer.subarray(0, bytesRead).lastIndexOf(0x0a)
    if (at >= 0) return from + at + 1
    end = from
  }
  return 0
}
