/** Keeps records in a file, each one on disk before it is acknowledged, in the order in which they came. */

import { randomBytes } from 'node:crypto'
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
  /** Where the next record will lie. */
  end(): LogPosition
  /** Where the record behind this one lies. @throws AppError `store/damaged-log` */
  behind(position: LogPosition): LogPosition
  /** Forgets all records from a position on, and resolves when they are gone from the disk. */
  cutTo(position: LogPosition): Promise<void>
  /** Waits for the disk: callers keep what they need often. @throws AppError `store/damaged-log` */
  read(position: LogPosition): Uint8Array
  /** The first bytes of a record, unchecked: for those who can tell whether they are right. */
  peek(position: LogPosition, length: number): Uint8Array
  close(): Promise<void>
}

/** How a log is opened. */
export interface BlockLogOptions {
  readonly path: string
  /** Hears each record in the file, oldest first, before the log is open. */
  readonly visit: (payload: Uint8Array, position: LogPosition) => void | Promise<void>
  /**
   * A record after which reading goes on, if it is there and accepted: then the first record of the file and those
   * behind this one are visited, and those between are not even checked.
   */
  readonly resume?: {
    readonly position: LogPosition
    readonly accepts: (payload: Uint8Array) => boolean
  }
  /** Hears of bytes at the end that were cut off, since a crash left them unfinished. */
  readonly cut?: (bytes: number) => void
}

/** Largest record, in bytes. */
export const maxRecordBytes = 64 * 1024 * 1024

/** Begins the file: name and version, then the mark and its checksum. */
const signature = new TextEncoder().encode('QSLOG\0\0\u0001')
const markBytes = 8
const fileHeadBytes = signature.length + markBytes + 4
/** Where the first record lies. */
export const firstPosition: LogPosition = fileHeadBytes
/** Mark, length and checksum before the payload; the length once more after it. */
const headBytes = markBytes + 8
const tailBytes = 4

/**
 * An open file with its mark: random bytes that begin each record. Whoever chooses a payload does not know them, so that
 * nothing in it can pass for a record when its own is torn.
 */
interface MarkedFile {
  readonly handle: FileHandle
  readonly mark: Uint8Array
  readonly path: string
}

/**
 * Opens a log and reads all of it. An unfinished record at the end is cut off.
 *
 * @throws AppError `store/damaged-log` when a fault has whole records behind it, `store/newer-log` when a later
 * version of the program wrote it, `store/unwritable-folder`
 */
export async function openBlockLog(options: BlockLogOptions): Promise<BlockLog> {
  const { path, cut } = options
  const handle = await openFile(path)
  try {
    const file = { handle, path, mark: await markOf(handle, path, cut) }
    const end = await readAll(file, options)
    return logOver(file, end)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function logOver(file: MarkedFile, start: number): BlockLog {
  const { handle, mark, path } = file
  let end = start
  let last: Promise<unknown> = Promise.resolve()
  let broken: AppError | undefined
  /** Changes the file after all changes before, if none of them failed. */
  const change = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(async () => {
      if (broken) throw broken
      try {
        return await work()
      } catch (cause) {
        // What is on disk is unknown now: only a new start, which reads it, can go on.
        const message = `${path} could not be written: ${(cause as Error).message}; free space or mend the disk, then start again`
        broken = new AppError({ code: 'store/write-failed', message, cause })
        throw broken
      }
    })
    last = done.catch(() => {})
    return done
  }
  const write = async (payload: Uint8Array): Promise<LogPosition> => {
    const position = end
    await writeWhole(handle, frame(mark, payload), position)
    await handle.datasync()
    end += headBytes + payload.length + tailBytes
    return position
  }
  const recordAt = (position: LogPosition) => {
    const record = readRecord(file, position, end)
    if (record === undefined) throw damaged(path, position)
    return record
  }
  return {
    append(payload) {
      if (payload.length > maxRecordBytes) {
        const message = `a record of ${payload.length} bytes is over the limit of ${maxRecordBytes}`
        return Promise.reject(new AppError({ code: 'store/record-too-large', message }))
      }
      return change(() => write(payload))
    },
    end: () => end,
    read: recordAt,
    behind: (position) => position + headBytes + recordAt(position).length + tailBytes,
    cutTo: (position) =>
      change(async () => {
        await handle.truncate(position)
        await handle.sync()
        end = position
      }),
    peek(position, length) {
      const start = position + headBytes
      return readBytes(handle, start, Math.max(0, Math.min(length, end - start)))
    },
    async close() {
      await last
      await handle.close()
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

/** The mark of the file; a new file, or one whose head a crash left unfinished, gets one. */
async function markOf(
  handle: FileHandle,
  path: string,
  cut: BlockLogOptions['cut'],
): Promise<Uint8Array> {
  const { size } = await handle.stat()
  if (size >= fileHeadBytes) return markIn(readBytes(handle, 0, fileHeadBytes), path)
  if (size > 0) cut?.(size)
  const mark = Uint8Array.from(randomBytes(markBytes))
  const head = new Uint8Array(fileHeadBytes)
  head.set(signature)
  head.set(mark, signature.length)
  new DataView(head.buffer).setUint32(fileHeadBytes - 4, crc32(mark))
  await handle.truncate(0)
  await writeWhole(handle, head, 0)
  await handle.sync()
  await syncFolder(dirname(path))
  return mark
}

function markIn(head: Uint8Array, path: string): Uint8Array {
  const version = signature.length - 1
  if (head[version] !== signature[version] && beginsAsOurs(head)) {
    const message = `${path} was written by a later version of the program; start that one`
    throw new AppError({ code: 'store/newer-log', message, data: { path } })
  }
  const mark = head.slice(signature.length, signature.length + markBytes)
  const sum = new DataView(head.buffer).getUint32(fileHeadBytes - 4)
  if (beginsAsOurs(head) && crc32(mark) === sum) return mark
  const message = `${path} is damaged: it does not begin as a block log; restore it from a backup, or remove it to begin anew`
  throw new AppError({ code: 'store/damaged-log', message, data: { path, offset: 0 } })
}

function beginsAsOurs(head: Uint8Array): boolean {
  return signature.subarray(0, -1).every((byte, at) => byte === head[at])
}

/** Visits every record and gives the place where the next one goes. */
async function readAll(file: MarkedFile, options: BlockLogOptions): Promise<number> {
  const { handle, path } = file
  const { visit, cut } = options
  const { size } = await handle.stat()
  let position = await resumedAt(file, options, size)
  while (position < size) {
    const payload = readRecord(file, position, size)
    if (payload === undefined) {
      if (anyRecordAfter(file, position + 1, size)) throw damaged(path, position)
      cut?.(size - position)
      await handle.truncate(position)
      await handle.sync()
      break
    }
    await visit(payload, position)
    position += headBytes + payload.length + tailBytes
  }
  return position
}

/** The position where reading begins: the first record is visited already if it is not that one. */
async function resumedAt(
  file: MarkedFile,
  { resume, visit }: BlockLogOptions,
  size: number,
): Promise<number> {
  const start = fileHeadBytes
  const last = resume && readRecord(file, resume.position, size)
  if (resume === undefined || last === undefined || !resume.accepts(last)) return start
  const first = readRecord(file, start, size)
  if (first === undefined) return start
  await visit(first, start)
  return resume.position + headBytes + last.length + tailBytes
}

function frame(mark: Uint8Array, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headBytes + payload.length + tailBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(mark)
  view.setUint32(markBytes, payload.length)
  view.setUint32(markBytes + 4, checksum(payload))
  bytes.set(payload, headBytes)
  view.setUint32(headBytes + payload.length, payload.length)
  return bytes
}

/** The checksum covers the length too, so that a record of zeros is none. */
function checksum(payload: Uint8Array): number {
  return crc32(payload, payload.length)
}

/** The record at a position, or `undefined` if there is no whole and sound one before `end`. */
function readRecord(file: MarkedFile, position: number, end: number): Uint8Array | undefined {
  if (position + headBytes + tailBytes > end) return undefined
  const head = readBytes(file.handle, position, headBytes)
  const view = new DataView(head.buffer, head.byteOffset)
  const length = view.getUint32(markBytes)
  const isMarked = file.mark.every((byte, at) => byte === head[at])
  if (!isMarked || length > maxRecordBytes) return undefined
  if (position + headBytes + length + tailBytes > end) return undefined
  const rest = readBytes(file.handle, position + headBytes, length + tailBytes)
  const payload = rest.subarray(0, length)
  const tail = new DataView(rest.buffer, rest.byteOffset + length).getUint32(0)
  return tail === length && checksum(payload) === view.getUint32(markBytes + 4)
    ? payload
    : undefined
}

/** Whether a sound record begins anywhere behind a fault, which then is no torn end. */
function anyRecordAfter(file: MarkedFile, from: number, end: number): boolean {
  const step = 1024 * 1024
  for (let at = from; at < end; at += step) {
    const chunk = Buffer.from(
      readBytes(file.handle, at, Math.min(step + markBytes - 1, end - at)).buffer,
    )
    let place = chunk.indexOf(file.mark)
    while (place >= 0) {
      if (readRecord(file, at + place, end) !== undefined) return true
      place = chunk.indexOf(file.mark, place + 1)
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
