/** Names the kinds of trie nodes and the places of their fields in linear memory. */

/** Leaf of the accounts' trie, and of an account's storage trie. */
export const ACCOUNT: u32 = 1
export const SLOT: u32 = 2
export const BRANCH: u32 = 3
export const EXTENSION: u32 = 4
/** A subtree that lies in a file, as one page of accounts or of slots. */
export const ACCOUNT_PAGE: u32 = 5
export const SLOT_PAGE: u32 = 6

/*
 * Every record: kind u8, stale u8, length of the reference u8, size class u8, version of birth u32, reference 32 bytes.
 * The reference is what stands for the node in its parent: its hash, or its RLP when that is shorter than 32 bytes.
 * Leaves, extensions and pages hold a whole hashed key, of which they take their nibbles by depth, so that no path is
 * ever rewritten.
 *
 * account:   key, storage root u32, spare u32, nonce u64, balance 32 bytes, code hash 32 bytes
 * slot:      key, value 32 bytes
 * branch:    16 children u32
 * extension: a key below it, depth of its end u32, child u32
 * page:      a key below it, depth u32, number of the page u32
 *
 * Numbers are little-endian.
 */

export const ACCOUNT_BYTES: usize = 160
export const SLOT_BYTES: usize = 112
export const BRANCH_BYTES: usize = 112
export const EXTENSION_BYTES: usize = 80
export const PAGE_BYTES: usize = 80

/** What a leaf holds from its key on, which is also its record in a page. */
export const ACCOUNT_BODY: usize = 112
export const SLOT_BODY: usize = 64

// @ts-ignore: decorator
@inline
export function kindOf(node: usize): u32 {
  return load<u8>(node)
}

// @ts-ignore: decorator
@inline
export function isStale(node: usize): bool {
  return load<u8>(node, 1) != 0
}

// @ts-ignore: decorator
@inline
export function setStale(node: usize, stale: bool): void {
  store<u8>(node, stale, 1)
}

// @ts-ignore: decorator
@inline
export function referenceLength(node: usize): usize {
  return load<u8>(node, 2)
}

// @ts-ignore: decorator
@inline
export function setReferenceLength(node: usize, length: usize): void {
  store<u8>(node, <u8>length, 2)
}

// @ts-ignore: decorator
@inline
export function referenceOf(node: usize): usize {
  return node + 8
}

// @ts-ignore: decorator
@inline
export function keyOf(node: usize): usize {
  return node + 40
}

/** Cell that holds the child of a branch. */
// @ts-ignore: decorator
@inline
export function childCell(branch: usize, nibble: u32): usize {
  return branch + 40 + (<usize>nibble << 2)
}

/** Depth at which an extension ends, or at which a page's subtree begins. */
// @ts-ignore: decorator
@inline
export function depthOf(node: usize): u32 {
  return load<u32>(node, 72)
}

// @ts-ignore: decorator
@inline
export function setDepth(node: usize, depth: u32): void {
  store<u32>(node, depth, 72)
}

/** Cell of an extension's child, or of a page's number. */
// @ts-ignore: decorator
@inline
export function belowCell(node: usize): usize {
  return node + 76
}

/** Cell of an account's storage root. */
// @ts-ignore: decorator
@inline
export function storageCell(leaf: usize): usize {
  return leaf + 72
}

/** Nonce, balance and code hash: 72 bytes. */
// @ts-ignore: decorator
@inline
export function fieldsOf(leaf: usize): usize {
  return leaf + 80
}

// @ts-ignore: decorator
@inline
export function valueOf(leaf: usize): usize {
  return leaf + 72
}

// @ts-ignore: decorator
@inline
export function isLeaf(kind: u32): bool {
  return kind <= SLOT
}

// @ts-ignore: decorator
@inline
export function isPage(kind: u32): bool {
  return kind >= ACCOUNT_PAGE
}
