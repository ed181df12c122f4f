/** Gets the chunks of a snapshot from several peers at once, and leaves those that give something else. */

import { AppError } from '../../base/app-error.ts'
import { type ChainNetwork, chunksAtOnce } from '../chain-network.ts'
import type { ChunkPlan, ChunkStore } from './chunk-store.ts'
import { isChunkOf } from './chunk-store.ts'
import { type Chunk, isLater, syncMessages } from './sync-messages.ts'

/** What is got, and from whom. */
export interface Fetching {
  readonly number: bigint
  readonly plan: ChunkPlan
  readonly store: ChunkStore
  readonly peers: readonly string[]
  readonly network: Pick<ChainNetwork, 'ask' | 'score'>
  readonly isOver: () => boolean
  /** Resolves when so much time has passed. */
  readonly pause: (ms: number) => Promise<unknown>
  /** Hears that a chunk is on disk. */
  readonly tell: () => void
}

/** Chunks under way in all. */
const mostAtOnce = 32
/** Questions without an answer after which a peer is left. */
const mostMisses = 3
/** How long a peer is left alone that says "later", in ms, and how often it may say so between two chunks. */
const [laterMs, mostLaters] = [500, 1_000]

/** Whether all chunks are there now; not if every peer was left before. */
export async function fetchChunks(fetching: Fetching): Promise<boolean> {
  const { store, peers } = fetching
  const wanted: number[] = []
  for (let index = store.count - 1; index >= 0; index -= 1)
    if (!store.has(index)) wanted.push(index)
  const each = Math.max(1, Math.min(chunksAtOnce, Math.floor(mostAtOnce / peers.length)))
  const misses = new Map<string, number>()
  const laters = new Map<string, number>()
  // Those who are left last leave nothing behind: what one put back another takes.
  while (store.size < store.count && !fetching.isOver()) {
    const able = peers.filter((peer) => (misses.get(peer) ?? 0) < mostMisses)
    if (able.length === 0) return false
    const loops = able.flatMap((peer) =>
      Array.from({ length: each }, () => fetchFrom(peer, { ...fetching, wanted, misses, laters })),
    )
    await Promise.all(loops)
  }
  return store.size === store.count
}

async function fetchFrom(
  peer: string,
  fetching: Fetching & {
    readonly wanted: number[]
    readonly misses: Map<string, number>
    readonly laters: Map<string, number>
  },
): Promise<void> {
  const { network, store, wanted, misses, laters, number, plan, tell, isOver, pause } = fetching
  while (!isOver() && (misses.get(peer) ?? 0) < mostMisses) {
    const index = wanted.pop()
    if (index === undefined) return
    const answer = await network.ask(peer, 'chunk', syncMessages.place.encode({ number, index }))
    const said = laters.get(peer) ?? 0
    if (answer && isLater(answer) && said < mostLaters) {
      wanted.push(index)
      laters.set(peer, said + 1)
      await pause(laterMs)
      continue
    }
    const chunk = answer && decoded(answer)
    if (chunk && chunk.index === index && isChunkOf(chunk, plan)) {
      laters.delete(peer)
      await store.keep(chunk)
      tell()
      continue
    }
    wanted.push(index)
    const missed = answer ? mostMisses : (misses.get(peer) ?? 0) + 1
    if (answer) network.score(peer, 'bad-body')
    else if (missed === mostMisses) network.score(peer, 'empty-claim')
    misses.set(peer, missed)
  }
}

function decoded(bytes: Uint8Array): Chunk | undefined {
  try {
    return syncMessages.chunk.decode(bytes)
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}
