/** Runs seeds for some minutes and remembers how far it came, so that the next time goes on there: `npm run soak -- --minutes M`. */

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { interrupted, interruption } from '../../src/cli/interruption.ts'
import { readOptions, wholeNumber } from '../../tools/command-options.ts'
import { runCrew } from './seed-crew.ts'
import { addCounts } from './seeds.ts'
import { type Seed, worldNames, worldOf } from './worlds.ts'

const usage = `usage: npm run soak -- [--minutes M] [--workers N] [--log FILE]
  --minutes M  how long, default 10
  --workers N  threads, default one for each core, at most 8
  --log FILE   what was run so far, default node_modules/.cache/soak.json`

const { values } = readOptions(usage, {
  options: {
    minutes: { type: 'string', default: '10' },
    workers: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
    log: { type: 'string', default: 'node_modules/.cache/soak.json' },
  },
})

/** The first seed of a soak: what comes before is run by the tests. */
const firstSeed = 1_000_000

/** What was run so far. */
interface SoakLog {
  readonly nextSeed: number
  /** Runs by world. */
  readonly runs: Readonly<Record<string, number>>
  readonly failed: readonly { readonly seed: Seed; readonly detail: string }[]
}

/** The log, or a new one where there is none. */
async function readLog(file: string): Promise<SoakLog> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SoakLog
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { nextSeed: firstSeed, runs: {}, failed: [] }
  }
}

const signal = interruption(() => process.stdout.write('ending after these seeds\n'))

async function main(): Promise<boolean> {
  const log = await readLog(values.log)
  const endMs = performance.now() + wholeNumber(values.minutes, '--minutes', 1) * 60_000
  let { nextSeed } = log
  const failed = [...log.failed]
  const result = await runCrew({
    workers: wholeNumber(values.workers, '--workers', 1),
    next() {
      if (signal.aborted || performance.now() > endMs) return undefined
      const number = nextSeed
      nextSeed += 1
      return { world: worldOf(number), number }
    },
    failed(seed, detail) {
      failed.push({ seed, detail })
      process.stdout.write(`FAILED: --only ${seed.world}:${seed.number}: ${detail}\n`)
      return true
    },
  })
  const runs = new Map(Object.entries(log.runs))
  addCounts(runs, result.runs)
  const whole: SoakLog = { nextSeed, runs: Object.fromEntries(runs), failed }
  await mkdir(path.dirname(values.log), { recursive: true })
  await writeFile(values.log, `${JSON.stringify(whole, undefined, 1)}\n`)
  const listed = worldNames.map((world) => `${world} ${runs.get(world) ?? 0}`).join(', ')
  const sum = [...runs.values()].reduce((all, one) => all + one, 0)
  process.stdout.write(`${result.passed} passed, ${result.failed} failed\n`)
  process.stdout.write(`in all ${sum} runs (${listed}), ${failed.length} failed\n`)
  return result.failed === 0
}

const isSound = await main()
process.exitCode = isSound ? 0 : 1
if (signal.aborted) process.exitCode = interrupted
