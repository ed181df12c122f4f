/** Knows which versions of a state are kept, and frees what only dropped ones held. */

import type { Node, TrieKernel } from './trie-kernel.ts'

/** A version of the state: the one before it with some changes. */
export interface Version {
  readonly root: Node
  /** Which nodes it made. */
  readonly number: number
  /** The version it was made from; `undefined` when that is forgotten. */
  parent: Version | undefined
  /** Versions made from it. */
  readonly children: Set<Version>
  /** List of nodes of older versions that it replaced; 0 when they are freed. */
  retired: number
  /** How many read it. */
  holders: number
}

/** The first version, without contents. */
export function emptyVersion(): Version {
  return {
    ...{ root: 0, number: 0, parent: undefined, children: new Set<Version>() },
    ...{ retired: 0, holders: 0 },
  }
}

/**
 * The version after some changes, which `change` makes: it gets a root and gives another one. The version before
 * stays as it is.
 */
export function nextVersion(
  kernel: TrieKernel,
  parent: Version,
  change: (root: Node) => Node,
): Version {
  const number = kernel.startVersion()
  const root = change(parent.root)
  const version = {
    ...{ root, number, parent, children: new Set<Version>() },
    ...{ retired: kernel.takeRetired(), holders: 0 },
  }
  parent.children.add(version)
  return version
}

/** Somebody reads a version. */
export function holdVersion(version: Version): void {
  version.holders += 1
}

/**
 * One who held a version does not any more. When nobody does, its nodes are freed if it is the oldest or a newest one;
 * between others it waits until it is.
 */
export function letGo(kernel: TrieKernel, version: Version): void {
  version.holders -= 1
  let next: Version | undefined = version
  while (next?.holders === 0) next = settle(kernel, next)
}

/** Frees a version that nobody holds if that can be, and gives the one that may be freed now. */
function settle(kernel: TrieKernel, version: Version): Version | undefined {
  const { root, number, parent, children, retired } = version
  const [only] = children
  if (only === undefined) {
    // Without an older version, all that is left belongs to this one.
    kernel.dropNewest(root, parent ? number : 0, retired)
    parent?.children.delete(version)
    return parent
  }
  if (parent !== undefined || children.size > 1) return undefined
  kernel.dropOldest(only.retired)
  only.retired = 0
  only.parent = undefined
  return only
}
