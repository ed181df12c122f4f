/** Runs a row of seeds, some of them twice, and adds up what happened. */

import { planOf } from './plan.ts'
import { run } from './run.ts'

/** Seeds that failed once, each for a fault that was mended; every run begins with them. */
export const seedsToRemember: readonly number[] = [2, 44, 55, 200_205]

/** One in so many seeds runs twice, which must give the same run (S12). */
const twiceOneIn = 50

/** What came of some seeds. */
export interface SeedsResult {
  readonly passed: number
  readonly failures: readonly { readonly seed: number; readonly detail: string }[]
  readonly events: number
  readonly heights: number
  readonly coverage: ReadonlyMap<string, number>
}

/** Runs these seeds in order. */
export function runSeeds(seeds: readonly number[]): SeedsResult {
  const failures: { seed: number; detail: string }[] = []
  const coverage = new Map<string, number>()
  let [events, heights] = [0, 0]
  for (const seed of seeds) {
    const plan = planOf(seed)
    const result = run(plan)
    events += result.events
    heights += result.height
    addCounts(coverage, result.coverage)
    if (result.failure) failures.push({ seed, detail: result.failure.detail })
    else if (seed % twiceOneIn === 0 && run(plan).hash !== result.hash) {
      failures.push({ seed, detail: 'S12: the same plan gave another run' })
    }
  }
  return { passed: seeds.length - failures.length, failures, events, heights, coverage }
}

/** Adds counts to others. */
export function addCounts(to: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) to.set(name, (to.get(name) ?? 0) + count)
}
