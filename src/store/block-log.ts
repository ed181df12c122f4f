/** Keeps records in a file that only grows, each one on disk before it is acknowledged. */

import { readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { AppError } from '../base/app-error.ts'
import { syncFolder } from './durable-folder.ts'

/** Where a record lies; opaque to callers. */
export type LogPosition = number

/** An open log. */
export interface BlockLog {
  /** Writes one record and resolves when it is on disk; calls are taken one after the other. */
  append(payload: Uint8Array): Promise<LogPosition>
  /** Waits for the disk: callers keep what they need often. @throws AppError `store/damaged-log` */
  read(position: LogPosition): Uint8Array
  close(): Promise<void>
}

/** How a log is opened. */
export interface BlockLogOptions {
  readonly path: string
  /** Hears each record in the file, oldest first, before the log is open. */
  readonly visit: (payload: Uint8Array, position: LogPosition) => void | Promise<void>
  /** Hears of bytes at the end that were cut off, since a crash left them unfinished. */
  readonly cut?: (bytes: number) => void
}

/** Largest record, in bytes. */
export const maxRecordBytes = 64 * 1024 * 1024

const fileHead = new TextEncoder().encode('QSLOG\0\0\u0001')
const magic = 0x51_53_52_31
/** Magic, length and checksum before the payload; the length once more after it. */
const headBytes = 12
const tailBytes = 4

/**
 * Opens a log and reads all of it. An unfinished record at the end is cut off.
 *
 * @throws AppError `store/damaged-log` when a fault has whole records behind it, `store/newer-log` when a later
 * version of the program wrote it, `store/unwritable-folder`
 */
export async function openBlockLog(options: BlockLogOptions): Promise<BlockLog> {
  const file = await openFile(options.path)
  try {
    const end = await readAll(file, options)
    return logOver(file, options.path, end)
  } catch (error) {
    await file.close()
    throw error
  }
}

function logOver(file: FileHandle, path: string, start: number): BlockLog {
  let end = start
  let last: Promise<unknown> = Promise.resolve()
  let broken: AppError | undefined
  const write = async (payload: Uint8Array): Promise<LogPosition> => {
    if (broken) throw broken
    const position = end
    try {
      await writeWhole(file, frame(payload), position)
      await file.datasync()
    } catch (cause) {
      // What is on disk is unknown now: only a new start, which reads it, can go on.
      const message = `${path} could not be written: ${(cause as Error).message}; free space or mend the disk, then start again`
      broken = new AppError({ code: 'store/write-failed', message, cause })
      throw broken
    }
    end += headBytes + payload.length + tailBytes
    return position
  }
  return {
    append(payload) {
      if (payload.length > maxRecordBytes) {
        const message = `a record of ${payload.length} bytes is over the limit of ${maxRecordBytes}`
        return Promise.reject(new AppError({ code: 'store/record-too-large', message }))
      }
      const written = last.then(() => write(payload))
      last = written.catch(() => {})
      return written
    },
    read(position) {
      const record = readRecord(file, position, end)
      if (record === undefined) throw damaged(path, position)
      return record
    },
    async close() {
      await last
      await file.close()
    },
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const created = await open(path, 'a')
    await created.close()
    return await open(path, 'r+')
  } catch (cause) {
    const message = `${path} cannot be opened for writing: ${(cause as Error).message}`
    throw new AppError({ code: 'store/unwritable-folder', message, cause })
  }
}

/** Visits every record and gives the place where the next one goes. */
async function readAll(file: FileHandle, options: BlockLogOptions): Promise<number> {
  const { path, visit, cut } = options
  const { size } = await file.stat()
  if (size < fileHead.length) {
    if (size > 0) cut?.(size)
    await file.truncate(0)
    await writeWhole(file, fileHead, 0)
    await file.sync()
    await syncFolder(dirname(path))
    return fileHead.length
  }
  checkHead(file, path)
  let position = fileHead.length
  while (position < size) {
    const payload = readRecord(file, position, size)
    if (payload === undefined) {
      if (anyRecordAfter(file, position + 1, size)) throw damaged(path, position)
      cut?.(size - position)
      await file.truncate(position)
      await file.sync()
      break
    }
    await visit(payload, position)
    position += headBytes + payload.length + tailBytes
  }
  return position
}

function checkHead(file: FileHandle, path: string): void {
  const head = readBytes(file, 0, fileHead.length)
  const isOurs = head.subarray(0, 5).every((byte, at) => byte === fileHead[at])
  if (!isOurs) {
    const message = `${path} is damaged: it does not begin as a block log; restore it from a backup, or remove it to begin anew`
    throw new AppError({ code: 'store/damaged-log', message, data: { path, offset: 0 } })
  }
  if (head.at(-1) !== fileHead.at(-1)) {
    const message = `${path} was written by a later version of the program; start that one`
    throw new AppError({ code: 'store/newer-log', message, data: { path } })
  }
}

function frame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headBytes + payload.length + tailBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic)
  view.setUint32(4, payload.length)
  view.setUint32(8, checksum(payload))
  bytes.set(payload, headBytes)
  view.setUint32(headBytes + payload.length, payload.length)
  return bytes
}

/** The checksum covers the length too, so that a record of zeros is none. */
function checksum(payload: Uint8Array): number {
  return crc32(payload, payload.length)
}

/** The record at a position, or `undefined` if there is no whole and sound one before `end`. */
function readRecord(file: FileHandle, position: number, end: number): Uint8Array | undefined {
  if (position + headBytes + tailBytes > end) return undefined
  const head = readBytes(file, position, headBytes)
  const view = new DataView(head.buffer, head.byteOffset)
  const length = view.getUint32(4)
  if (view.getUint32(0) !== magic || length > maxRecordBytes) return undefined
  if (position + headBytes + length + tailBytes > end) return undefined
  const rest = readBytes(file, position + headBytes, length + tailBytes)
  const payload = rest.subarray(0, length)
  const tail = new DataView(rest.buffer, rest.byteOffset + length).getUint32(0)
  return tail === length && checksum(payload) === view.getUint32(8) ? payload : undefined
}

/** Whether a sound record begins anywhere behind a fault, which then is no torn end. */
function anyRecordAfter(file: FileHandle, from: number, end: number): boolean {
  const step = 1024 * 1024
  for (let at = from; at < end; at += step) {
    const chunk = readBytes(file, at, Math.min(step + 3, end - at))
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
    for (let place = 0; place + 4 <= chunk.length; place += 1) {
      if (view.getUint32(place) !== magic) continue
      if (readRecord(file, at + place, end) !== undefined) return true
    }
  }
  return false
}

function readBytes(file: FileHandle, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const read = readSync(file.fd, bytes, done, length - done, position + done)
    if (read === 0) break
    done += read
  }
  return bytes
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

function damaged(path: string, offset: number): AppError {
  const message = `${path} is damaged at byte ${offset}, and sound records follow; restore it from a backup, or remove the chain's folder to begin anew`
  return new AppError({ code: 'store/damaged-log', message, data: { path, offset } })
}
