/** Puts new leaves and whole pages into a trie, and opens pages where a change goes through them. */

import { commonDepth, nibble } from './keys'
import {
  ACCOUNT,
  ACCOUNT_BODY,
  ACCOUNT_BYTES,
  ACCOUNT_PAGE,
  BRANCH,
  BRANCH_BYTES,
  belowCell,
  childCell,
  depthOf,
  EXTENSION,
  EXTENSION_BYTES,
  isPage,
  keyOf,
  kindOf,
  PAGE_BYTES,
  referenceOf,
  SLOT,
  SLOT_BODY,
  SLOT_BYTES,
  SLOT_PAGE,
  setDepth,
  setReferenceLength,
  setStale,
  storageCell,
} from './nodes'
import { PAGE, PAGE_HEAD, readPage, readPageHead } from './pages'
import { allocate, own, retire } from './pool'

/** Roots of what is being built. */
const OPENED: usize = memory.data(4, 16)
const HANGING: usize = memory.data(4, 16)

/** Hangs a leaf, or a page, whose key the subtree at a depth does not hold, into it; `cell` holds the subtree's root. */
export function insert(cell: usize, item: usize, depth: u32): void {
  while (true) {
    let node: usize = load<u32>(cell)
    if (!node) {
      store<u32>(cell, <u32>hung(item, depth))
      return
    }
    if (isPage(kindOf(node))) node = openedAt(cell)
    const kind = kindOf(node)
    if (kind == BRANCH) {
      node = own(node)
      store<u32>(cell, <u32>node)
      cell = childCell(node, nibble(keyOf(item), depth))
      depth += 1
      continue
    }
    const common = commonDepth(keyOf(node), keyOf(item))
    if (kind == EXTENSION && common >= depthOf(node)) {
      node = own(node)
      store<u32>(cell, <u32>node)
      cell = belowCell(node)
      depth = depthOf(node)
      continue
    }
    const branch = forked(node, item, common)
    store<u32>(cell, <u32>(depth < common ? extension(keyOf(item), common, branch) : branch))
    return
  }
}

/** A branch at the depth where an item parts from a leaf or an extension. */
function forked(node: usize, item: usize, depth: u32): usize {
  const branch = allocate(BRANCH, BRANCH_BYTES)
  memory.fill(branch + 40, 0, 64)
  const cell = childCell(branch, nibble(keyOf(node), depth))
  if (kindOf(node) == EXTENSION && depthOf(node) == depth + 1) {
    store<u32>(cell, load<u32>(belowCell(node)))
    retire(node)
  } else store<u32>(cell, <u32>own(node))
  store<u32>(childCell(branch, nibble(keyOf(item), depth)), <u32>hung(item, depth + 1))
  return branch
}

/** An item at a depth; a page stays at its own. */
function hung(item: usize, depth: u32): usize {
  const below = isPage(kindOf(item)) && depthOf(item) > depth
  return below ? extension(keyOf(item), depthOf(item), item) : item
}

export function extension(key: usize, end: u32, child: usize): usize {
  const node = allocate(EXTENSION, EXTENSION_BYTES)
  memory.copy(keyOf(node), key, 32)
  setDepth(node, end)
  store<u32>(belowCell(node), <u32>child)
  return node
}

/** Puts the nodes of a page in its place. */
export function openedAt(cell: usize): usize {
  const page: usize = load<u32>(cell)
  const node = opened(page)
  retire(page)
  store<u32>(cell, <u32>node)
  return node
}

/** The nodes of a page. */
export function opened(page: usize): usize {
  const isAccounts = kindOf(page) == ACCOUNT_PAGE
  return nodesOf(isAccounts, readPage(load<u32>(belowCell(page))), depthOf(page))
}

/** The nodes of the records that lie in `PAGE`, of a subtree that begins at a depth. */
export function nodesOf(isAccounts: bool, bytes: u32, depth: u32): usize {
  const body = isAccounts ? ACCOUNT_BODY : SLOT_BODY
  store<u32>(OPENED, 0)
  const end = PAGE + bytes
  for (let at = PAGE; at < end; at += body) {
    const leaf = isAccounts ? allocate(ACCOUNT, ACCOUNT_BYTES) : allocate(SLOT, SLOT_BYTES)
    memory.copy(keyOf(leaf), at, body)
    if (isAccounts) {
      const cell = storageCell(leaf)
      store<u32>(cell, <u32>hangingPages(SLOT_PAGE, load<u32>(cell), load<u32>(cell, 4)))
      store<u32>(cell, 0, 4)
    }
    insert(OPENED, leaf, depth)
  }
  return load<u32>(OPENED)
}

/** A trie whose leaves lie in `count` pages of a file. */
export function hangingPages(kind: u32, first: u32, count: u32): usize {
  store<u32>(HANGING, 0)
  for (let page = first; page < first + count; page += 1) {
    const node = allocate(kind, PAGE_BYTES)
    readPageHead(page)
    memory.copy(keyOf(node), PAGE_HEAD, 32)
    memory.copy(referenceOf(node), PAGE_HEAD + 40, 32)
    setDepth(node, load<u32>(PAGE_HEAD, 32))
    setReferenceLength(node, load<u32>(PAGE_HEAD, 36))
    setStale(node, false)
    store<u32>(belowCell(node), page)
    insert(HANGING, node, 0)
  }
  return load<u32>(HANGING)
}
