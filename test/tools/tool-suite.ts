/** Describes what a suite of somebody's tool is. */

import type { Tally } from './tally.ts'

/** What a suite is given. */
export interface ToolSite {
  /** Folder outside the project that packages are installed in; it is kept. */
  readonly cache: string
  /** Checkout of OpenZeppelin's contracts; without it one is made in the cache. */
  readonly openZeppelin: string | undefined
  /** Patterns of its test files; all unless given. */
  readonly tests: readonly string[]
}

/** Runs a suite; what it lacks on this machine it says by a sentence. */
export type ToolSuite = (site: ToolSite) => Promise<Tally | { readonly lacking: string }>
