/** Runs many seeds in threads, and adds up what came of them. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { addCounts, type SeedsResult } from './seeds.ts'
import type { Seed } from './worlds.ts'

const batchSize = 10
const progressMs = 10_000

/** What came of all, and how long it took. */
export interface CrewResult extends Omit<SeedsResult, 'failures'> {
  readonly failed: number
  readonly seconds: number
}

/** How seeds are run. */
export interface CrewOptions {
  readonly workers: number
  /** Gives seeds as long as there are any. */
  readonly next: () => Seed | undefined
  /** Hears of each that failed; false ends it all. */
  readonly failed: (seed: Seed, detail: string) => boolean
}

/** Runs seeds until there are none, or somebody ends it. */
export async function runCrew({ workers, next, failed }: CrewOptions): Promise<CrewResult> {
  const startMs = performance.now()
  const [coverage, runs] = [new Map<string, number>(), new Map<string, number>()]
  const sum = { passed: 0, failed: 0, events: 0, heights: 0 }
  let goesOn = true
  const take = (result: SeedsResult) => {
    addCounts(coverage, result.coverage)
    addCounts(runs, result.runs)
    for (const name of ['passed', 'events', 'heights'] as const) sum[name] += result[name]
    for (const { seed, detail } of result.failures) {
      sum.failed += 1
      if (!failed(seed, detail)) goesOn = false
    }
  }
  const batch = () => {
    const seeds: Seed[] = []
    for (let seed = next(); seed; seed = seeds.length < batchSize ? next() : undefined)
      seeds.push(seed)
    return seeds
  }
  const ticker = setInterval(() => {
    process.stdout.write(`# ${sum.passed} passed, ${sum.failed} failed so far\n`)
  }, progressMs)
  const thread = async () => {
    const worker = new Worker(new URL('./seed-thread.ts', import.meta.url))
    for (let seeds = batch(); seeds.length > 0 && goesOn; seeds = batch()) {
      worker.postMessage(seeds)
      const [result] = await once(worker, 'message')
      take(result as SeedsResult)
    }
    await worker.terminate()
  }
  await Promise.all(Array.from({ length: workers }, thread)).finally(() => clearInterval(ticker))
  return { ...sum, coverage, runs, seconds: (performance.now() - startMs) / 1_000 }
}
