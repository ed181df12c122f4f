/** Encodes what nodes ask each other to get a chain that is voted on: proofs, snapshots, chunks, and decided blocks. */

import { decodeRlp, encodeRlp } from '../ledger/rlp.ts'
import {
  anyBytes,
  count,
  fields,
  fixedBytes,
  listOf,
  natural,
  optional,
} from '../ledger/rlp-shape.ts'
import type { Hash } from '../ledger/transaction.ts'

/** Chunks of a snapshot at most: 60 GiB. */
const maxChunks = 65_536
/** Bytes of a chunk; the last may be shorter. */
export const chunkBytes = 960 * 1024
/** Blocks of one answer at most. */
export const mostDecided = 256

/** Instead of an answer: who asks has had enough for now, and is answered again in a while. */
export const later = new Uint8Array()

/** Whether an answer says `later`. */
export function isLater(answer: Uint8Array): boolean {
  return answer.length === 0
}

/** A stretch of heights: from where to where a proof leads, or how many blocks are wanted. */
interface Stretch {
  readonly from: bigint
  readonly to: bigint
}

/** A snapshot that a node has, and what of the chain must be known to begin with it. */
export interface SnapshotOffer {
  /** Of the block after which the state is. */
  readonly number: bigint
  readonly byteLength: number
  /** Over the chunks. */
  readonly root: Hash
  /** What follows from the chain up to the block, and up to its parent. */
  readonly derived: Uint8Array
  readonly parentDerived: Uint8Array
  /** That the block was decided. */
  readonly certificate: Uint8Array
  /** In RLP: of the blocks before it that code can ask for, and its own, oldest first. */
  readonly headers: readonly Uint8Array[]
}

/** Which chunk. */
interface ChunkPlace {
  /** Of the snapshot. */
  readonly number: bigint
  readonly index: number
}

/** A chunk, and the hashes beside its way to the root. */
export interface Chunk {
  readonly index: number
  readonly path: readonly Hash[]
  readonly bytes: Uint8Array
}

/** What a node has; it proves nothing. */
interface Having<T> {
  /** Number of its last block. */
  readonly head: bigint
  readonly what: T
}

const [height, any, hash] = [natural(63), anyBytes(() => true), fixedBytes(32)]
const stretch = fields<Stretch>({ from: height, to: height })
const offer = fields<SnapshotOffer>({
  ...{ number: height, byteLength: count(chunkBytes * maxChunks), root: hash },
  ...{ derived: any, parentDerived: any, certificate: any, headers: listOf(any, 257) },
})
const offered = fields<Having<SnapshotOffer | undefined>>({ head: height, what: optional(offer) })
const place = fields<ChunkPlace>({ number: height, index: count(maxChunks - 1) })
const chunk = fields<Chunk>({ index: count(maxChunks - 1), path: listOf(hash, 16), bytes: any })
const blocks = fields<Having<readonly Uint8Array[]>>({
  head: height,
  what: listOf(any, mostDecided),
})
const wanted = fields<{ readonly number: bigint }>({ number: height })

/** Bytes and readers of all that is asked and answered; readers throw AppError `ledger/bad-rlp`. */
export const syncMessages = {
  /** Of a proof, and of blocks. */
  stretch: {
    encode: (given: Stretch) => encodeRlp(stretch.encode(given)),
    decode: (bytes: Uint8Array) => stretch.decode(decodeRlp(bytes, 4), 'the stretch'),
  },
  /** The block of a snapshot; 0 for the newest there is. */
  wanted: {
    encode: (number: bigint) => encodeRlp(wanted.encode({ number })),
    decode: (bytes: Uint8Array) => wanted.decode(decodeRlp(bytes, 4), 'the question').number,
  },
  offer: {
    encode: (given: Having<SnapshotOffer | undefined>) => encodeRlp(offered.encode(given)),
    decode: (bytes: Uint8Array) => offered.decode(decodeRlp(bytes, 512), 'the offer'),
  },
  place: {
    encode: (given: ChunkPlace) => encodeRlp(place.encode(given)),
    decode: (bytes: Uint8Array) => place.decode(decodeRlp(bytes, 4), 'the place of a chunk'),
  },
  chunk: {
    encode: (given: Chunk) => encodeRlp(chunk.encode(given)),
    decode: (bytes: Uint8Array) => chunk.decode(decodeRlp(bytes, 32), 'the chunk'),
  },
  blocks: {
    encode: (given: Having<readonly Uint8Array[]>) => encodeRlp(blocks.encode(given)),
    decode: (bytes: Uint8Array) => blocks.decode(decodeRlp(bytes, 512), 'the blocks'),
  },
} as const

/** How many chunks so many bytes have. */
export function chunkCountOf(byteLength: number): number {
  return Math.ceil(byteLength / chunkBytes)
}
