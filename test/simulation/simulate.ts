/** Runs the simulator over many seeds, or one plan with its trace: `npm run test:simulation -- --seeds N --seed S`. */

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { readOptions, wholeNumber } from '../../tools/command-options.ts'
import { mustHappen } from './coverage.ts'
import { type Plan, planOf } from './plan.ts'
import { run } from './run.ts'
import { addCounts, type SeedsResult, seedsToRemember } from './seeds.ts'
import { shrunk } from './shrink.ts'

const usage = `usage: npm run test:simulation -- [--seeds N] [--seed S] [--workers N]
       npm run test:simulation -- --only SEED | --plan FILE [--trace]
  --seeds N    runs, default 10000
  --seed S     the first one, default 1
  --workers N  threads, default one for each core, at most 8
  --until-failure  end with the first run that fails
  --only SEED  this one alone; when it fails, the smallest plan that fails likewise is printed
  --plan FILE  a plan as it was printed
  --trace      tell every message and what comes of it`

const { values } = readOptions(usage, {
  options: {
    seeds: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
    only: { type: 'string' },
    plan: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'until-failure': { type: 'boolean', default: false },
  },
})

const batchSize = 25
/** Failures that are printed; more are only counted. */
const shown = 10
const print = (line: string) => process.stdout.write(`${line}\n`)

/** One plan, made smaller when it fails; whether it passed. */
function runOne(plan: Plan): boolean {
  const trace = values.trace ? print : () => {}
  const { failure, events, height, hash } = run(plan, trace)
  print(`seed ${plan.seed}: ${events} events, height ${height}, run ${hash.toString(16)}`)
  if (failure === undefined) return true
  print(`FAILED: ${failure.detail}`)
  if (values.plan === undefined) print(JSON.stringify(shrunk(plan)))
  return false
}

/** All seeds, in threads; whether they passed, and everything has happened that must. */
async function runMany(): Promise<boolean> {
  const first = wholeNumber(values.seed, '--seed', 0)
  const count = wholeNumber(values.seeds, '--seeds', 1)
  const rows = Array.from({ length: Math.ceil(count / batchSize) }, (_, row) => {
    const from = first + row * batchSize
    return Array.from({ length: Math.min(batchSize, first + count - from) }, (_, at) => from + at)
  })
  const queue = [[...seedsToRemember], ...rows]
  const startMs = performance.now()
  const coverage = new Map<string, number>()
  let [passed, failed, events, heights] = [0, 0, 0, 0]
  const take = (result: SeedsResult) => {
    addCounts(coverage, result.coverage)
    passed += result.passed
    events += result.events
    heights += result.heights
    for (const { seed, detail } of result.failures) {
      failed += 1
      if (failed <= shown) print(`FAILED: --only ${seed}: ${detail}`)
    }
  }
  const thread = async () => {
    const worker = new Worker(new URL('./seed-thread.ts', import.meta.url))
    for (let row = queue.shift(); row; row = queue.shift()) {
      worker.postMessage(row)
      const [result] = await once(worker, 'message')
      take(result as SeedsResult)
      if (values['until-failure'] && failed > 0) break
    }
    await worker.terminate()
  }
  const workers = wholeNumber(values.workers, '--workers', 1)
  await Promise.all(Array.from({ length: workers }, thread))
  const seconds = (performance.now() - startMs) / 1_000
  print(`# ${heights} heights, ${events} events in ${seconds.toFixed(0)} s`)
  print(
    `# ${[...coverage]
      .map(([name, times]) => `${name} ${times}`)
      .sort()
      .join(', ')}`,
  )
  const missing = mustHappen.filter((name) => !coverage.has(name))
  if (missing.length > 0) print(`never happened: ${missing.join(', ')}`)
  print(`${passed} passed, ${failed} failed`)
  return failed === 0 && missing.length === 0
}

async function main(): Promise<boolean> {
  if (values.plan !== undefined) {
    return runOne(JSON.parse(await readFile(values.plan, 'utf8')) as Plan)
  }
  return values.only === undefined
    ? runMany()
    : runOne(planOf(wholeNumber(values.only, '--only', 0)))
}

process.exitCode = (await main()) ? 0 : 1
