/** Finds what a trie holds under a key, in memory or in a page. */

import { commonDepth, nibble, same32 } from './keys'
import {
  ACCOUNT_PAGE,
  BRANCH,
  belowCell,
  childCell,
  depthOf,
  EXTENSION,
  isPage,
  keyOf,
  kindOf,
} from './nodes'
import { recordIn } from './pages'

/** Whether the last record was found in a page, where an account names the pages of its storage. */
export let inPage: bool = false

/** The node a key leads to: its leaf, the page that may hold it, or 0. */
export function leadsTo(node: usize, key: usize): usize {
  let depth: u32 = 0
  while (node) {
    const kind = kindOf(node)
    if (kind == BRANCH) {
      node = load<u32>(childCell(node, nibble(key, depth)))
      depth += 1
    } else if (kind == EXTENSION) {
      depth = depthOf(node)
      if (commonDepth(keyOf(node), key) < depth) return 0
      node = load<u32>(belowCell(node))
    } else if (isPage(kind)) return node
    else return same32(keyOf(node), key) ? node : 0
  }
  return 0
}

/** The record of a key, which begins with the key, or 0. */
export function find(root: usize, key: usize): usize {
  const node = leadsTo(root, key)
  inPage = false
  if (!node) return 0
  const kind = kindOf(node)
  if (!isPage(kind)) return keyOf(node)
  inPage = kind == ACCOUNT_PAGE
  return recordIn(load<u32>(belowCell(node)), kind, key)
}
