/** Proves that an item stands in a list whose root a header commits to, and checks such proofs. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { decodeRlp, EncodedRlp, encodeRlp, type RlpSource, type RlpValue } from '../ledger/rlp.ts'
import type { Hash } from '../ledger/transaction.ts'

/** Nibbles, one a byte. */
type Path = Uint8Array

interface Entry {
  readonly path: Path
  readonly value: Uint8Array
}

/** A key is the RLP of a place below 2^32: five bytes. */
const mostNibbles = 10
const nothing = new Uint8Array()

/**
 * The nodes of the trie over a list (Yellow Paper, section 4.3.2) from its root to an item, encoded; those that lie within
 * their parents are left out.
 *
 * @param place - of an item of the list, from 0
 */
export function orderedProof(items: readonly Uint8Array[], place: number): readonly Uint8Array[] {
  const entries = items.map((value, at) => ({ path: pathOf(at), value }))
  const proof: Uint8Array[] = []
  buildNode(entries, 0, { path: pathOf(place), proof })
  return proof.toReversed()
}

/**
 * The item that a proof shows at a place of the list with this root.
 *
 * @returns undefined for a proof that shows none, or has more nodes than it takes
 */
export function provenItem(
  root: Hash,
  place: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!Number.isInteger(place) || place < 0 || place >= 2 ** 32) return undefined
  if (proof.length > mostNibbles + 1) return undefined
  try {
    return walk(root, pathOf(place), proof)
  } catch (error) {
    if (error instanceof AppError && error.code === 'ledger/bad-rlp') return undefined
    throw error
  }
}

/** The way that a proof goes, and its nodes from the item up. */
interface Way {
  readonly path: Path
  readonly proof: Uint8Array[]
}

/** The encoded node over entries that share what comes before `depth`; no key begins another one. */
function buildNode(entries: readonly Entry[], depth: number, way: Way | undefined): Uint8Array {
  const [first] = entries
  if (first === undefined) throw new Error('a node stands over entries')
  const end = entries.length === 1 ? first.path.length : sharedEnd(entries, depth)
  const step = first.path.subarray(depth, end)
  const encoded = encodeRlp(
    entries.length === 1
      ? [compactPath(step, true), first.value]
      : end > depth
        ? [compactPath(step, false), reference(buildNode(entries, end, way))]
        : branch(entries, depth, way),
  )
  if (way && (depth === 0 || encoded.length >= 32)) way.proof.push(encoded)
  return encoded
}

function branch(entries: readonly Entry[], depth: number, way: Way | undefined): RlpSource {
  const children = Array.from({ length: 16 }, (_, nibble) => {
    const below = entries.filter(({ path }) => path[depth] === nibble)
    if (below.length === 0) return nothing
    return reference(buildNode(below, depth + 1, way?.path[depth] === nibble ? way : undefined))
  })
  return [...children, nothing]
}

/** What stands for a node in its parent: its hash, or itself when shorter than 32 bytes. */
function reference(encoded: Uint8Array): RlpSource {
  return encoded.length < 32 ? new EncodedRlp(encoded) : keccak256(encoded)
}

/** Where the paths of entries part. */
function sharedEnd(entries: readonly Entry[], depth: number): number {
  let end = depth
  while (entries.every(({ path }) => path[end] === entries[0]?.path[end])) end += 1
  return end
}

/** Follows a path from node to node. */
function walk(root: Hash, path: Path, proof: readonly Uint8Array[]): Uint8Array | undefined {
  let [used, depth] = [0, 0]
  let expected: RlpValue = root
  for (;;) {
    const node: readonly RlpValue[] | undefined =
      expected instanceof Uint8Array ? nodeOf(expected, proof[used]) : expected
    if (expected instanceof Uint8Array) used += 1
    if (node === undefined) return undefined
    if (node.length === 17) {
      const next: RlpValue | undefined = node[path[depth] ?? 16]
      if (next === undefined || next.length === 0 || depth === path.length) return undefined
      expected = next
      depth += 1
      continue
    }
    const [step, next]: readonly (RlpValue | undefined)[] = node
    if (node.length !== 2 || !(step instanceof Uint8Array) || next === undefined) return undefined
    const isLeaf = ((step[0] ?? 0) & 0x20) !== 0
    const end = isLeaf ? path.length : depth + nibbleCount(step)
    if (!equalBytes(compactPath(path.subarray(depth, end), isLeaf), step)) return undefined
    if (isLeaf) return used === proof.length && next instanceof Uint8Array ? next : undefined
    expected = next
    depth = end
  }
}

function nodeOf(
  hash: Uint8Array,
  encoded: Uint8Array | undefined,
): readonly RlpValue[] | undefined {
  if (encoded === undefined || !equalBytes(keccak256(encoded), hash)) return undefined
  const node = decodeRlp(encoded, 64)
  return node instanceof Uint8Array ? undefined : node
}

/** Nibbles in pairs behind what says how many they are, and whether they end at a value (Yellow Paper, appendix C). */
function compactPath(path: Path, isLeaf: boolean): Uint8Array {
  const isOdd = path.length % 2 === 1
  const mark = (isLeaf ? 2 : 0) + (isOdd ? 1 : 0)
  const nibbles = isOdd ? [mark, ...path] : [mark, 0, ...path]
  return Uint8Array.from({ length: nibbles.length / 2 }, (_, at) => {
    const [high = 0, low = 0] = nibbles.slice(2 * at, 2 * at + 2)
    return (high << 4) | low
  })
}

function nibbleCount(compact: Uint8Array): number {
  return Math.max(0, compact.length * 2 - ((compact[0] ?? 0) & 0x10 ? 1 : 2))
}

function pathOf(place: number): Path {
  return Uint8Array.from(Array.from(encodeRlp(place)).flatMap((byte) => [byte >> 4, byte & 15]))
}
