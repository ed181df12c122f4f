/** Moves subtrees out of memory into pages of a file: collects their leaves, and puts pages in their place. */

import { rehash } from './encode'
import { find, inPage } from './find'
import { nodesOf } from './insert'
import { commonDepth, nibble } from './keys'
import {
  ACCOUNT,
  ACCOUNT_BODY,
  BRANCH,
  belowCell,
  childCell,
  depthOf,
  EXTENSION,
  isLeaf,
  isPage,
  keyOf,
  kindOf,
  referenceLength,
  referenceOf,
  SLOT_BODY,
  setDepth,
  storageCell,
} from './nodes'
import { forgetPage, PAGE, PAGE_HEAD, PAGE_LEAVES } from './pages'
import { freeTree } from './pool'

/** Which page of the newest file holds what a page of an older one held; the page itself if none. */
// @ts-ignore: decorator
@external('host', 'movedPage')
declare function movedPage(page: u32): u32

let end: usize = PAGE

/** Whether a subtree fits a page: it has no more leaves than that, and no page in it. */
export function fitsPage(node: usize): bool {
  return leavesOf(node, 0) <= PAGE_LEAVES
}

function leavesOf(node: usize, before: u32): u32 {
  const kind = kindOf(node)
  if (isLeaf(kind)) return before + 1
  if (isPage(kind)) return PAGE_LEAVES + 1
  if (kind == EXTENSION) return leavesOf(load<u32>(belowCell(node)), before)
  let leaves = before
  for (let one: u32 = 0; one < 16 && leaves <= PAGE_LEAVES; one += 1) {
    const child: usize = load<u32>(childCell(node, one))
    if (child) leaves = leavesOf(child, leaves)
  }
  return leaves
}

/** Writes the leaves of a subtree that fits to `PAGE`, in order; gives their length in bytes. */
export function collectPage(node: usize): u32 {
  forgetPage()
  end = PAGE
  collect(node)
  return <u32>(end - PAGE)
}

function collect(node: usize): void {
  const kind = kindOf(node)
  if (isLeaf(kind)) {
    const body = kind == ACCOUNT ? ACCOUNT_BODY : SLOT_BODY
    memory.copy(end, keyOf(node), body)
    end += body
  } else if (kind == EXTENSION) collect(load<u32>(belowCell(node)))
  else {
    for (let one: u32 = 0; one < 16; one += 1) {
      const child: usize = load<u32>(childCell(node, one))
      if (child) collect(child)
    }
  }
}

/** Writes the reference of the subtree that has the records in `PAGE` to `PAGE_HEAD`, behind its length. */
export function referPage(isAccounts: bool, bytes: u32, depth: u32): void {
  forgetPage()
  const root = nodesOf(isAccounts, bytes, depth)
  rehash(root, depth)
  store<u32>(PAGE_HEAD, <u32>referenceLength(root), 36)
  memory.copy(PAGE_HEAD + 40, referenceOf(root), 32)
  freeTree(root)
}

/** The node that begins at a depth on the way to a key, or 0. */
export function nodeAt(root: usize, key: usize, depth: u32): usize {
  let node = root
  let at: u32 = 0
  while (node && at < depth) {
    const kind = kindOf(node)
    if (kind == BRANCH) {
      node = load<u32>(childCell(node, nibble(key, at)))
      at += 1
    } else if (kind == EXTENSION && commonDepth(keyOf(node), key) >= depthOf(node)) {
      at = depthOf(node)
      node = load<u32>(belowCell(node))
    } else return 0
  }
  return at == depth ? node : 0
}

/** Root of the storage of an account that is in memory, or 0. */
export function storageOf(root: usize, key: usize): usize {
  const record = find(root, key)
  return record && !inPage ? <usize>load<u32>(record, 32) : 0
}

/** Turns the root of an unchanged subtree into a page and frees what lies below. */
export function evict(node: usize, key: usize, depth: u32, kind: u32, page: u32): void {
  const was = kindOf(node)
  if (was == BRANCH) {
    for (let one: u32 = 0; one < 16; one += 1) freeTree(load<u32>(childCell(node, one)))
  } else if (was == EXTENSION) freeTree(load<u32>(belowCell(node)))
  else if (was == ACCOUNT) freeTree(load<u32>(storageCell(node)))
  store<u8>(node, <u8>kind)
  memory.copy(keyOf(node), key, 32)
  setDepth(node, depth)
  store<u32>(belowCell(node), page)
}

/** The page nodes that a version made name pages of the newest file. */
export function movePages(node: usize, version: u32): void {
  if (!node || load<u32>(node, 4) != version) return
  const kind = kindOf(node)
  if (isPage(kind)) store<u32>(belowCell(node), movedPage(load<u32>(belowCell(node))))
  else if (kind == BRANCH) {
    for (let one: u32 = 0; one < 16; one += 1) movePages(load<u32>(childCell(node, one)), version)
  } else if (kind == EXTENSION) movePages(load<u32>(belowCell(node)), version)
  else if (kind == ACCOUNT) movePages(load<u32>(storageCell(node)), version)
}
