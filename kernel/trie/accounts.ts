/** Reads and changes accounts and their storage: what the state of a chain asks of its tries. */

import { remove, touch } from './changes'
import { find, inPage } from './find'
import { insert } from './insert'
import { hashed } from './key-hashes'
import { same32 } from './keys'
import { ADDRESS, FIELDS, KEY, VALUE } from './places'
import {
  ACCOUNT,
  ACCOUNT_BYTES,
  fieldsOf,
  keyOf,
  SLOT,
  SLOT_BYTES,
  SLOT_PAGE,
  storageCell,
  valueOf,
} from './nodes'
import { pageOf, recordIn } from './pages'
import { allocate, retire, retireTree } from './pool'

/** Holds the root while it changes. */
const ROOT: usize = memory.data(4, 16)
/** The leaf that `putAccount` gave, whose storage may be changed. */
let account: usize = 0

/** The account that was read last; reading its slots begins here. */
let heldRoot: usize = 0
let heldFound: bool = false
let heldInPage: bool = false
/** Storage root, or first page and count of pages. */
let heldStorage: u32 = 0
let heldPages: u32 = 0
const HELD_ADDRESS: usize = memory.data(32, 16)

/** What was read last may lie elsewhere now. */
export function forgetAccount(): void {
  heldRoot = 0
  account = 0
}

/** Writes the account at `ADDRESS` to `FIELDS`; false if there is none. */
export function readAccount(root: usize): bool {
  const record = find(root, hashed(ADDRESS, 20))
  hold(root, record)
  if (record) memory.copy(FIELDS, record + 40, 72)
  return record != 0
}

/** Writes the slot `KEY` of the account at `ADDRESS` to `VALUE`; false if it is zero. */
export function readSlot(root: usize): bool {
  if (!isHeld(root)) hold(root, find(root, hashed(ADDRESS, 20)))
  const record = heldFound ? slotRecord(hashed(KEY, 32)) : 0
  if (record) memory.copy(VALUE, record + 32, 32)
  return record != 0
}

/** Whether the account at `ADDRESS` has any slot set. */
export function hasStorage(root: usize): bool {
  if (!isHeld(root)) hold(root, find(root, hashed(ADDRESS, 20)))
  return heldFound && (heldInPage ? heldPages : heldStorage) != 0
}

function slotRecord(key: usize): usize {
  if (!heldInPage) return find(heldStorage, key)
  const page = pageOf(heldStorage, heldPages, key)
  return page < heldStorage + heldPages ? recordIn(page, SLOT_PAGE, key) : 0
}

function hold(root: usize, record: usize): void {
  heldRoot = root
  memory.copy(HELD_ADDRESS, ADDRESS, 20)
  heldFound = record != 0
  heldInPage = inPage
  if (record) {
    heldStorage = load<u32>(record, 32)
    heldPages = load<u32>(record, 36)
  }
}

function isHeld(root: usize): bool {
  return (
    root == heldRoot &&
    root != 0 &&
    load<u64>(ADDRESS) == load<u64>(HELD_ADDRESS) &&
    load<u64>(ADDRESS, 8) == load<u64>(HELD_ADDRESS, 8) &&
    load<u32>(ADDRESS, 16) == load<u32>(HELD_ADDRESS, 16)
  )
}

/**
 * Sets the account at `ADDRESS` to `FIELDS` and gives the new root; if its slots are to be put next, also when it is
 * so already.
 */
export function applyAccount(root: usize, slotsFollow: bool): usize {
  const key = hashed(ADDRESS, 20)
  store<u32>(ROOT, <u32>root)
  const record = find(root, key)
  if (record) {
    if (!slotsFollow && sameFields(record + 40)) return root
    account = touch(ROOT, key)
  } else {
    account = allocate(ACCOUNT, ACCOUNT_BYTES)
    memory.copy(keyOf(account), key, 32)
    store<u64>(storageCell(account), 0)
    insert(ROOT, account, 0)
  }
  memory.copy(fieldsOf(account), FIELDS, 72)
  return load<u32>(ROOT)
}

function sameFields(fields: usize): bool {
  for (let at: usize = 0; at < 72; at += 8) {
    if (load<u64>(fields + at) != load<u64>(FIELDS + at)) return false
  }
  return true
}

/** Sets all slots of the account that was put to zero. */
export function wipeStorage(): void {
  const cell = storageCell(account)
  retireTree(load<u32>(cell))
  store<u32>(cell, 0)
}

/** Sets slot `KEY` of the account that was put to `VALUE`. */
export function putSlot(): void {
  const key = hashed(KEY, 32)
  const cell = storageCell(account)
  const record = find(load<u32>(cell), key)
  const isZero =
    (load<u64>(VALUE) | load<u64>(VALUE, 8) | load<u64>(VALUE, 16) | load<u64>(VALUE, 24)) == 0
  if (record) {
    if (isZero) retire(remove(cell, key))
    else if (!same32(record + 32, VALUE)) memory.copy(valueOf(touch(cell, key)), VALUE, 32)
  } else if (!isZero) {
    const leaf = allocate(SLOT, SLOT_BYTES)
    memory.copy(keyOf(leaf), key, 32)
    memory.copy(valueOf(leaf), VALUE, 32)
    insert(cell, leaf, 0)
  }
}

/** Removes the account at `ADDRESS` with its storage and gives the new root. */
export function removeAccount(root: usize): usize {
  const key = hashed(ADDRESS, 20)
  if (!find(root, key)) return root
  store<u32>(ROOT, <u32>root)
  const leaf = remove(ROOT, key)
  retireTree(load<u32>(storageCell(leaf)))
  retire(leaf)
  return load<u32>(ROOT)
}
