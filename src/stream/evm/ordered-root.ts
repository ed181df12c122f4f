/** Computes the root of the trie that a header holds for a list of a block. */

import { toRlp } from 'viem'
import { type Hex, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'

/** An item of RLP: bytes, or a list of items. */
type Item = Uint8Array | Item[]
/** Nibbles of a key, and the value. */
type Leaf = readonly [path: readonly number[], value: Uint8Array]

/** Root of the trie that holds each value under the RLP of its place. @see Yellow Paper, appendix D */
export function orderedRoot(values: readonly Uint8Array[]): Hex {
  if (values.length === 0) return toHex(keccak256(toRlp(new Uint8Array(), 'bytes')))
  const leaves = values.map((value, at): Leaf => [nibblesOf(keyOf(at)), value])
  return toHex(keccak256(toRlp(nodeOf(leaves, 0) as never, 'bytes')))
}

/** Shortest big-endian bytes. */
export function short(value: number): Uint8Array {
  if (value === 0) return new Uint8Array()
  const digits = value.toString(16)
  return Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`)
}

function keyOf(place: number): Uint8Array {
  return toRlp(short(place), 'bytes')
}

function nibblesOf(bytes: Uint8Array): readonly number[] {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 15])
}

/** The node of leaves that share the first `depth` nibbles. */
function nodeOf(leaves: readonly Leaf[], depth: number): Item[] {
  const [only] = leaves
  if (only && leaves.length === 1) return [packed(only[0].slice(depth), true), only[1]]
  const shared = sharedFrom(leaves, depth)
  if (shared > depth) {
    const path = (only as Leaf)[0].slice(depth, shared)
    return [packed(path, false), referenceOf(nodeOf(leaves, shared))]
  }
  const children = Array.from({ length: 16 }, (_, nibble): Item => {
    const below = leaves.filter(([path]) => path[depth] === nibble)
    return below.length === 0 ? new Uint8Array() : referenceOf(nodeOf(below, depth + 1))
  })
  const here = leaves.find(([path]) => path.length === depth)
  return [...children, here?.[1] ?? new Uint8Array()]
}

/** How far all paths agree. */
function sharedFrom(leaves: readonly Leaf[], depth: number): number {
  const [first] = leaves[0] as Leaf
  let at = depth
  while (at < first.length && leaves.every(([path]) => path[at] === first[at])) at += 1
  return at
}

/** Nodes shorter than a hash stand in their parent as they are. */
function referenceOf(node: Item[]): Item {
  const encoded = toRlp(node as never, 'bytes')
  return encoded.length < 32 ? node : keccak256(encoded)
}

/** Nibbles as bytes, with what they are and whether they are odd in front. */
function packed(path: readonly number[], isLeaf: boolean): Uint8Array {
  const flag = (isLeaf ? 2 : 0) + (path.length % 2)
  const nibbles = path.length % 2 === 0 ? [flag, 0, ...path] : [flag, ...path]
  return Uint8Array.from({ length: nibbles.length / 2 }, (_, at) => {
    return ((nibbles[at * 2] as number) << 4) | (nibbles[at * 2 + 1] as number)
  })
}
