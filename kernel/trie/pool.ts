/** Gives out and takes back node records, and remembers which records a version replaced. */

import {
  ACCOUNT,
  BRANCH,
  belowCell,
  childCell,
  EXTENSION,
  kindOf,
  setStale,
  storageCell,
} from './nodes'

/** Heads of the lists of free records, by size class: a sixteenth of the size. */
const FREE: usize = memory.data(16 * 4, 16)
const PAGE_SHIFT: usize = 16
/** A chunk of a list of replaced records: kind …, next u32 at 4, count u32 at 8, from 16 on the entries. */
const CHUNK_BYTES: usize = 240
const CHUNK_ENTRIES: u32 = 56

let top: usize = (__heap_base + 15) & ~15
let used: usize = 0
/** Where memory ends; code outside may set it lower, never beyond the 4 GiB of addresses. */
let most: usize = 0xffff0000
/** The version that is being made. */
let now: u32 = 0
/** Records of older versions that this version no longer reaches. */
let retired: usize = 0

/** Bytes of all records in use. */
export function usedBytes(): usize {
  return used
}

/** Begins another version. */
export function nextVersion(): u32 {
  now += 1
  retired = 0
  return now
}

/** The list of records that the version replaced; it is the caller's from now on. */
export function takeRetired(): usize {
  const list = retired
  retired = 0
  return list
}

/** A stale record of the version that is being made, its fields not cleared. */
export function allocate(kind: u32, size: usize): usize {
  const cell = FREE + ((size >> 4) << 2)
  let record: usize = load<u32>(cell)
  if (record) store<u32>(cell, load<u32>(record, 4))
  else record = reserve(size)
  used += size
  store<u32>(record, kind | 0x100 | (<u32>(size >> 4) << 24))
  store<u32>(record, now, 4)
  return record
}

/** Memory that is never used before; it is given back as a record or not at all. */
export function reserve(bytes: usize): usize {
  const start = top
  if (bytes > most - start) unreachable()
  const end = start + ((bytes + 15) & ~15)
  if (end > <usize>memory.size() << PAGE_SHIFT) growTo(end)
  top = end
  return start
}

/** Sets where memory ends, in bytes; what does not fit stops this kernel's call. */
export function limitMemory(bytes: usize): void {
  most = min<usize>(bytes, 0xffff0000)
}

/** Asks for an eighth more than there is, so that growing stays rare. */
function growTo(end: usize): void {
  const pages = <i32>memory.size()
  const wanted = <i32>((end >> PAGE_SHIFT) + 1) - pages
  const more = max(wanted, max(16, pages >> 3))
  if (memory.grow(more) < 0 && memory.grow(wanted) < 0) unreachable()
}

// @ts-ignore: decorator
@inline
function sizeOf(record: usize): usize {
  return <usize>load<u8>(record, 3) << 4
}

export function free(record: usize): void {
  const size = sizeOf(record)
  const cell = FREE + ((size >> 4) << 2)
  used -= size
  store<u32>(record, 0)
  store<u32>(record, load<u32>(cell), 4)
  store<u32>(cell, <u32>record)
}

/** The record itself if this version made it, else a copy; stale in any case. */
export function own(node: usize): usize {
  let mine = node
  if (load<u32>(node, 4) != now) {
    const size = sizeOf(node)
    mine = allocate(kindOf(node), size)
    memory.copy(mine + 8, node + 8, size - 8)
    push(<u32>node)
  }
  setStale(mine, true)
  return mine
}

/** The version does without a record. */
export function retire(node: usize): void {
  if (load<u32>(node, 4) == now) free(node)
  else push(<u32>node)
}

/** The version does without a subtree. What lies below an older record is older still. */
export function retireTree(node: usize): void {
  if (!node) return
  if (load<u32>(node, 4) != now) return push(<u32>node | 1)
  const kind = kindOf(node)
  if (kind == BRANCH) {
    for (let one: u32 = 0; one < 16; one += 1) retireTree(load<u32>(childCell(node, one)))
  } else if (kind == EXTENSION) retireTree(load<u32>(belowCell(node)))
  else if (kind == ACCOUNT) retireTree(load<u32>(storageCell(node)))
  free(node)
}

/** Whole subtrees are marked in the lowest bit, which no address has. */
function push(entry: u32): void {
  let count: u32 = retired ? load<u32>(retired, 8) : CHUNK_ENTRIES
  if (count == CHUNK_ENTRIES) {
    const chunk = allocate(0, CHUNK_BYTES)
    store<u32>(chunk, <u32>retired, 4)
    retired = chunk
    count = 0
  }
  store<u32>(retired + 16 + (<usize>count << 2), entry)
  store<u32>(retired, count + 1, 8)
}

/** Frees the records of a list, or the list alone. */
export function dropList(list: usize, withRecords: bool): void {
  while (list) {
    if (withRecords) {
      const count = load<u32>(list, 8)
      for (let at: u32 = 0; at < count; at += 1) {
        const entry = load<u32>(list + 16 + (<usize>at << 2))
        if (entry & 1) freeTree(entry & ~1)
        else free(entry)
      }
    }
    const next: usize = load<u32>(list, 4)
    free(list)
    list = next
  }
}

/** Frees a subtree that nothing reaches any more. */
export function freeTree(node: usize): void {
  freeBorn(node, 0)
}

/** Frees what a version made of a subtree, or all of it when the version is 0. */
export function freeBorn(node: usize, version: u32): void {
  if (!node || (version && load<u32>(node, 4) != version)) return
  const kind = kindOf(node)
  if (kind == BRANCH) {
    for (let one: u32 = 0; one < 16; one += 1) freeBorn(load<u32>(childCell(node, one)), version)
  } else if (kind == EXTENSION) freeBorn(load<u32>(belowCell(node)), version)
  else if (kind == ACCOUNT) freeBorn(load<u32>(storageCell(node)), version)
  free(node)
}
