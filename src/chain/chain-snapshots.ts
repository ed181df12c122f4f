/** Makes snapshots of a chain's state now and then, in chunks that other nodes get one by one. */

import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from '../base/logger.ts'
import { createFolder, syncFolder } from '../store/durable-folder.ts'
import { type PieceReader, readPieces, writePieces } from '../store/piece-file.ts'
import type { CopyHooks } from './chain-checkpoints.ts'
import type { BlockHead } from './ledger/block.ts'
import { pieceHash, type TreeLevels, treeOver, treePath, treeRoot } from './ledger/piece-tree.ts'
import { decodeRlp, encodeRlp } from './ledger/rlp.ts'
import { anyBytes, count, fields } from './ledger/rlp-shape.ts'
import type { Hash } from './ledger/transaction.ts'
import { snapshotStream } from './state/snapshot-stream.ts'
import type { State } from './state/state.ts'
import { type Chunk, chunkBytes } from './syncing/sync-messages.ts'

interface SnapshotParts {
  /** Of the chain. */
  readonly folder: string
  /** Blocks between snapshots; 0: there are none. */
  readonly every: number
  readonly logger: Logger
  /** Writes a state into a file; false if it was cancelled. */
  readonly copy: (state: State, file: string, hooks: CopyHooks) => Promise<boolean>
}

/** A snapshot as others are told of it. */
interface SnapshotFacts {
  readonly number: bigint
  readonly byteLength: number
  /** Over its chunks. */
  readonly root: Hash
}

interface OpenSnapshot extends SnapshotFacts {
  readonly file: PieceReader
  readonly tree: TreeLevels
}

/** Snapshots that are kept. */
const kept = 2
/** Length and checksum before each chunk in its file. */
const headBytes = 8
const ending = '.snapshot'

const tableShape = fields<{ readonly byteLength: number; readonly hashes: Uint8Array }>({
  byteLength: count(Number.MAX_SAFE_INTEGER),
  hashes: anyBytes((length) => length % 32 === 0),
})

/** The snapshots of one chain, as files named by the numbers of their blocks. */
export class ChainSnapshots {
  readonly #parts: SnapshotParts
  readonly #folder: string
  readonly #open = new Map<bigint, OpenSnapshot>()
  #making: Promise<void> | undefined
  #hasStopped = false

  constructor(parts: SnapshotParts) {
    this.#parts = parts
    this.#folder = path.join(parts.folder, 'snapshots')
  }

  /** After each block: begins a snapshot of its state when it is time for one. */
  consider({ header }: BlockHead, state: State): void {
    const { every, logger } = this.#parts
    const isDue = every > 0 && header.number % BigInt(every) === 0n
    if (!isDue || this.#making || this.#hasStopped) return
    const held = state.hold()
    this.#making = this.#make(header.number, held)
      .catch((error: unknown) => {
        const fields = { block: String(header.number), error: String(error) }
        if (!this.#hasStopped) logger.error('a snapshot of the state could not be made', fields)
      })
      .finally(() => {
        held.release()
        this.#making = undefined
      })
  }

  /** The newest snapshot of a block that the chain has gone beyond, or that of a block. */
  facts(head: bigint, number?: bigint): SnapshotFacts | undefined {
    const found = this.#numbers().find((one) => one < head && (number ?? one) === one)
    return found === undefined ? undefined : this.#opened(found)
  }

  /** A chunk; `undefined` if it is not here. */
  chunk(number: bigint, index: number): Chunk | undefined {
    const snapshot = this.#numbers().includes(number) ? this.#opened(number) : undefined
    if (!snapshot || index * chunkBytes >= snapshot.byteLength) return undefined
    const bytes = snapshot.file.read(index * (headBytes + chunkBytes))
    return { index, path: treePath(snapshot.tree, index), bytes }
  }

  async stop(): Promise<void> {
    this.#hasStopped = true
    await this.#making
    for (const { file } of this.#open.values()) file.close()
    this.#open.clear()
  }

  async #make(number: bigint, state: State): Promise<void> {
    await createFolder(this.#folder)
    const file = this.#file(number)
    const whole = `${file}.state`
    const isCancelled = () => this.#hasStopped
    try {
      if (!(await this.#parts.copy(state, whole, { isCancelled, tell: () => {} }))) return
      await this.#cut(whole, file)
    } finally {
      await rm(whole, { force: true })
    }
    this.#parts.logger.info('a snapshot of the state is there', { block: String(number) })
    for (const old of this.#numbers().slice(kept)) {
      this.#open.get(old)?.file.close()
      this.#open.delete(old)
      await rm(this.#file(old), { force: true })
    }
    await syncFolder(this.#folder)
  }

  /** Turns the file of a state into chunks. */
  async #cut(whole: string, file: string): Promise<void> {
    const source = readPieces(whole)
    if (source === undefined) throw new Error(`${whole} is gone`)
    const writer = await writePieces(file)
    try {
      const hashes: Hash[] = []
      let byteLength = 0
      for (const bytes of inChunks(snapshotStream(source))) {
        hashes.push(pieceHash(hashes.length, bytes))
        byteLength += bytes.length
        writer.append(bytes)
        await writer.drain()
        if (this.#hasStopped) throw new Error('the chain stops')
      }
      const table = { byteLength, hashes: new Uint8Array(Buffer.concat(hashes)) }
      await writer.finish(encodeRlp(tableShape.encode(table)))
    } catch (error) {
      await writer.abandon()
      throw error
    } finally {
      source.close()
    }
  }

  #opened(number: bigint): OpenSnapshot | undefined {
    const known = this.#open.get(number)
    if (known) return known
    const file = readPieces(this.#file(number))
    if (file === undefined) return undefined
    const { byteLength, hashes } = tableShape.decode(decodeRlp(file.last, 4), 'the snapshot')
    const tree = treeOver(
      Array.from({ length: hashes.length / 32 }, (_, at) => hashes.slice(at * 32, at * 32 + 32)),
    )
    const opened = { number, byteLength, root: treeRoot(tree), file, tree }
    this.#open.set(number, opened)
    return opened
  }

  /** Blocks with a snapshot, newest first. */
  #numbers(): bigint[] {
    try {
      const names = readdirSync(this.#folder).filter((name) => /^\d+\.snapshot$/.test(name))
      return names
        .map((name) => BigInt(name.slice(0, -ending.length)))
        .toSorted((a, b) => Number(b - a))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  #file(number: bigint): string {
    return path.join(this.#folder, `${number}${ending}`)
  }
}

/** The same bytes in pieces of one length. */
function* inChunks(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let [chunk, length] = [new Uint8Array(chunkBytes), 0]
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const some = piece.subarray(at, at + chunkBytes - length)
      chunk.set(some, length)
      length += some.length
      at += some.length
      if (length < chunkBytes) continue
      yield chunk
      ;[chunk, length] = [new Uint8Array(chunkBytes), 0]
    }
  }
  if (length > 0) yield chunk.subarray(0, length)
}
