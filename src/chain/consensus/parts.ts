/** Cuts a block into parts that are checked one by one (consensus.md, section 3.4). */

import {
  isUnder,
  pieceHash,
  type TreePiece,
  treeOver,
  treePath,
  treeRoot,
} from '../ledger/piece-tree.ts'
import type { Hash } from '../ledger/transaction.ts'
import { limits } from './limits.ts'

/** A block as it travels. */
export interface BlockParts {
  readonly root: Hash
  readonly byteLength: number
  readonly parts: readonly BlockPart[]
}

/** A piece of a block, and the hashes beside its way to the root. */
export type BlockPart = TreePiece

/** What a proposal says of its block. */
interface PartsSummary {
  readonly partsRoot: Hash
  readonly partCount: number
  readonly byteLength: number
}

const { partBytes } = limits

/** How many parts so many bytes have. */
export function partCountOf(byteLength: number): number {
  return Math.ceil(byteLength / partBytes)
}

/** The parts of a block, each 64 KiB but the last, under a binary Merkle root of keccak256. */
export function partsOf(block: Uint8Array): BlockParts {
  const count = partCountOf(block.length)
  const pieces = Array.from({ length: count }, (_, index) =>
    block.subarray(index * partBytes, (index + 1) * partBytes),
  )
  const tree = treeOver(pieces.map((bytes, index) => pieceHash(index, bytes)))
  const parts = pieces.map((bytes, index) => ({ index, bytes, path: treePath(tree, index) }))
  return { root: treeRoot(tree), byteLength: block.length, parts }
}

/** Whether a part is the one that a proposal promised for its place. */
export function isPartOf(part: BlockPart, summary: PartsSummary): boolean {
  const { partsRoot, partCount, byteLength } = summary
  const isLong =
    part.index < partCount && part.bytes.length === lengthOfPart(part.index, byteLength)
  return isLong && isUnder(part, { root: partsRoot, count: partCount })
}

/** Bytes of the part at a place of a block. */
function lengthOfPart(index: number, byteLength: number): number {
  return Math.min(partBytes, byteLength - index * partBytes)
}
