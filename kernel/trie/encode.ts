/** Encodes nodes and gives each the reference that its parent holds (Yellow Paper, appendix D). */

import { keccak256 } from '../keccak/sponge'
import {
  ACCOUNT,
  BRANCH,
  belowCell,
  childCell,
  depthOf,
  EXTENSION,
  fieldsOf,
  isStale,
  keyOf,
  kindOf,
  referenceLength,
  referenceOf,
  setReferenceLength,
  setStale,
  storageCell,
  valueOf,
} from './nodes'
import { lengthOfLength, writeHash, writeLength, writeNumber, writePath, writeString } from './rlp'

/** A node's encoding: room for the list's head, then at most 17 strings of 33 bytes, or a path and an account. */
const NODE: usize = memory.data(608, 16)
const PAYLOAD: usize = NODE + 8
/** The value of a leaf: at most 110 bytes. */
const VALUE: usize = memory.data(128, 16)
const STORAGE_ROOT: usize = memory.data(32, 16)
/** keccak-256 of the RLP of nothing. */
const EMPTY_ROOT: usize = memory.data<u8>([
  0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
  0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21,
])

/** Length of what `encode` wrote last. */
export let encodedLength: usize = 0

/** Brings the references of all stale nodes of a subtree up to date; `depth` is where it begins. */
export function rehash(node: usize, depth: u32): void {
  if (!node || !isStale(node)) return
  const kind = kindOf(node)
  if (kind == BRANCH) {
    for (let one: u32 = 0; one < 16; one += 1) rehash(load<u32>(childCell(node, one)), depth + 1)
  } else if (kind == EXTENSION) rehash(load<u32>(belowCell(node)), depthOf(node))
  else if (kind == ACCOUNT) rehash(load<u32>(storageCell(node)), 0)
  const encoded = encode(node, depth)
  if (encodedLength < 32) {
    memory.copy(referenceOf(node), encoded, encodedLength)
    setReferenceLength(node, encodedLength)
  } else {
    keccak256(encoded, encodedLength, referenceOf(node))
    setReferenceLength(node, 32)
  }
  setStale(node, false)
}

/** Writes the root hash of a trie that is up to date. */
export function writeRoot(root: usize, out: usize): void {
  if (!root) memory.copy(out, EMPTY_ROOT, 32)
  else if (referenceLength(root) == 32) memory.copy(out, referenceOf(root), 32)
  else keccak256(referenceOf(root), referenceLength(root), out)
}

/** The encoding of a node whose children are up to date; it lies where it is until the next one. */
export function encode(node: usize, depth: u32): usize {
  const kind = kindOf(node)
  let at = PAYLOAD
  if (kind == BRANCH) {
    for (let one: u32 = 0; one < 16; one += 1) {
      at = writeReference(at, load<u32>(childCell(node, one)))
    }
    store<u8>(at, 0x80)
    at += 1
  } else if (kind == EXTENSION) {
    at = writePath(at, keyOf(node), depth, depthOf(node), false)
    at = writeReference(at, load<u32>(belowCell(node)))
  } else {
    at = writePath(at, keyOf(node), depth, 64, true)
    const end = kind == ACCOUNT ? writeAccount(node) : writeNumber(VALUE, valueOf(node), 32)
    at = writeString(at, VALUE, end - VALUE)
  }
  return wrapped(PAYLOAD, at)
}

/** A list's head before its payload, for which eight bytes are free. */
function wrapped(payload: usize, end: usize): usize {
  const length = end - payload
  const start = payload - lengthOfLength(length)
  writeLength(start, length, 0xc0)
  encodedLength = end - start
  return start
}

function writeReference(at: usize, child: usize): usize {
  if (!child) {
    store<u8>(at, 0x80)
    return at + 1
  }
  const length = referenceLength(child)
  if (length == 32) return writeHash(at, referenceOf(child))
  memory.copy(at, referenceOf(child), length)
  return at + length
}

/** Writes the value of an account's leaf: nonce, balance, storage root, code hash. */
function writeAccount(leaf: usize): usize {
  const fields = fieldsOf(leaf)
  writeRoot(load<u32>(storageCell(leaf)), STORAGE_ROOT)
  let at = VALUE + 2
  at = writeNumber(at, fields, 8)
  at = writeNumber(at, fields + 8, 32)
  at = writeHash(at, STORAGE_ROOT)
  at = writeHash(at, fields + 40)
  // Two hashes alone are 66 bytes, so that the head always has two.
  store<u8>(VALUE, 0xf8)
  store<u8>(VALUE, <u8>(at - VALUE - 2), 1)
  return at
}
