/** Applies to a trie what a block did, from the RLP that the log holds of it. */

import { applyAccount, putSlot, removeAccount, wipeStorage } from './accounts'
import { ADDRESS, FIELDS, KEY, VALUE } from './places'
import { reserve } from './pool'
import { begin, isList, itemEnd, itemStart, readItem } from './rlp-items'

/** Where the accounts of a difference are put before they are applied; kept for the next one. */
let room: usize = 0
let roomBytes: usize = 0

/** Gives a place for the list of changed accounts. */
export function differenceRoom(bytes: usize): usize {
  if (bytes > roomBytes) {
    roomBytes = max(bytes, 64 * 1024)
    room = reserve(roomBytes)
  }
  return room
}

/** Whether what lies in the room was a list of changes; the root after them is in `applied`. */
let applied: usize = 0

export function appliedRoot(): usize {
  return applied
}

/** Applies the list of changes in the room to a trie; false if it is none, and the version is to be dropped. */
export function applyDifference(root: usize, bytes: usize): bool {
  applied = root
  begin(room, room + bytes)
  if (!readItem(room) || !isList || itemEnd != room + bytes) return false
  let at = itemStart
  const end = itemEnd
  while (at < end) {
    if (!readItem(at) || !isList || itemEnd > end) return false
    at = itemEnd
    if (!applyChange(itemStart, itemEnd)) return false
  }
  return true
}

/** One account: address, fields or none, whether its storage is gone, slots. */
function applyChange(at: usize, end: usize): bool {
  if (!readItem(at) || isList || itemEnd - itemStart != 20) return false
  memory.copy(ADDRESS, itemStart, 20)
  if (!readItem(itemEnd) || !isList) return false
  const isGone = itemStart == itemEnd
  const behindFields = itemEnd
  if (!isGone && !readFields(itemStart, itemEnd)) return false
  if (!readItem(behindFields) || isList) return false
  const isWiped = itemEnd > itemStart
  if (!readItem(itemEnd) || !isList || itemEnd != end) return false
  if (isGone) {
    applied = removeAccount(applied)
    return true
  }
  const hasSlots = itemStart < itemEnd
  applied = applyAccount(applied, isWiped || hasSlots)
  if (isWiped) wipeStorage()
  return !hasSlots || applySlots(itemStart, itemEnd)
}

function readFields(at: usize, end: usize): bool {
  if (!readItem(at) || !readNumber(FIELDS, 8)) return false
  if (!readItem(itemEnd) || !readNumber(FIELDS + 8, 32)) return false
  if (!readItem(itemEnd) || isList || itemEnd - itemStart != 32 || itemEnd != end) return false
  memory.copy(FIELDS + 40, itemStart, 32)
  return true
}

function applySlots(at: usize, end: usize): bool {
  while (at < end) {
    if (!readItem(at) || !isList || itemEnd > end) return false
    at = itemEnd
    if (!readItem(itemStart) || !readKey() || !readItem(itemEnd) || !readNumber(VALUE, 32)) return false
    if (itemEnd != at) return false
    putSlot()
  }
  return true
}

/** Writes the number that was read as `size` little-endian bytes. */
function readNumber(to: usize, size: usize): bool {
  const length = itemEnd - itemStart
  if (isList || length > size) return false
  memory.fill(to, 0, size)
  for (let place: usize = 0; place < length; place += 1) {
    store<u8>(to + place, load<u8>(itemEnd - 1 - place))
  }
  return true
}

/** Writes the number that was read to `KEY`. */
function readKey(): bool {
  const length = itemEnd - itemStart
  if (isList || length > 32) return false
  memory.fill(KEY, 0, 32 - length)
  memory.copy(KEY + 32 - length, itemStart, length)
  return true
}
