/** Writes a file of checked pieces whole or not at all, and reads single pieces of it. */

import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { AppError } from '../base/app-error.ts'
import { syncFolder } from './durable-folder.ts'

/** A file that is being written; nobody sees it before it is finished. */
export interface PieceWriter {
  /** Takes a piece and gives the position to read it at. */
  append(piece: Uint8Array): number
  /** Resolves when what was taken is written; to be called often, since it waits in memory until then. */
  drain(): Promise<void>
  /** Takes the last piece, which a reader finds without a position, and puts the file in its place. */
  finish(last: Uint8Array): Promise<void>
  /** Gives up and removes what was written. */
  abandon(): Promise<void>
}

/** A file that is open for reading. */
export interface PieceReader {
  readonly bytes: number
  readonly last: Uint8Array
  /** Waits for the disk. @throws AppError `store/damaged-pieces` */
  read(position: number): Uint8Array
  /** Does nothing the second time. */
  close(): void
}

/** Ends the file: name and version, after the position of the last piece. */
const signature = new TextEncoder().encode('QSPIECE\u0001')
const trailerBytes = 8 + signature.length
/** Length and checksum before each piece. */
const headBytes = 8

/** Begins a file that takes the place of what lies at `file`. */
export async function writePieces(file: string): Promise<PieceWriter> {
  const draft = `${file}.new`
  const handle = await open(draft, 'w')
  let position = 0
  let waiting: Uint8Array[] = []
  const append = (piece: Uint8Array) => {
    const at = position
    const head = new Uint8Array(headBytes)
    const view = new DataView(head.buffer)
    view.setUint32(0, piece.length)
    view.setUint32(4, checksum(piece))
    waiting.push(head, piece)
    position += headBytes + piece.length
    return at
  }
  const drain = async () => {
    const pieces = waiting
    waiting = []
    await writeAll(handle, Buffer.concat(pieces))
  }
  return {
    append,
    drain,
    async finish(last) {
      const trailer = new Uint8Array(trailerBytes)
      new DataView(trailer.buffer).setFloat64(0, append(last))
      trailer.set(signature, 8)
      waiting.push(trailer)
      await drain()
      await handle.sync()
      await handle.close()
      await rename(draft, file)
      await syncFolder(path.dirname(file))
    },
    async abandon() {
      await handle.close()
      await rm(draft, { force: true })
    },
  }
}

/** What is done about a damaged file that only makes starts quicker. */
const usualRemedy = 'stop the node and remove this file, it is made anew from the block log'

/**
 * Opens a file.
 *
 * @param remedy - ends the sentence that says where it is damaged
 * @returns `undefined` if there is none
 * @throws AppError `store/damaged-pieces`
 */
export function readPieces(file: string, remedy = usualRemedy): PieceReader | undefined {
  const descriptor = openIfThere(file)
  if (descriptor === undefined) return undefined
  const opened = { descriptor, path: file, bytes: fstatSync(descriptor).size, remedy }
  try {
    const last = readPiece(opened, lastPosition(opened))
    let isOpen = true
    return {
      bytes: opened.bytes,
      last,
      read: (position) => readPiece(opened, position),
      close() {
        if (isOpen) closeSync(descriptor)
        isOpen = false
      },
    }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** Removes a file, so that it is gone also after a crash. */
export async function removePieces(file: string): Promise<void> {
  rmSync(file, { force: true })
  await syncFolder(path.dirname(file))
}

interface OpenedFile {
  readonly descriptor: number
  readonly path: string
  readonly bytes: number
  readonly remedy: string
}

function lastPosition(file: OpenedFile): number {
  const from = Math.max(0, file.bytes - trailerBytes)
  const trailer = readBytes(file.descriptor, from, trailerBytes)
  const isOurs = signature.every((byte, at) => byte === trailer[8 + at])
  if (!isOurs) throw damaged(file, from)
  return new DataView(trailer.buffer).getFloat64(0)
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Where pieces are read to before their length is known; larger ones take a second reading. */
const room = new Uint8Array(8 * 1024)

function readPiece(file: OpenedFile, position: number): Uint8Array {
  const known = readInto(room, file.descriptor, position)
  const view = new DataView(room.buffer)
  const [length, sum] = [view.getUint32(0), view.getUint32(4)]
  const isThere = known >= headBytes && position + headBytes + length <= file.bytes
  if (!isThere) throw damaged(file, position)
  const piece =
    headBytes + length <= known
      ? room.slice(headBytes, headBytes + length)
      : readBytes(file.descriptor, position + headBytes, length)
  if (checksum(piece) !== sum) throw damaged(file, position)
  return piece
}

/** The checksum covers the length too, so that zeros are no piece. */
function checksum(piece: Uint8Array): number {
  return crc32(piece, piece.length)
}

function readBytes(descriptor: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  readInto(bytes, descriptor, position)
  return bytes
}

/** Fills bytes as far as the file goes, and says how far. */
function readInto(bytes: Uint8Array, descriptor: number, position: number): number {
  let done = 0
  while (done < bytes.length) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, position + done)
    if (read === 0) break
    done += read
  }
  return done
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done)).bytesWritten
  }
}

function damaged({ path: file, remedy }: OpenedFile, offset: number): AppError {
  const message = `${file} is damaged at byte ${offset}; ${remedy}`
  return new AppError({ code: 'store/damaged-pieces', message, data: { file, offset } })
}
