/** A plain Merkle-Patricia trie to compare the kernel with: nodes are objects that never change. */

import { concatBytes } from '../../../base/bytes.ts'
import { keccak256 } from '../../../crypto/keccak.ts'
import { encodeRlp, type RlpValue } from '../../ledger/rlp.ts'
import type { Hash } from '../../ledger/transaction.ts'

/** Nibbles, one a byte. */
type Path = Uint8Array

/** What a trie keeps under a key; the root covers `encoded`, which is not empty, and nothing else of it. */
export interface TrieValue {
  readonly encoded: Uint8Array
}

interface Leaf<V> {
  readonly kind: 'leaf'
  readonly path: Path
  readonly value: V
  encoding?: Encoding
}

interface Extension<V> {
  readonly kind: 'extension'
  readonly path: Path
  readonly child: TrieNode<V>
  encoding?: Encoding
}

interface Branch<V> {
  readonly kind: 'branch'
  /** Sixteen places. */
  readonly children: readonly (TrieNode<V> | undefined)[]
  readonly value: V | undefined
  encoding?: Encoding
}

/** A node; its encoding is computed once, when it is first asked for. */
type TrieNode<V> = Leaf<V> | Extension<V> | Branch<V>

/** A node's RLP, and what stands for it in its parent: its hash, or itself when shorter than 32 bytes. */
interface Encoding {
  readonly rlp: Uint8Array
  readonly reference: RlpValue
}

/** A version of a trie; absent is the empty one. */
export type Trie<V extends TrieValue> = TrieNode<V> | undefined

/** Root of a trie without keys: keccak-256 of the empty string's RLP. */
const emptyRoot: Hash = keccak256(Uint8Array.of(0x80))

/** The trie with a key set. */
export function triePut<V extends TrieValue>(
  trie: Trie<V>,
  key: Uint8Array,
  value: V,
): TrieNode<V> {
  return put(trie, nibblesOf(key), value)
}

/** The root hash (Yellow Paper, appendix D). */
export function trieRoot<V extends TrieValue>(trie: Trie<V>): Hash {
  return trie === undefined ? emptyRoot : keccak256(encode(trie).rlp)
}

/**
 * Encoded nodes from the root towards a key, for a proof that it is or is not there; nodes that lie within their
 * parents are left out.
 */
export function trieProof<V extends TrieValue>(
  trie: Trie<V>,
  key: Uint8Array,
): readonly Uint8Array[] {
  const proof: Uint8Array[] = []
  let node = trie
  let rest = nibblesOf(key)
  while (node !== undefined) {
    const { rlp } = encode(node)
    if (proof.length === 0 || rlp.length >= 32) proof.push(rlp)
    if (node.kind === 'leaf') break
    if (node.kind === 'extension') {
      if (!startsWith(rest, node.path)) break
      rest = rest.subarray(node.path.length)
      node = node.child
    } else {
      const nibble = rest[0]
      if (nibble === undefined) break
      node = node.children[nibble]
      rest = rest.subarray(1)
    }
  }
  return proof
}

/** The nibbles of a key, high one first. */
function nibblesOf(key: Uint8Array): Path {
  const path = new Uint8Array(key.length * 2)
  for (const [at, byte] of key.entries()) {
    path[at * 2] = byte >> 4
    path[at * 2 + 1] = byte & 15
  }
  return path
}

const noChildren: readonly undefined[] = new Array(16).fill(undefined)

function put<V extends TrieValue>(node: Trie<V>, path: Path, value: V): TrieNode<V> {
  if (node === undefined) return { kind: 'leaf', path, value }
  if (node.kind === 'branch') {
    const nibble = path[0]
    if (nibble === undefined) return { kind: 'branch', children: node.children, value }
    const child = put(node.children[nibble], path.subarray(1), value)
    return { kind: 'branch', children: node.children.with(nibble, child), value: node.value }
  }
  const shared = sharedLength(node.path, path)
  if (shared === node.path.length) {
    if (node.kind === 'extension') {
      return extend(node.path, put(node.child, path.subarray(shared), value))
    }
    if (shared === path.length) return { kind: 'leaf', path, value }
  }
  return extend(path.subarray(0, shared), fork(node, { shared, path, value }))
}

/** A branch between what was there below `shared` nibbles and a new value. */
function fork<V extends TrieValue>(
  node: Leaf<V> | Extension<V>,
  { shared, path, value }: { shared: number; path: Path; value: V },
): Branch<V> {
  const children: (TrieNode<V> | undefined)[] = [...noChildren]
  let own: V | undefined
  const old = node.path.subarray(shared)
  if (old[0] === undefined) own = node.kind === 'leaf' ? node.value : undefined
  else if (node.kind === 'leaf') {
    children[old[0]] = { kind: 'leaf', path: old.subarray(1), value: node.value }
  } else children[old[0]] = extend(old.subarray(1), node.child)
  const nibble = path[shared]
  if (nibble === undefined) own = value
  else children[nibble] = { kind: 'leaf', path: path.subarray(shared + 1), value }
  return { kind: 'branch', children, value: own }
}

function extend<V>(path: Path, child: TrieNode<V>): TrieNode<V> {
  if (path.length === 0) return child
  if (child.kind === 'branch') return { kind: 'extension', path, child }
  const whole = concatBytes(path, child.path)
  return child.kind === 'leaf'
    ? { kind: 'leaf', path: whole, value: child.value }
    : { kind: 'extension', path: whole, child: child.child }
}

function encode<V extends TrieValue>(node: TrieNode<V>): Encoding {
  if (node.encoding) return node.encoding
  const rlp = encodeRlp(fieldsOf(node))
  const reference = rlp.length < 32 ? fieldsOf(node) : keccak256(rlp)
  node.encoding = { rlp, reference }
  return node.encoding
}

function fieldsOf<V extends TrieValue>(node: TrieNode<V>): RlpValue {
  if (node.kind === 'leaf') return [packed(node.path, true), node.value.encoded]
  if (node.kind === 'extension') return [packed(node.path, false), encode(node.child).reference]
  const children = node.children.map((child) =>
    child ? encode(child).reference : new Uint8Array(),
  )
  return [...children, node.value?.encoded ?? new Uint8Array()]
}

/** Hex-prefix encoding (Yellow Paper, appendix C). */
function packed(path: Path, isLeaf: boolean): Uint8Array {
  const odd = path.length % 2
  const bytes = new Uint8Array((path.length - odd) / 2 + 1)
  bytes[0] = (isLeaf ? 0x20 : 0) | (odd ? 0x10 | (path[0] ?? 0) : 0)
  for (let at = 1; at < bytes.length; at += 1) {
    const from = odd + (at - 1) * 2
    bytes[at] = ((path[from] ?? 0) << 4) | (path[from + 1] ?? 0)
  }
  return bytes
}

function sharedLength(a: Path, b: Path): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a[length] === b[length]) length += 1
  return length
}

function startsWith(path: Path, start: Path): boolean {
  return sharedLength(path, start) === start.length
}
