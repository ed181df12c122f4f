/** Kills nodes at random instants while their chain, its endpoints and a function fail: `npm run test:chaos`. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { interrupted, interruption } from '../../src/cli/interruption.ts'
import { knownName, readOptions, wholeNumber } from '../../tools/command-options.ts'
import { chanceOf } from '../fuzz/chance.ts'
import type { ChaosChain } from './chaos-chain.ts'
import { missingPeer, type Peer, peers, startPeer } from './peer-chain.ts'
import { planOf } from './plan.ts'
import { type Outcome, runPlan } from './run-plan.ts'
import { SimulatedChain } from './simulated-chain.ts'

const usage = `usage: npm run test:chaos -- [--seeds N] [--seed S] [--kills N] [--database D] [--workers N] [--roles] [--minutes M]
  --seeds N      runs, default 2
  --seed S       the first one, default 1
  --kills N      kills of one run, default 10
  --database D   sqlite, or postgres (QS_TEST_POSTGRES names the server); default sqlite
  --workers N    nodes that share the database, default 1; more need postgres
  --roles        one more node, which only listens; the others only work
  --against C    simulated (default), anvil, hardhat, or own: a development chain of ours; those reorganise by their tools
  --minutes M    begins no further run after so long
  --keep         leaves the databases, and says where they are`

const { values } = readOptions(usage, {
  options: {
    seeds: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '10' },
    database: { type: 'string', default: 'sqlite' },
    workers: { type: 'string', default: '1' },
    against: { type: 'string', default: 'simulated' },
    minutes: { type: 'string' },
    roles: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const first = wholeNumber(values.seed, '--seed', 0)
const seeds = wholeNumber(values.seeds, '--seeds', 1)
const kills = wholeNumber(values.kills, '--kills', 0)
const hasRoles = values.roles
const workers = wholeNumber(values.workers, '--workers', 1) + (hasRoles ? 1 : 0)
const minutes = wholeNumber(values.minutes ?? '1000000', '--minutes', 1)
const database = knownName(values.database, ['sqlite', 'postgres']) as 'sqlite' | 'postgres'
const against = knownName(values.against, ['simulated', ...peers]) as 'simulated' | Peer
const endpoints = 3

const beganMs = Date.now()
const say = (line: string) => {
  const seconds = Math.round((Date.now() - beganMs) / 1_000)
  process.stdout.write(`${String(seconds).padStart(6)} s  ${line}\n`)
}
const signal = interruption(() => say('ending this run'))
const sums = new Map<string, number>()
let [passed, failed] = [0, 0]

const missing = against === 'simulated' ? undefined : missingPeer(against)
if (missing !== undefined) {
  say(missing)
  process.exit(0)
}
for (let seed = first; seed < first + seeds && !signal.aborted; seed += 1) {
  if (Date.now() - beganMs > minutes * 60_000) break
  const isArchive = against === 'simulated'
  const plan = planOf(seed, { kills, workers, endpoints, isArchive })
  try {
    const outcome = await onChain(seed, (chain) =>
      runPlan(plan, {
        ...{ database, workers, hasRoles, endpoints, chain, signal, keep: values.keep },
        tell: (line) => say(`seed ${seed} is ${line}`),
      }),
    )
    tell(seed, outcome)
  } catch (error) {
    failed += 1
    say(`seed ${seed} FAILED: ${error instanceof Error ? error.message : error}`)
  }
}
if (sums.size > 0) say(`in all: ${[...sums].map(([name, n]) => `${name} ${n}`).join(', ')}`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = signal.aborted ? interrupted : failed === 0 ? 0 : 1

async function onChain<T>(seed: number, run: (chain: ChaosChain) => Promise<T>): Promise<T> {
  const chance = chanceOf(seed, 1)
  if (against === 'simulated') return run(new SimulatedChain(chance))
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-chaos-chain-'))
  const chain = await startPeer(against, { folder, chance })
  try {
    return await run(chain)
  } finally {
    await chain.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function tell(seed: number, { faults, ...counts }: Outcome): void {
  for (const [name, n] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + n)
  const line = Object.entries(counts).map(([name, n]) => `${name} ${n}`)
  say(`seed ${seed}: ${line.join(', ')}`)
  if (faults.length === 0) {
    passed += 1
    return
  }
  failed += 1
  for (const fault of faults.slice(0, 20)) say(`seed ${seed} FAILED: ${fault}`)
  if (faults.length > 20) say(`seed ${seed}: ${faults.length - 20} more`)
}
