/** Runs the simulator over many seeds, or one plan with its trace: `npm run test:simulation -- --seeds N --seed S`. */

import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { interrupted, interruption } from '../../src/cli/interruption.ts'
import { readOptions, wholeNumber } from '../../tools/command-options.ts'
import type { Plan } from './plan.ts'
import { runCrew } from './seed-crew.ts'
import { missingOf } from './seeds.ts'
import { shrunk } from './shrink.ts'
import {
  planOfSeed,
  runPlan,
  type Seed,
  seedsToRemember,
  type WorldName,
  worldNames,
  worldOf,
} from './worlds.ts'

const usage = `usage: npm run test:simulation -- [--seeds N] [--seed S] [--world NAME] [--workers N]
       npm run test:simulation -- --only NAME:SEED | --plan FILE [--trace]
  --seeds N    runs, default 10000
  --seed S     the first one, default 1
  --world NAME one world alone: ${worldNames.join(', ')}; all in turn without it
  --workers N  threads, default one for each core, at most 8
  --until-failure  end with the first run that fails
  --only NAME:SEED  this one alone; when it fails, the smallest plan that fails likewise is printed
  --plan FILE  a plan as it was printed
  --trace      tell every message and what comes of it`

const { values } = readOptions(usage, {
  options: {
    seeds: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    world: { type: 'string' },
    workers: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
    only: { type: 'string' },
    plan: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'until-failure': { type: 'boolean', default: false },
  },
})

const signal = interruption(() => print('ending after these seeds'))
/** Failures that are printed; more are only counted. */
const shown = 10
const print = (line: string) => process.stdout.write(`${line}\n`)

/** One plan, made smaller when it fails; whether it passed. */
async function runOne(plan: Plan): Promise<boolean> {
  const { failure, events, height, hash } = await runPlan(plan, values.trace ? print : undefined)
  print(`seed ${plan.seed}: ${events} events, height ${height}, run ${hash.toString(16)}`)
  if (failure === undefined) return true
  print(`FAILED: ${failure.detail}`)
  if (values.plan === undefined) print(JSON.stringify(await shrunk(plan)))
  return false
}

/** All seeds, in threads; whether they passed, and everything has happened that must. */
async function runMany(): Promise<boolean> {
  const first = wholeNumber(values.seed, '--seed', 0)
  const count = wholeNumber(values.seeds, '--seeds', 1)
  const world = values.world === undefined ? undefined : worldNamed(values.world)
  const remembered = seedsToRemember.filter((seed) => world === undefined || seed.world === world)
  let at = -remembered.length
  const result = await runCrew({
    workers: wholeNumber(values.workers, '--workers', 1),
    next() {
      if (signal.aborted || at >= count) return undefined
      const known = remembered.at(at < 0 ? at : remembered.length)
      const number = first + at
      at += 1
      return known ?? { world: world ?? worldOf(number), number }
    },
    failed: (() => {
      let failed = 0
      return (seed: Seed, detail: string) => {
        failed += 1
        if (failed <= shown) print(`FAILED: --only ${seed.world}:${seed.number}: ${detail}`)
        return !values['until-failure']
      }
    })(),
  })
  const listed = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, times]) => `${name} ${times}`).sort()
  print(`# ${result.heights} heights, ${result.events} events in ${result.seconds.toFixed(0)} s`)
  print(`# runs: ${listed(result.runs).join(', ')}`)
  print(`# ${listed(result.coverage).join('; ')}`)
  if (signal.aborted) {
    const left =
      at < count
        ? `: --seed ${first + Math.max(at, 0)} --seeds ${count - Math.max(at, 0)} goes on`
        : ''
    print(`interrupted after ${result.passed} passed, ${result.failed} failed${left}`)
    return false
  }
  const missing = missingOf(result)
  if (missing.length > 0) print(`never happened: ${missing.join('; ')}`)
  print(`${result.passed} passed, ${result.failed} failed`)
  return result.failed === 0 && missing.length === 0
}

function worldNamed(name: string): WorldName {
  const world = worldNames.find((one) => one === name)
  if (world) return world
  throw new Error(`there is no world ${name}; take one of ${worldNames.join(', ')}`)
}

/** A seed as failures name it. */
function seedNamed(name: string): Seed {
  const [world = '', number = ''] = name.split(':')
  return { world: worldNamed(world), number: wholeNumber(number, '--only', 0) }
}

async function main(): Promise<boolean> {
  if (values.plan !== undefined) {
    return runOne(JSON.parse(await readFile(values.plan, 'utf8')) as Plan)
  }
  return values.only === undefined ? runMany() : runOne(planOfSeed(seedNamed(values.only)))
}

const isSound = await main()
process.exitCode = isSound ? 0 : 1
if (signal.aborted) process.exitCode = interrupted
