/** Runs a row of seeds, some of them twice, and adds up what happened. */

import {
  mustHappenIn,
  planOfSeed,
  runPlan,
  type Seed,
  type WorldName,
  worldNames,
} from './worlds.ts'

/** One in so many seeds runs twice, which must give the same run (S12); ML-DSA signs by chance. */
const twiceOneIn = 50

/** What came of some seeds. */
export interface SeedsResult {
  readonly passed: number
  readonly failures: readonly { readonly seed: Seed; readonly detail: string }[]
  readonly events: number
  readonly heights: number
  /** How often what happened, with the name of the world before it. */
  readonly coverage: ReadonlyMap<string, number>
  /** Runs by world. */
  readonly runs: ReadonlyMap<string, number>
}

/** Runs these seeds in order. */
export async function runSeeds(seeds: readonly Seed[]): Promise<SeedsResult> {
  const failures: { seed: Seed; detail: string }[] = []
  const [coverage, runs] = [new Map<string, number>(), new Map<string, number>()]
  let [events, heights] = [0, 0]
  for (const seed of seeds) {
    const { world, number } = seed
    const plan = planOfSeed(seed)
    const result = await runPlan(plan)
    events += result.events
    heights += result.height
    addCounts(runs, new Map([[world, 1]]))
    for (const [name, count] of result.coverage)
      addCounts(coverage, new Map([[`${world}: ${name}`, count]]))
    if (result.failure) failures.push({ seed, detail: result.failure.detail })
    else if (
      number % twiceOneIn === 0 &&
      world !== 'signed' &&
      (await runPlan(plan)).hash !== result.hash
    ) {
      failures.push({ seed, detail: 'S12: the same plan gave another run' })
    }
  }
  return { passed: seeds.length - failures.length, failures, events, heights, coverage, runs }
}

/** Adds counts to others. */
export function addCounts(to: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) to.set(name, (to.get(name) ?? 0) + count)
}

/** What has never happened in the worlds that were run, though it must. */
export function missingOf({ coverage, runs }: Pick<SeedsResult, 'coverage' | 'runs'>) {
  const worlds: readonly WorldName[] = worldNames.filter((world) => runs.has(world))
  return worlds.flatMap((world) =>
    mustHappenIn(world)
      .map((name) => `${world}: ${name}`)
      .filter((name) => !coverage.has(name)),
  )
}
