/** Puts pieces of something under a binary Merkle root of keccak-256, so that each can be checked by itself. */

import { concatBytes, equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Hash } from './transaction.ts'

/** A piece, and the hashes beside its way to the root, lowest first. */
export interface TreePiece {
  /** Below 65,536. */
  readonly index: number
  readonly bytes: Uint8Array
  readonly path: readonly Hash[]
}

/** Rows of hashes from those of the pieces to the root. */
export type TreeLevels = readonly (readonly Hash[])[]

/** keccak256(0x00 ‖ index u16 ‖ piece). */
export function pieceHash(index: number, bytes: Uint8Array): Hash {
  return keccak256(concatBytes(Uint8Array.of(0, index >> 8, index & 255), bytes))
}

/** The tree over the hashes of all pieces; inner nodes are keccak256(0x01 ‖ left ‖ right), an odd last one is carried up. */
export function treeOver(leaves: readonly Hash[]): TreeLevels {
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

/** The root of a tree; zeros over nothing. */
export function treeRoot(levels: TreeLevels): Hash {
  return levels.at(-1)?.[0] ?? new Uint8Array(32)
}

/** The hashes beside the way of a piece. */
export function treePath(levels: TreeLevels, index: number): readonly Hash[] {
  return levels.flatMap((row, height) => row[(index >> height) ^ 1] ?? [])
}

/** Whether a piece stands at its place under a root over so many. */
export function isUnder(
  { index, bytes, path }: TreePiece,
  { root, count }: { readonly root: Hash; readonly count: number },
): boolean {
  if (index >= count) return false
  const steps = path[Symbol.iterator]()
  let hash = pieceHash(index, bytes)
  let [at, width] = [index, count]
  for (; width > 1; width = Math.ceil(width / 2)) {
    // The last of an odd row has nobody beside it and goes up as it is.
    if ((at ^ 1) < width) {
      const beside = steps.next().value
      if (beside === undefined) return false
      hash = at % 2 === 0 ? nodeHash(hash, beside) : nodeHash(beside, hash)
    }
    at >>= 1
  }
  return steps.next().done === true && equalBytes(hash, root)
}

function nodeHash(left: Hash, right: Hash): Hash {
  return keccak256(concatBytes(Uint8Array.of(1), left, right))
}
