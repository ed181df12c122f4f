/** Keeps the chunks of a snapshot on disk while they come, and knows after a restart which are there. */

import { rm } from 'node:fs/promises'
import path from 'node:path'
import { type BlockLog, type LogPosition, openBlockLog } from '../../store/block-log.ts'
import { createFolder, syncFolder, writeWholeFile } from '../../store/durable-folder.ts'
import { isUnder } from '../ledger/piece-tree.ts'
import type { Hash } from '../ledger/transaction.ts'
import { type Chunk, chunkBytes, chunkCountOf, syncMessages } from './sync-messages.ts'

/** The snapshot that chunks are of. */
export interface ChunkPlan {
  readonly root: Hash
  readonly byteLength: number
}

/** Bytes of the chunk at a place. */
function lengthOfChunk(index: number, byteLength: number): number {
  return Math.min(chunkBytes, byteLength - index * chunkBytes)
}

/** Whether a chunk is one of a snapshot. */
export function isChunkOf(chunk: Chunk, { root, byteLength }: ChunkPlan): boolean {
  const count = chunkCountOf(byteLength)
  const isLong =
    chunk.index < count && chunk.bytes.length === lengthOfChunk(chunk.index, byteLength)
  return isLong && isUnder(chunk, { root, count })
}

/** The chunks that are there. */
export class ChunkStore {
  readonly #log: BlockLog
  readonly #places: Map<number, LogPosition>
  readonly count: number

  private constructor(log: BlockLog, places: Map<number, LogPosition>, count: number) {
    this.#log = log
    this.#places = places
    this.count = count
  }

  /** Opens what is there of a plan, or begins; what is there of another plan must be removed before. */
  static async open(folder: string, plan: ChunkPlan): Promise<ChunkStore> {
    await createFolder(folder)
    const places = new Map<number, LogPosition>()
    const log = await openBlockLog({
      path: path.join(folder, 'chunks.log'),
      visit: (payload, position) => {
        const chunk = syncMessages.chunk.decode(payload)
        if (isChunkOf(chunk, plan)) places.set(chunk.index, position)
      },
    })
    return new ChunkStore(log, places, chunkCountOf(plan.byteLength))
  }

  has(index: number): boolean {
    return this.#places.has(index)
  }

  /** How many are there. */
  get size(): number {
    return this.#places.size
  }

  /** Keeps a chunk that was checked; it is on disk when this resolves. */
  async keep(chunk: Chunk): Promise<void> {
    if (this.has(chunk.index)) return
    const position = await this.#log.append(syncMessages.chunk.encode(chunk))
    this.#places.set(chunk.index, position)
  }

  /** The bytes of all chunks in their order; all must be there. */
  *all(): Generator<Uint8Array> {
    for (let index = 0; index < this.count; index += 1) {
      const position = this.#places.get(index)
      if (position === undefined) throw new Error(`chunk ${index} is not there`)
      yield syncMessages.chunk.decode(this.#log.read(position)).bytes
    }
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}

/** Where a chain that joins keeps what it has got so far. */
export function joiningFolder(folder: string): string {
  return path.join(folder, 'joining')
}

/** Keeps what was decided to be got; whole or not at all. */
export async function keepPlan(folder: string, plan: Uint8Array): Promise<void> {
  await createFolder(folder)
  await writeWholeFile(path.join(folder, 'plan'), plan)
}

/** Removes all that was got. */
export async function dropJoining(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await syncFolder(path.dirname(folder))
}
