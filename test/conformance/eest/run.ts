/** Runs the public execution tests: the sets of the project, or any folder in the layout of an EEST release. */

import { readdir, readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { giveUp, readOptions, wholeNumber } from '../../../tools/command-options.ts'
import { vectorFolder, vectorSet } from '../vectors.ts'
import type { Accounts } from './accounts.ts'
import { FilePool, type SetResult } from './file-pool.ts'
import { blockSets, stateSets } from './sets.ts'

const usage = `usage: npm run test:evm -- [--fixtures DIR] [--only TEXT] [--threads N] [--faults N]
  --fixtures DIR  run all state and block tests below a folder, e.g. of an EEST release, unpacked
  --only TEXT     run only the files whose path contains the text; then no count is compared
  --threads N     default: one for each core
  --faults N      how many failed tests of each set are named, default 20`

/** Kinds of tests in a release that say the same once more, or that are not for a chain. */
const otherKinds =
  /(^|\/)(\.meta|blockchain_tests_(engine|sync)|transaction_tests|fixtures_consume)/

interface Options {
  readonly only: string
  readonly faults: number
}

/** JSON files below a folder. */
async function filesBelow(folder: string, { only }: Options): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true })
  return names
    .filter((name) => name.endsWith('.json') && !otherKinds.test(name) && name.includes(only))
    .sort()
    .map((name) => path.join(folder, name))
}

function report(name: string, result: SetResult, seconds: number, { faults }: Options): void {
  const { passed, leftOut } = result
  const beside = leftOut > 0 ? `, ${leftOut} left out (another kind, or a fork not known here)` : ''
  const counts = `${passed} passed, ${result.faults.length} failed${beside}`
  process.stdout.write(`${name}: ${counts} in ${seconds.toFixed(0)} s\n`)
  for (const fault of result.faults.slice(0, faults)) process.stdout.write(`  ${fault}\n`)
}

async function run(pool: FilePool, folder: string, options: Options & { name: string }) {
  const startMs = performance.now()
  const result = await pool.run(await filesBelow(folder, options), folder)
  report(options.name, result, (performance.now() - startMs) / 1000, options)
  return result
}

async function main(): Promise<boolean> {
  const { values } = readOptions(usage, {
    options: {
      ...{ fixtures: { type: 'string' }, only: { type: 'string', default: '' } },
      threads: { type: 'string', default: String(os.availableParallelism()) },
      faults: { type: 'string', default: '20' },
    },
  })
  const threads = wholeNumber(values.threads, '--threads', 1)
  const options = { only: values.only, faults: wholeNumber(values.faults, '--faults', 0) }
  const base = path.join(vectorFolder, 'eest/base-accounts.json')
  const baseAccounts =
    values.fixtures === undefined ? (JSON.parse(await readFile(base, 'utf8')) as Accounts) : {}
  const pool = new FilePool(threads, baseAccounts)
  try {
    const { passed, failed, complete } = await runAll(pool, values.fixtures, options)
    process.stdout.write(`${passed} passed, ${failed} failed\n`)
    return complete && failed === 0 && passed > 0
  } finally {
    await pool.close()
  }
}

/** Runs a folder, or the sets of the project; `complete` says whether each set had as many tests as it should. */
async function runAll(pool: FilePool, fixtures: string | undefined, options: Options) {
  const names = [...stateSets, ...blockSets]
  const sets = fixtures === undefined ? names : [{ name: path.resolve(fixtures), cases: undefined }]
  let [passed, failed, complete] = [0, 0, true]
  for (const { name, cases } of sets) {
    const folder = fixtures === undefined ? await vectorSet(name) : name
    const result = await run(pool, folder, { ...options, name })
    passed += result.passed
    failed += result.faults.length
    const found = result.passed + result.faults.length
    if (options.only !== '' || cases === undefined || found === cases) continue
    process.stdout.write(`  of ${cases} tests ${found} were run\n`)
    complete = false
  }
  return { passed, failed, complete }
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  giveUp(error)
}
