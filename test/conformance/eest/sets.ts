/** Lists the sets of public execution tests and how many tests each has. */

/** A set; all its tests must pass. */
export interface TestSet {
  readonly name: string
  readonly cases: number
  /** The sample of `npm test`: each n-th file, and the tests in these. */
  readonly quick: { readonly everyNth: number; readonly cases: number }
}

export const stateSets: readonly TestSet[] = [
  { name: 'eest/state-legacy', cases: 3_288, quick: { everyNth: 4, cases: 973 } },
  { name: 'eest/state-cancun', cases: 1_452, quick: { everyNth: 4, cases: 439 } },
  { name: 'eest/state-prague', cases: 2_471, quick: { everyNth: 6, cases: 663 } },
  { name: 'eest/state-osaka', cases: 8_515, quick: { everyNth: 6, cases: 1_332 } },
]

export const blockSets: readonly TestSet[] = [
  { name: 'eest/blockchain-legacy', cases: 1_770, quick: { everyNth: 4, cases: 288 } },
  { name: 'eest/blockchain-transition', cases: 52, quick: { everyNth: 1, cases: 52 } },
  { name: 'eest/blockchain-osaka', cases: 6_141, quick: { everyNth: 6, cases: 1_076 } },
  { name: 'eest/blockchain-osaka-gapfill', cases: 2_880, quick: { everyNth: 6, cases: 559 } },
]
