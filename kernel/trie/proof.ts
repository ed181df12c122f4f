/** Collects the encoded nodes between a root and a key (EIP-1186). */

import { encode, encodedLength, rehash, writeRoot } from './encode'
import { opened } from './insert'
import { commonDepth, nibble, same32 } from './keys'
import {
  BRANCH,
  belowCell,
  childCell,
  depthOf,
  EXTENSION,
  isPage,
  keyOf,
  kindOf,
  referenceLength,
  storageCell,
} from './nodes'
import { freeTree } from './pool'

/** Nodes one after the other, each behind its length u32: at most 65 of at most 544 bytes. */
export const PROOF: usize = memory.data(65 * 548, 16)

/** Subtrees that were opened for a proof alone: one of accounts, one of slots. */
let openedAccounts: usize = 0
let openedSlots: usize = 0
let end: usize = PROOF

/** Writes the proof of an account and gives its leaf, or 0. The leaf stays until `endProof`. */
export function proveAccount(root: usize, key: usize): usize {
  end = PROOF
  return prove(root, key, true)
}

/** Writes the proof of a slot of an account that was proved. */
export function proveSlot(leaf: usize, key: usize): void {
  end = PROOF
  if (leaf) {
    prove(load<u32>(storageCell(leaf)), key, false)
    freeTree(openedSlots)
    openedSlots = 0
  }
}

export function proofBytes(): usize {
  return end - PROOF
}

export function writeStorageRoot(leaf: usize, out: usize): void {
  writeRoot(leaf ? <usize>load<u32>(storageCell(leaf)) : 0, out)
}

export function endProof(): void {
  freeTree(openedAccounts)
  openedAccounts = 0
}

function prove(root: usize, key: usize, ofAccount: bool): usize {
  let depth: u32 = 0
  let node = root
  while (node) {
    if (isPage(kindOf(node))) {
      node = opened(node)
      rehash(node, depth)
      if (ofAccount) openedAccounts = node
      else openedSlots = node
    }
    if (node == root || depth == 0 || referenceLength(node) == 32) add(node, depth)
    const kind = kindOf(node)
    if (kind == BRANCH) {
      node = load<u32>(childCell(node, nibble(key, depth)))
      depth += 1
    } else if (kind == EXTENSION) {
      if (commonDepth(keyOf(node), key) < depthOf(node)) return 0
      depth = depthOf(node)
      node = load<u32>(belowCell(node))
    } else return same32(keyOf(node), key) ? node : 0
  }
  return 0
}

function add(node: usize, depth: u32): void {
  const encoded = encode(node, depth)
  store<u32>(end, <u32>encodedLength)
  memory.copy(end + 4, encoded, encodedLength)
  end += 4 + encodedLength
}
