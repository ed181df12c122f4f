/** Kills a chain at random moments and checks what it comes back with: `npm run test:crash -- 200`. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, systemTimer } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { noMetrics } from '../../src/base/metrics.ts'
import { createChain } from '../../src/chain/create-chain.ts'
import { readStoredManifest } from '../../src/chain/stored-manifest.ts'
import { interrupted, interruption } from '../../src/cli/interruption.ts'
import { readOptions, wholeNumber } from '../../tools/command-options.ts'

const usage = `usage: npm run test:crash -- [KILLS]
  KILLS  how often a chain is killed, default 200`

const { positionals } = readOptions(usage, { options: {}, words: true })
const kills = wholeNumber(positionals[0] ?? '200', 'KILLS', 1)
const entry = path.join(import.meta.dirname, '../../src/chain/test-chain/endless-chain.ts')
const folder = await mkdtemp(path.join(tmpdir(), 'qs-kill-'))
/** Hash of each block that anybody was told of. */
const told = new Map<bigint, string>()
let [done, failed] = [0, 0]

const signal = interruption(() => process.stdout.write('ending after this kill\n'))
for (; done < kills; done += 1) {
  for (const line of await runUntilKilled()) {
    const [first = '', second = ''] = line.split(' ')
    if (first === 'back') forgetAbove(BigInt(second))
    else told.set(BigInt(first), second)
  }
  if (signal.aborted) break
  try {
    await check()
  } catch (error) {
    failed += 1
    process.stdout.write(`kill ${done + 1}: ${String(error)}\n`)
  }
  if ((done + 1) % 20 === 0) process.stdout.write(`# ${done + 1} kills, ${told.size} blocks\n`)
}
await rm(folder, { recursive: true })
process.stdout.write(
  `${told.size} blocks, ${done} kills\n${done - failed} passed, ${failed} failed\n`,
)
process.exitCode = failed === 0 ? 0 : 1
if (signal.aborted) process.exitCode = interrupted

/** What it goes back from may be gone, or not yet. */
function forgetAbove(last: bigint): void {
  for (const number of told.keys()) if (number > last) told.delete(number)
}

/** Lines of a process that got up to half a second after its first block. */
async function runUntilKilled(): Promise<string[]> {
  const child = spawn(process.execPath, [entry, folder, 'back'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let text = ''
  child.stdout.on('data', (data) => {
    text += data
  })
  await Promise.race([once(child.stdout, 'data'), closed])
  await sleep(Math.random() * 500)
  child.kill('SIGKILL')
  await closed
  return text.split('\n').slice(0, -1)
}

/** The chain opens, which compares its root with its head, and has all blocks that were told. */
async function check(): Promise<void> {
  const manifest = await readStoredManifest(path.join(folder, 'dev'))
  assert.ok(manifest, 'the manifest is gone')
  const chain = await createChain(
    { manifest, folder, beneficiary: new Uint8Array(20), history: 3 },
    { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
  )
  try {
    for (const [number, hash] of told) {
      assert.equal(chain.blockHash(number)?.toHex(), hash, `block ${number}`)
    }
  } finally {
    await chain.stop()
  }
}
