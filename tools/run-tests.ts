/** Runs test files on every core: `node tools/run-tests.ts GLOB…`; what one process prints is not mixed with another's. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'
import { readOptions, refuse } from './command-options.ts'

const usage = 'usage: node tools/run-tests.ts GLOB…: runs the test files of these names'
const { positionals: globs } = readOptions(usage, { options: {}, words: true })
if (globs.length === 0) refuse('no files are named')
for (const glob of globs) if (globSync(glob).length === 0) refuse(`there is no file ${glob}`)

/** One more than there are cores, since some always wait. */
const processes = Math.min(availableParallelism() + 1, 4)
/** More parts than processes, since some files take much longer than others. */
const parts = 4 * processes
let begun = 0

/** Runs every `parts`-th file in one process, which costs less than one for each file. */
async function runPart(number: number): Promise<void> {
  const flags = ['--test-isolation=none', '--test-timeout=120000', '--test-force-exit']
  const shard = [`--test-shard=${number}/${parts}`, '--test-reporter=spec']
  const child = spawn(process.execPath, ['--test', ...flags, ...shard, ...globs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  process.stdout.write(`Part ${number} of ${parts}\n${output}`)
  if (code !== 0) process.exitCode = 1
}

async function runParts(): Promise<void> {
  while (begun < parts) {
    begun += 1
    await runPart(begun)
  }
}

await Promise.all(Array.from({ length: processes }, runParts))
