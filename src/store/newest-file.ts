/** Keeps one small value in a file; a write that is torn leaves the value before it. */

import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { AppError } from '../base/app-error.ts'
import { syncFolder } from './durable-folder.ts'

/** An open file with its value. */
export interface NewestFile {
  /** What was written last; empty in a new file. */
  readonly value: Uint8Array
  /** Resolves when the value is on disk; after a failure nothing more can be written. */
  write(value: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** Count of writes, length and checksum stand before a value. */
const headBytes = 16

/** A value with the number of the write that brought it. */
interface Numbered {
  readonly count: bigint
  readonly value: Uint8Array
}

/**
 * Opens a file, or makes it. Two values have room in it, and a write takes the place of the older one.
 *
 * @param mostBytes - of a value; the same each time
 * @throws AppError `store/damaged-file` when neither value is whole, `store/unwritable-folder`
 */
export async function openNewestFile(file: string, mostBytes: number): Promise<NewestFile> {
  const slotBytes = headBytes + mostBytes
  try {
    await create(file, slotBytes)
  } catch (cause) {
    const message = `${file} cannot be created: ${(cause as Error).message}`
    throw new AppError({ code: 'store/unwritable-folder', message, cause })
  }
  const handle = await open(file, 'r+')
  const slots = await Promise.all(
    [0, 1].map((slot) => readSlot(handle, slot * slotBytes, slotBytes)),
  )
  const found = slots.filter((one) => one !== undefined)
  const [first] = found.toSorted((a, b) => (a.count < b.count ? 1 : -1))
  if (first === undefined) {
    await handle.close()
    const message = `${file} is damaged: neither of its values is whole; restore it from a backup`
    throw new AppError({ code: 'store/damaged-file', message, data: { file } })
  }
  return new TwoSlots({ handle, file, slotBytes }, first)
}

/** A new file begins with an empty value, so that none without a whole one is ever sound. */
async function create(file: string, slotBytes: number): Promise<void> {
  const isThere = await stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
  if (isThere) return
  const draft = `${file}.new`
  const handle = await open(draft, 'w')
  try {
    await handle.writeFile(slot({ count: 0n, value: new Uint8Array() }, slotBytes))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  await syncFolder(path.dirname(file))
}

class TwoSlots implements NewestFile {
  readonly #place: {
    readonly handle: FileHandle
    readonly file: string
    readonly slotBytes: number
  }
  #newest: Numbered
  #last: Promise<unknown> = Promise.resolve()
  #broken: AppError | undefined

  constructor(
    place: { readonly handle: FileHandle; readonly file: string; readonly slotBytes: number },
    newest: Numbered,
  ) {
    this.#place = place
    this.#newest = newest
  }

  get value(): Uint8Array {
    return this.#newest.value
  }

  write(value: Uint8Array): Promise<void> {
    const { file, slotBytes } = this.#place
    if (value.length > slotBytes - headBytes) {
      const message = `${value.length} bytes do not fit into ${file}, which takes ${slotBytes - headBytes}`
      return Promise.reject(new AppError({ code: 'store/record-too-large', message }))
    }
    const next = { count: this.#newest.count + 1n, value: value.slice() }
    this.#newest = next
    const done = this.#last.then(() => this.#put(next))
    this.#last = done.catch(() => {})
    return done
  }

  async close(): Promise<void> {
    await this.#last
    await this.#place.handle.close()
  }

  async #put(next: Numbered): Promise<void> {
    if (this.#broken) throw this.#broken
    const { handle, file, slotBytes } = this.#place
    try {
      const place = Number(next.count & 1n) * slotBytes
      await handle.write(slot(next, slotBytes), 0, slotBytes, place)
      await handle.datasync()
    } catch (cause) {
      // A second try could find the disk at ease with what it has lost.
      const message = `${file} could not be written: ${(cause as Error).message}; free space or mend the disk, then start again`
      this.#broken = new AppError({ code: 'store/write-failed', message, cause })
      throw this.#broken
    }
  }
}

function slot({ count, value }: Numbered, slotBytes: number): Uint8Array {
  const bytes = new Uint8Array(slotBytes)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, count)
  view.setUint32(8, value.length)
  bytes.set(value, headBytes)
  view.setUint32(12, checksum(bytes, value.length))
  return bytes
}

async function readSlot(
  handle: FileHandle,
  place: number,
  slotBytes: number,
): Promise<Numbered | undefined> {
  const bytes = new Uint8Array(slotBytes)
  const { bytesRead } = await handle.read(bytes, 0, slotBytes, place)
  if (bytesRead < slotBytes) return undefined
  const view = new DataView(bytes.buffer)
  const length = view.getUint32(8)
  if (length > slotBytes - headBytes) return undefined
  if (view.getUint32(12) !== checksum(bytes, length)) return undefined
  return { count: view.getBigUint64(0), value: bytes.slice(headBytes, headBytes + length) }
}

/** Over count, length and value, so that zeros are none. */
function checksum(bytes: Uint8Array, length: number): number {
  return crc32(bytes.subarray(headBytes, headBytes + length), crc32(bytes.subarray(0, 12), 1))
}
