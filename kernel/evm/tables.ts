/** Holds the accounts and slots that a block has seen, and the transient slots of a transaction. */

import { clear, copy, equal, isZero } from '../words/u256'
import { FULL_ACCOUNTS, FULL_SLOTS, FULL_TRANSIENT, full } from './capacity'
import { hostAccount, hostSlot } from './host'
import { change32, change64, noteWord } from './journal'
import {
  ACCOUNT_BALANCE,
  ACCOUNT_BYTES,
  ACCOUNT_CODE_HASH,
  ACCOUNT_CREATED,
  ACCOUNT_DESTROYED,
  ACCOUNT_DIRTY,
  ACCOUNT_DIRTY_NEXT,
  ACCOUNT_FLAGS,
  ACCOUNT_INCARNATION,
  ACCOUNT_INDEX,
  ACCOUNT_NONCE,
  ACCOUNT_PLACES,
  ACCOUNT_TOUCHED,
  ACCOUNT_WARM,
  ACCOUNTS,
  ACCOUNTS_END,
  FLAG_EXISTS,
  FLAG_PRECOMPILE,
  FLAG_WARM,
  FLAG_WIPED,
  FLAG_WIPED_IN_BLOCK,
  PRECOMPILE_SHIFT,
  PRECOMPILES,
  PRECOMPILES_HIGH,
  rule,
  rule_clearsEmpty,
  SEED,
  SLOT_ACCOUNT,
  SLOT_BYTES,
  SLOT_DIRTY,
  SLOT_DIRTY_NEXT,
  SLOT_INDEX,
  SLOT_ORIGINAL,
  SLOT_ORIGINAL_OF,
  SLOT_PLACES,
  SLOT_VALUE,
  SLOT_WARM,
  SLOTS,
  SLOTS_END,
  TOUCHED,
  TRANSIENT,
  TRANSIENT_ACCOUNT,
  TRANSIENT_BYTES,
  TRANSIENT_END,
  TRANSIENT_INDEX,
  TRANSIENT_PLACES,
  TRANSIENT_VALUE,
} from './layout'

/** Number of the transaction, by which stamps say that something holds in it; of the block; of the tables' contents. */
export let transaction: u32 = 1
export let block: u32 = 1
let generation: u32 = 1

export let accountsEnd: usize = ACCOUNTS
export let slotsEnd: usize = SLOTS
let transientEnd: usize = TRANSIENT
export let touchedEnd: usize = TOUCHED
/** Newest account and slot that changed in this block; 0 for none. */
export let dirtyAccounts: usize = 0
export let dirtySlots: usize = 0

/** keccak-256 of no bytes. */
const EMPTY_CODE_HASH: usize = memory.data<u64>([
  0x3c23f7860146d2c5, 0xc003c7dcb27d7e92, 0x3b2782ca53b600e5, 0x70a4855d04d8fa7b,
])

/** Forgets all accounts and slots. */
export function forgetState(): void {
  // 0 is the number of places that were never filled.
  if (++generation == 0) {
    generation = 1
    memory.fill(ACCOUNT_INDEX, 0, usize(ACCOUNT_PLACES) << 3)
    memory.fill(SLOT_INDEX, 0, usize(SLOT_PLACES) << 3)
  }
  dirtyAccounts = 0
  accountsEnd = ACCOUNTS
  slotsEnd = SLOTS
  beginBlock()
}

/** From here on changes belong to another block. */
export function beginBlock(): void {
  for (let account = dirtyAccounts; account; account = load<u32>(account, ACCOUNT_DIRTY_NEXT)) {
    const flags = load<u32>(account, ACCOUNT_FLAGS)
    store<u32>(account, flags & ~FLAG_WIPED_IN_BLOCK, ACCOUNT_FLAGS)
  }
  // 0 says of an account or slot that it never changed.
  if (++block == 0) block = 1
  dirtyAccounts = 0
  dirtySlots = 0
}

/** From here on nothing is warm, touched or transient. */
export function nextTransaction(): void {
  // 0 says of an account or slot that nothing was ever so.
  if (++transaction == 0) {
    transaction = 1
    memory.fill(TRANSIENT_INDEX, 0, usize(TRANSIENT_PLACES) << 3)
  }
  transientEnd = TRANSIENT
  touchedEnd = TOUCHED
}

// @ts-ignore: decorator
@inline
function mix(a: u64, b: u64, c: u64, d: u64): u64 {
  let h = (a ^ load<u64>(SEED)) * 0x9e3779b97f4a7c15
  h = (h ^ (h >> 32) ^ b) * 0xd6e8feb86659fd93
  h = (h ^ (h >> 29) ^ c) * 0xa0761d6478bd642f
  h = (h ^ (h >> 32) ^ d) * 0xe7037ed1a0b428db
  return h ^ (h >> 32)
}

/** The account at an address, of which the lower 160 bits of a word count; asked of the host when it is new here. */
export function accountAt(address: usize): usize {
  const l0 = load<u64>(address)
  const l1 = load<u64>(address, 8)
  const l2 = load<u32>(address, 16)
  let place = u32(mix(l0, l1, u64(l2), 0)) & (ACCOUNT_PLACES - 1)
  while (true) {
    const at = ACCOUNT_INDEX + (usize(place) << 3)
    if (load<u32>(at) != generation) {
      const entry = newAccount(l0, l1, l2)
      store<u32>(at, generation)
      store<u32>(at, u32(entry), 4)
      return entry
    }
    const entry = usize(load<u32>(at, 4))
    if (load<u64>(entry) == l0 && load<u64>(entry, 8) == l1 && load<u32>(entry, 16) == l2) {
      return entry
    }
    place = (place + 1) & (ACCOUNT_PLACES - 1)
  }
}

function newAccount(l0: u64, l1: u64, l2: u32): usize {
  const entry = accountsEnd
  if (entry == ACCOUNTS_END) full(FULL_ACCOUNTS)
  accountsEnd = entry + ACCOUNT_BYTES
  memory.fill(entry, 0, ACCOUNT_BYTES)
  store<u64>(entry, l0)
  store<u64>(entry, l1, 8)
  store<u32>(entry, l2, 16)
  copy(entry + ACCOUNT_CODE_HASH, EMPTY_CODE_HASH)
  store<u32>(entry, hostAccount(entry) ? FLAG_EXISTS : 0, ACCOUNT_FLAGS)
  const id = precompileAt(entry)
  setPrecompile(entry, id)
  if (id != NO_PRECOMPILE) {
    store<u32>(entry, load<u32>(entry, ACCOUNT_FLAGS) | FLAG_WARM, ACCOUNT_FLAGS)
  }
  return entry
}

/** Says which precompile an account is, if any. */
export function setPrecompile(account: usize, id: u32): void {
  const flags = load<u32>(account, ACCOUNT_FLAGS) & 0xffff & ~FLAG_PRECOMPILE
  const more = id == NO_PRECOMPILE ? 0 : FLAG_PRECOMPILE | (id << PRECOMPILE_SHIFT)
  store<u32>(account, flags | more, ACCOUNT_FLAGS)
}

export const NO_PRECOMPILE: u32 = 0xffffffff

/** Number of the precompile that an account is. */
export function precompileId(account: usize): u32 {
  const flags = load<u32>(account, ACCOUNT_FLAGS)
  return flags & FLAG_PRECOMPILE ? flags >> PRECOMPILE_SHIFT : NO_PRECOMPILE
}

/** Number of the precompile at an address: 0 to 31, or 0x100 to 0x11f. */
function precompileAt(address: usize): u32 {
  if (load<u64>(address, 8) | u64(load<u32>(address, 16))) return NO_PRECOMPILE
  const low = load<u64>(address)
  const bits = low < 32 ? load<u32>(PRECOMPILES) : load<u32>(PRECOMPILES_HIGH)
  if (low >= 32 && (low < 0x100 || low >= 0x120)) return NO_PRECOMPILE
  return (bits >> u32(low & 31)) & 1 ? u32(low) : NO_PRECOMPILE
}

/** The slot of an account with the key at `key`. */
export function slotAt(account: usize, key: usize): usize {
  const incarnation = load<u32>(account, ACCOUNT_INCARNATION)
  const owner = (u64(incarnation) << 32) | u64(account)
  const rest = load<u64>(key, 24) ^ (owner * 0x9e3779b97f4a7c15)
  const hash = mix(load<u64>(key), load<u64>(key, 8), load<u64>(key, 16), rest)
  let place = u32(hash) & (SLOT_PLACES - 1)
  while (true) {
    const at = SLOT_INDEX + (usize(place) << 3)
    if (load<u32>(at) != generation) {
      const entry = newSlot(account, key, owner)
      store<u32>(at, generation)
      store<u32>(at, u32(entry), 4)
      return entry
    }
    const entry = usize(load<u32>(at, 4))
    if (load<u64>(entry, SLOT_ACCOUNT) == owner && equal(entry, key)) return entry
    place = (place + 1) & (SLOT_PLACES - 1)
  }
}

function newSlot(account: usize, key: usize, owner: u64): usize {
  const entry = slotsEnd
  if (entry == SLOTS_END) full(FULL_SLOTS)
  slotsEnd = entry + SLOT_BYTES
  memory.fill(entry, 0, SLOT_BYTES)
  copy(entry, key)
  store<u64>(entry, owner, SLOT_ACCOUNT)
  const isNew = load<u32>(account, ACCOUNT_CREATED) == transaction
  if (!(load<u32>(account, ACCOUNT_FLAGS) & FLAG_WIPED) && !isNew) hostSlot(account, entry)
  return entry
}

/** Writes a slot, and keeps what it held when the transaction began. */
export function setSlot(account: usize, slot: usize, value: usize): void {
  keepOriginal(slot)
  noteWord(slot + SLOT_VALUE)
  copy(slot + SLOT_VALUE, value)
  if (load<u32>(slot, SLOT_DIRTY) != block) {
    store<u32>(slot, block, SLOT_DIRTY)
    store<u32>(slot, u32(dirtySlots), SLOT_DIRTY_NEXT)
    dirtySlots = slot
    markDirty(account)
  }
}

/** Makes the original value of a slot readable. */
export function keepOriginal(slot: usize): void {
  if (load<u32>(slot, SLOT_ORIGINAL_OF) == transaction) return
  store<u32>(slot, transaction, SLOT_ORIGINAL_OF)
  copy(slot + SLOT_ORIGINAL, slot + SLOT_VALUE)
}

/** The value of a transient slot, or 0 where none was written (EIP-1153). */
export function transientAt(account: usize, key: usize, insert: bool): usize {
  const rest = load<u64>(key, 24) ^ (u64(account) * 0x9e3779b97f4a7c15)
  const hash = mix(load<u64>(key), load<u64>(key, 8), load<u64>(key, 16), rest)
  let place = u32(hash) & (TRANSIENT_PLACES - 1)
  while (true) {
    const at = TRANSIENT_INDEX + (usize(place) << 3)
    if (load<u32>(at) != transaction) {
      if (!insert) return 0
      const entry = transientEnd
      if (entry + TRANSIENT_BYTES > TRANSIENT_END) full(FULL_TRANSIENT)
      transientEnd = entry + TRANSIENT_BYTES
      copy(entry, key)
      clear(entry + TRANSIENT_VALUE)
      store<u32>(entry, u32(account), TRANSIENT_ACCOUNT)
      store<u32>(at, transaction)
      store<u32>(at, u32(entry), 4)
      return entry + TRANSIENT_VALUE
    }
    const entry = usize(load<u32>(at, 4))
    if (load<u32>(entry, TRANSIENT_ACCOUNT) == u32(account) && equal(entry, key)) {
      return entry + TRANSIENT_VALUE
    }
    place = (place + 1) & (TRANSIENT_PLACES - 1)
  }
}

/** Puts an account among those that changed in this block. */
export function markDirty(account: usize): void {
  if (load<u32>(account, ACCOUNT_DIRTY) == block) return
  store<u32>(account, block, ACCOUNT_DIRTY)
  store<u32>(account, u32(dirtyAccounts), ACCOUNT_DIRTY_NEXT)
  dirtyAccounts = account
}

/** Puts an account among those to be looked at when the transaction ends. */
export function touch(account: usize): void {
  if (load<u32>(account, ACCOUNT_TOUCHED) == transaction) return
  change32(account + ACCOUNT_TOUCHED, transaction)
  store<u32>(touchedEnd, u32(account))
  touchedEnd += 4
}

/** Cuts back to those that a frame found, after its changes were undone. */
export function cutTouched(end: usize): void {
  touchedEnd = end
}

/** Makes sure that an account is there, as before EIP-161 a look with intent was enough for. */
export function bringIntoBeing(account: usize): void {
  const flags = load<u32>(account, ACCOUNT_FLAGS)
  if (flags & FLAG_EXISTS) return
  change32(account + ACCOUNT_FLAGS, flags | FLAG_EXISTS)
  markDirty(account)
}

/** Before a balance is written. */
export function noteBalance(account: usize): void {
  noteWord(account + ACCOUNT_BALANCE)
  bringIntoBeing(account)
  markDirty(account)
  touch(account)
}

export function setNonce(account: usize, nonce: u64): void {
  change64(account + ACCOUNT_NONCE, nonce)
  bringIntoBeing(account)
  markDirty(account)
  touch(account)
}

/** Gives an account the code with the hash of 32 bytes at `hash`. */
export function setCodeHash(account: usize, hash: usize): void {
  noteWord(account + ACCOUNT_CODE_HASH)
  copy(account + ACCOUNT_CODE_HASH, hash)
  bringIntoBeing(account)
  markDirty(account)
}

export function clearCodeHash(account: usize): void {
  setCodeHash(account, EMPTY_CODE_HASH)
}

// @ts-ignore: decorator
@inline
export function hasCode(account: usize): bool {
  return !equal(account + ACCOUNT_CODE_HASH, EMPTY_CODE_HASH)
}

// @ts-ignore: decorator
@inline
export function exists(account: usize): bool {
  return (load<u32>(account, ACCOUNT_FLAGS) & FLAG_EXISTS) != 0
}

/** No nonce, no balance, no code (EIP-161). */
export function isEmpty(account: usize): bool {
  return (
    load<u64>(account, ACCOUNT_NONCE) == 0 &&
    isZero(account + ACCOUNT_BALANCE) &&
    !hasCode(account)
  )
}

// @ts-ignore: decorator
@inline
export function isWarm(account: usize): bool {
  return (
    load<u32>(account, ACCOUNT_WARM) == transaction ||
    (load<u32>(account, ACCOUNT_FLAGS) & FLAG_WARM) != 0
  )
}

export function warm(account: usize): void {
  if (load<u32>(account, ACCOUNT_WARM) != transaction) {
    change32(account + ACCOUNT_WARM, transaction)
  }
}

export function warmSlot(slot: usize): void {
  if (load<u32>(slot, SLOT_WARM) != transaction) change32(slot + SLOT_WARM, transaction)
}

/** Ends a transaction: takes away what destroyed itself, and what was touched and is empty. */
export function sweep(): void {
  const clearsEmpty = rule(rule_clearsEmpty) != 0
  for (let at = TOUCHED; at < touchedEnd; at += 4) {
    const account = usize(load<u32>(at))
    const destroyed = load<u32>(account, ACCOUNT_DESTROYED) == transaction
    if (destroyed) wipe(account)
    else if (!clearsEmpty || load<u32>(account, ACCOUNT_TOUCHED) != transaction) continue
    else if (!exists(account) || !isEmpty(account)) continue
    store<u32>(account, load<u32>(account, ACCOUNT_FLAGS) & ~FLAG_EXISTS, ACCOUNT_FLAGS)
    markDirty(account)
  }
}

function wipe(account: usize): void {
  store<u64>(account, 0, ACCOUNT_NONCE)
  clear(account + ACCOUNT_BALANCE)
  copy(account + ACCOUNT_CODE_HASH, EMPTY_CODE_HASH)
  store<u32>(account, 0, ACCOUNT_DESTROYED)
  store<u32>(account, 0, ACCOUNT_CREATED)
  wipeStorage(account)
}

/** Takes all storage from an account; what it had is no longer found. */
export function wipeStorage(account: usize): void {
  store<u32>(account, load<u32>(account, ACCOUNT_INCARNATION) + 1, ACCOUNT_INCARNATION)
  const flags = load<u32>(account, ACCOUNT_FLAGS)
  store<u32>(account, flags | FLAG_WIPED | FLAG_WIPED_IN_BLOCK, ACCOUNT_FLAGS)
  markDirty(account)
}

/** Says that the host has written an account, between transactions. */
export function written(account: usize, isThere: bool): void {
  const flags = load<u32>(account, ACCOUNT_FLAGS)
  store<u32>(account, isThere ? flags | FLAG_EXISTS : flags & ~FLAG_EXISTS, ACCOUNT_FLAGS)
  markDirty(account)
}
