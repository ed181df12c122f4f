/** Runs test files in one process for each core: `node tools/run-tests.ts GLOB…`; what one prints is not mixed with another's. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'

const globs = process.argv.slice(2)
if (globs.length === 0 || globs.includes('--help')) {
  console.log('usage: node tools/run-tests.ts GLOB…')
  process.exit(globs.length === 0 ? 2 : 0)
}

const processes = Math.min(availableParallelism(), 4)

/** Runs every n-th file in one process, which costs less than one for each file. */
async function runShard(number: number): Promise<{ code: number; output: string }> {
  const flags = ['--test-isolation=none', '--test-timeout=120000', '--test-force-exit']
  const child = spawn(
    process.execPath,
    ['--test', ...flags, '--test-reporter=spec', `--test-shard=${number}/${processes}`, ...globs],
    { stdio: ['ignore', number === 1 ? 'inherit' : 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const [code] = await once(child, 'close')
  return { code: code ?? 1, output }
}

const ended = await Promise.all(Array.from({ length: processes }, (_, at) => runShard(at + 1)))
for (const { output } of ended) process.stdout.write(output)
process.exitCode = Math.max(...ended.map(({ code }) => code))
