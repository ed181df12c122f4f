/** Cuts a block into parts that are checked one by one (consensus.md, section 3.4). */

import { concatBytes, equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Hash } from '../ledger/transaction.ts'
import { limits } from './limits.ts'

/** A block as it travels. */
export interface BlockParts {
  readonly root: Hash
  readonly byteLength: number
  readonly parts: readonly BlockPart[]
}

/** A piece of a block, and the hashes beside its way to the root, lowest first. */
export interface BlockPart {
  readonly index: number
  readonly bytes: Uint8Array
  readonly path: readonly Hash[]
}

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
  const levels = levelsOver(pieces.map((bytes, index) => leafHash(index, bytes)))
  const parts = pieces.map((bytes, index) => ({ index, bytes, path: pathOf(levels, index) }))
  return { root: levels.at(-1)?.[0] ?? new Uint8Array(32), byteLength: block.length, parts }
}

/** Whether a part is the one that a proposal promised for its place. */
export function isPartOf(part: BlockPart, summary: PartsSummary): boolean {
  const { partsRoot, partCount, byteLength } = summary
  const { index, bytes, path } = part
  if (index >= partCount || bytes.length !== lengthOfPart(index, byteLength)) return false
  const steps = path[Symbol.iterator]()
  let hash = leafHash(index, bytes)
  let [at, width] = [index, partCount]
  for (; width > 1; width = Math.ceil(width / 2)) {
    // The last of an odd row has nobody beside it and goes up as it is.
    if ((at ^ 1) < width) {
      const beside = steps.next().value
      if (beside === undefined) return false
      hash = at % 2 === 0 ? nodeHash(hash, beside) : nodeHash(beside, hash)
    }
    at >>= 1
  }
  return steps.next().done === true && equalBytes(hash, partsRoot)
}

/** Bytes of the part at a place of a block. */
function lengthOfPart(index: number, byteLength: number): number {
  return Math.min(partBytes, byteLength - index * partBytes)
}

/** Rows of hashes from the leaves to the root. */
function levelsOver(leaves: readonly Hash[]): readonly (readonly Hash[])[] {
  const levels: (readonly Hash[])[] = [leaves]
  for (let row = leaves; row.length > 1; ) {
    const above: Hash[] = []
    for (let at = 0; at < row.length; at += 2) {
      const [left, right] = [row[at] as Hash, row[at + 1]]
      above.push(right ? nodeHash(left, right) : left)
    }
    levels.push(above)
    row = above
  }
  return levels
}

function pathOf(levels: readonly (readonly Hash[])[], index: number): readonly Hash[] {
  return levels.flatMap((row, height) => row[(index >> height) ^ 1] ?? [])
}

function leafHash(index: number, bytes: Uint8Array): Hash {
  return keccak256(concatBytes(Uint8Array.of(0, index >> 8, index & 255), bytes))
}

function nodeHash(left: Hash, right: Hash): Hash {
  return keccak256(concatBytes(Uint8Array.of(1), left, right))
}
