/** Lists what the state room calls: versions of a trie of accounts with their storage. */

import { forgetAccount } from './accounts'
import { rehash, writeRoot } from './encode'
import { hangingPages } from './insert'
import { hashed } from './key-hashes'
import { ADDRESS, HASH, KEY } from './places'
import { forgetPage } from './pages'
import { evict as turnIntoPage, movePages as movePagesOf, nodeAt, storageOf } from './paging'
import { dropList, freeBorn, nextVersion } from './pool'
import {
  endProof as freeProof,
  proofBytes,
  proveAccount as provedLeaf,
  proveSlot as proveSlotOf,
  writeStorageRoot,
} from './proof'

export { hasStorage, readAccount, readSlot } from './accounts'
export { appliedRoot, applyDifference, differenceRoom } from './difference'
export { ADDRESS, FIELDS, HASH, KEY, VALUE } from './places'
export { limitMemory, takeRetired, usedBytes } from './pool'
export { PAGE, PAGE_HEAD } from './pages'
export { collectPage, fitsPage, referPage } from './paging'
export { PROOF } from './proof'

/** Begins a version; all changes belong to it until the next one begins. */
export function startVersion(): u32 {
  forgetAccount()
  return nextVersion()
}

/** Writes the root hash to `HASH`. */
export function rootHash(root: usize): void {
  rehash(root, 0)
  writeRoot(root, HASH)
}

/** Forgets the oldest version: what the next one replaced is free. */
export function dropOldest(retiredByNext: usize): void {
  forgetAccount()
  dropList(retiredByNext, true)
}

/** Forgets a version that no other follows: what it made is free. */
export function dropNewest(root: usize, version: u32, retired: usize): void {
  forgetAccount()
  freeBorn(root, version)
  dropList(retired, false)
}

/** Writes the proof of the account at `ADDRESS` to `PROOF` and its storage root to `HASH`; gives its leaf, or 0. */
export function proveAccount(root: usize): usize {
  rehash(root, 0)
  const leaf = provedLeaf(root, hashed(ADDRESS, 20))
  writeStorageRoot(leaf, HASH)
  return leaf
}

/** Writes the proof of slot `KEY` of a proved account to `PROOF` and gives its length in bytes. */
export function proveSlot(leaf: usize): usize {
  proveSlotOf(leaf, hashed(KEY, 32))
  return proofBytes()
}

/** Length in bytes of the proof that was written last. */
export function proofLength(): usize {
  return proofBytes()
}

/** A proof is done: its leaf is no longer held. */
export function endProof(): void {
  freeProof()
}

/** The root of a trie that lies in `count` pages from `first` on; part of the version that is being made. */
export function openPages(kind: u32, first: u32, count: u32): usize {
  return hangingPages(kind, first, count)
}

/** The node that begins at a depth on the way to the hashed key `KEY`, or 0. */
export function accountNode(root: usize, depth: u32): usize {
  return nodeAt(root, KEY, depth)
}

/** As `accountNode`, in the storage of the account with the hashed key `HASH`. */
export function slotNode(root: usize, depth: u32): usize {
  return nodeAt(storageOf(root, HASH), KEY, depth)
}

/** Turns the root of a subtree, which no version has otherwise, into a page; `KEY` is a hashed key below it. */
export function evict(node: usize, depth: u32, kind: u32, page: u32): void {
  forgetAccount()
  turnIntoPage(node, KEY, depth, kind, page)
}

/** Makes the page nodes of a version name the pages of the newest file. */
export function movePages(root: usize, version: u32): void {
  forgetAccount()
  forgetPage()
  movePagesOf(root, version)
}
