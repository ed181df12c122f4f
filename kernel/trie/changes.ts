/** Changes a trie in a new version: records of older versions are copied on the way down and stay as they are. */

import { extension, openedAt } from './insert'
import { nibble } from './keys'
import {
  BRANCH,
  belowCell,
  childCell,
  depthOf,
  EXTENSION,
  isPage,
  keyOf,
  kindOf,
  setDepth,
} from './nodes'
import { free, own } from './pool'

/** The leaf of a key that the trie holds, to be written; `cell` holds the root. */
export function touch(cell: usize, key: usize): usize {
  let depth: u32 = 0
  while (true) {
    let node: usize = load<u32>(cell)
    if (isPage(kindOf(node))) node = openedAt(cell)
    node = own(node)
    store<u32>(cell, <u32>node)
    const kind = kindOf(node)
    if (kind == BRANCH) {
      cell = childCell(node, nibble(key, depth))
      depth += 1
    } else if (kind == EXTENSION) {
      cell = belowCell(node)
      depth = depthOf(node)
    } else return node
  }
}

/** Takes the leaf of a key that the trie holds out of it, and gives the leaf to retire. */
export function remove(cell: usize, key: usize): usize {
  let depth: u32 = 0
  /** The last branch passed: its cell, the cell of the extension right above it, and its depth. */
  let branchCell: usize = 0
  let extensionCell: usize = 0
  let branchDepth: u32 = 0
  let above: usize = 0
  while (true) {
    let node: usize = load<u32>(cell)
    if (isPage(kindOf(node))) node = openedAt(cell)
    const kind = kindOf(node)
    if (kind != BRANCH && kind != EXTENSION) {
      store<u32>(cell, 0)
      if (branchCell) shrink(branchCell, extensionCell, branchDepth)
      return node
    }
    node = own(node)
    store<u32>(cell, <u32>node)
    if (kind == BRANCH) {
      branchCell = cell
      extensionCell = above
      branchDepth = depth
      above = 0
      cell = childCell(node, nibble(key, depth))
      depth += 1
    } else {
      above = cell
      cell = belowCell(node)
      depth = depthOf(node)
    }
  }
}

/** A branch that one child is left of gives way to it. */
function shrink(cell: usize, extensionCell: usize, depth: u32): void {
  const branch: usize = load<u32>(cell)
  let only: usize = 0
  for (let one: u32 = 0; one < 16; one += 1) {
    const place = childCell(branch, one)
    if (!load<u32>(place)) continue
    if (only) return
    only = place
  }
  const page: usize = load<u32>(only)
  let child = isPage(kindOf(page)) ? openedAt(only) : page
  if (kindOf(child) != BRANCH) {
    child = own(child)
    if (extensionCell) free(load<u32>(extensionCell))
    store<u32>(extensionCell ? extensionCell : cell, <u32>child)
  } else if (extensionCell) {
    const longer: usize = load<u32>(extensionCell)
    memory.copy(keyOf(longer), keyBelow(child), 32)
    setDepth(longer, depth + 1)
    store<u32>(belowCell(longer), <u32>child)
  } else store<u32>(cell, <u32>extension(keyBelow(child), depth + 1, child))
  free(branch)
}

/** Any key of a subtree. */
function keyBelow(node: usize): usize {
  while (kindOf(node) == BRANCH) {
    let one: u32 = 0
    while (!load<u32>(childCell(node, one))) one += 1
    node = load<u32>(childCell(node, one))
  }
  return keyOf(node)
}
