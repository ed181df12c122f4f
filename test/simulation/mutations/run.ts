/** Breaks a copy of the core, one rule at a time, and shows what finds each break: `npm run test:mutations`. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { interrupted, interruption } from '../../../src/cli/interruption.ts'
import { giveUp, readOptions, wholeNumber } from '../../../tools/command-options.ts'
import { plainFile } from '../../conformance/vectors.ts'
import { chainMutations } from './chain-mutations.ts'
import { type Finder, type Mutation, mutations } from './core-mutations.ts'

const usage = `usage: npm run test:mutations -- [--only ID] [--seeds N] [--all]
  --only IDS  these breaks alone, as 18,30
  --seeds N  runs of the simulator for each, default 300; it ends with the first that fails
  --all      ask all three, not only until one has found it`

const { values } = readOptions(usage, {
  options: {
    only: { type: 'string' },
    seeds: { type: 'string', default: '300' },
    all: { type: 'boolean', default: false },
  },
})
const seeds = wholeNumber(values.seeds, '--seeds', 1)
const root = path.join(import.meta.dirname, '../../..')
/** What the core, the chains and their tests need. */
const copied = [
  ...['src', 'test/simulation', 'test/fuzz/chance.ts', 'test/conformance', 'test/e2e/lacking.ts'],
  ...['tools/command-options.ts', 'package.json'],
]
const unitTests = [
  ...['bft-core', 'core-state', 'round-state', 'certificate', 'evidence', 'sign-bytes'],
  ...['validator-set', 'proposer', 'parts', 'message-codec'],
].map((name) => `src/chain/consensus/${name}.test.ts`)
type Searched = Pick<Mutation, 'world' | 'tests'>

/** In the order of the list of section 20. */
const all = [...mutations, ...chainMutations].sort(
  (a, b) => Number.parseInt(a.id, 10) - Number.parseInt(b.id, 10),
)
/** A break that makes something endless is found by that. */
const longestMs = 180_000

/** How a break is looked for; nothing where it cannot be found that way. */
function commandOf(finder: Finder, { world = 'core', tests = unitTests }: Searched) {
  if (finder === 'unit') {
    return tests.length === 0
      ? undefined
      : ['--test', '--test-isolation=none', '--test-timeout=40000', '--test-force-exit', ...tests]
  }
  if (finder === 'traces') {
    return world === 'core'
      ? ['test/conformance/tendermint/run.ts', '--traces', plainFile('tendermint-traces')]
      : undefined
  }
  const runs = ['--seeds', String(seeds), '--world', world, '--until-failure']
  return ['test/simulation/simulate.ts', ...runs]
}

/** Whether a finder fails in the copy; that too little happened in a few runs does not count. */
async function finds(folder: string, finder: Finder, searched: Searched): Promise<boolean> {
  const command = commandOf(finder, searched)
  if (command === undefined) return false
  const child = spawn(process.execPath, command, { cwd: folder, timeout: longestMs, signal })
  let told = ''
  child.stdout.on('data', (chunk) => {
    told += chunk
  })
  const [code] = await once(child, 'close')
  // A terminal interrupts the child, too, which says nothing of the break then.
  signal.throwIfAborted()
  return finder === 'simulator' ? !told.includes(', 0 failed') : code !== 0
}

async function copyOfProject(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mutations-'))
  for (const part of copied) {
    await mkdir(path.dirname(path.join(folder, part)), { recursive: true })
    await cp(path.join(root, part), path.join(folder, part), { recursive: true })
  }
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  return folder
}

/** Who finds a break; the copy is whole again afterwards. */
async function findersOf(folder: string, mutation: Mutation): Promise<readonly Finder[]> {
  const file = path.join(folder, mutation.file)
  const whole = await readFile(file, 'utf8')
  if (whole.split(mutation.find).length !== 2) {
    throw new Error(`${mutation.id}: the text to change is not once in ${mutation.file}`)
  }
  await writeFile(
    file,
    whole.replace(mutation.find, () => mutation.put),
  )
  const found: Finder[] = []
  for (const finder of ['traces', 'unit', 'simulator'] as const) {
    if (found.length > 0 && !values.all) break
    if (await finds(folder, finder, mutation)) found.push(finder)
  }
  await writeFile(file, whole)
  return found
}

const signal = interruption(() => process.stdout.write('ending\n'))

async function main(): Promise<boolean> {
  const folder = await copyOfProject()
  try {
    for (const finder of ['traces', 'unit'] as const) {
      if (await finds(folder, finder, {})) throw new Error(`without any break ${finder} fails`)
    }
    let [found, missed] = [0, 0]
    for (const mutation of all) {
      if (values.only !== undefined && !values.only.split(',').includes(mutation.id)) continue
      const startMs = performance.now()
      const by = await findersOf(folder, mutation)
      if (by.length > 0) found += 1
      else missed += 1
      const result = by.length > 0 ? `found by ${by.join(', ')}` : 'NOT FOUND'
      const seconds = ((performance.now() - startMs) / 1_000).toFixed(1)
      process.stdout.write(
        `${mutation.id.padStart(3)} | ${mutation.what} | ${result} | ${seconds} s\n`,
      )
    }
    process.stdout.write(`${found} passed, ${missed} failed\n`)
    return missed === 0 && found > 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  if (signal.aborted) process.exitCode = interrupted
  else giveUp(error)
}
