/** Computes the root over sorted keys and their values without keeping a trie: roots of transactions and receipts. */

import { keccak256 } from '../keccak/sponge'
import { nibble } from './keys'
import { lengthOfLength, writeLength, writePath, writeString } from './rlp'

/** Result of `root`. */
export const HASH: usize = memory.data(32, 16)
/** One reference a level of recursion and child: length u8, then up to 32 bytes. */
const REFERENCE: usize = 33
const LEVEL: usize = 16 * 33
/** Keys have at most 32 bytes. */
const LEVELS: usize = memory.data(65 * 16 * 33, 16)
const ROOT: usize = memory.data(33, 16)

/** Entries: address u32 and length u32 of the key, address and length of the value; from `__heap_base` on. */
const ENTRY: usize = 16
/** Where an encoding may be written: behind all entries, keys and values. */
let scratch: usize = 0

/** Makes room for the entries and what they name, and gives where it begins. */
export function room(bytes: usize): usize {
  const start = (__heap_base + 15) & ~15
  // An encoding takes at most a value and 600 bytes more.
  scratch = start + bytes
  const end = scratch + bytes + 1024
  const pages = <i32>((end >> 16) + 1) - <i32>memory.size()
  if (pages > 0 && memory.grow(pages) < 0) unreachable()
  return start
}

/** Writes the root over `count` entries, sorted by key, to `HASH`. */
export function root(count: u32): void {
  const first = (__heap_base + 15) & ~15
  if (count == 0) {
    store<u8>(scratch, 0x80)
    keccak256(scratch, 1, HASH)
    return
  }
  build(first, count, 0, 0, ROOT)
  if (load<u8>(ROOT) == 32) memory.copy(HASH, ROOT + 1, 32)
  else keccak256(ROOT + 1, load<u8>(ROOT), HASH)
}

// @ts-ignore: decorator
@inline
function keyAt(entry: usize): usize {
  return load<u32>(entry)
}

// @ts-ignore: decorator
@inline
function nibblesOf(entry: usize): u32 {
  return load<u32>(entry, 4) << 1
}

/** Writes the reference of the node over some entries that are alike up to a depth. */
function build(first: usize, count: u32, depth: u32, level: usize, out: usize): void {
  if (count == 1) return leaf(first, depth, out)
  const last = first + <usize>(count - 1) * ENTRY
  const common = commonNibbles(first, last)
  if (common > depth) {
    build(first, count, common, level, out)
    let at = scratch + 8
    at = writePath(at, keyAt(first), depth, common, false)
    at = writeReference(at, out)
    return refer(scratch + 8, at, out)
  }
  const children = LEVELS + level * LEVEL
  memory.fill(children, 0, LEVEL)
  // A key that ends here is the first of those it begins.
  const own: usize = nibblesOf(first) == depth ? first : 0
  let from = own ? first + ENTRY : first
  while (from <= last) {
    const one = nibble(keyAt(from), depth)
    let to = from + ENTRY
    while (to <= last && nibble(keyAt(to), depth) == one) to += ENTRY
    build(from, <u32>((to - from) / ENTRY), depth + 1, level + 1, children + <usize>one * REFERENCE)
    from = to
  }
  let at = scratch + 8
  for (let one: usize = 0; one < 16; one += 1) at = writeReference(at, children + one * REFERENCE)
  if (own) at = writeString(at, load<u32>(own, 8), load<u32>(own, 12))
  else {
    store<u8>(at, 0x80)
    at += 1
  }
  refer(scratch + 8, at, out)
}

function leaf(entry: usize, depth: u32, out: usize): void {
  let at = scratch + 8
  at = writePath(at, keyAt(entry), depth, nibblesOf(entry), true)
  at = writeString(at, load<u32>(entry, 8), load<u32>(entry, 12))
  refer(scratch + 8, at, out)
}

function commonNibbles(a: usize, b: usize): u32 {
  const most = min(nibblesOf(a), nibblesOf(b))
  let depth: u32 = 0
  while (depth < most && nibble(keyAt(a), depth) == nibble(keyAt(b), depth)) depth += 1
  return depth
}

function writeReference(at: usize, reference: usize): usize {
  const length: usize = load<u8>(reference)
  if (length == 0) {
    store<u8>(at, 0x80)
    return at + 1
  }
  if (length == 32) {
    store<u8>(at, 0xa0)
    at += 1
  }
  memory.copy(at, reference + 1, length)
  return at + length
}

/** Writes the reference of a list from its payload. */
function refer(payload: usize, end: usize, out: usize): void {
  const length = end - payload
  const start = payload - lengthOfLength(length)
  writeLength(start, length, 0xc0)
  const bytes = end - start
  if (bytes < 32) {
    store<u8>(out, <u8>bytes)
    memory.copy(out + 1, start, bytes)
  } else {
    store<u8>(out, 32)
    keccak256(start, bytes, out + 1)
  }
}
