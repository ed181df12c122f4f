/** Kills validators at random while transactions come in, and compares their chains: `npm run test:network`. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readOptions, wholeNumber } from '../../tools/command-options.ts'
import { callRpc } from '../e2e/program.ts'
import { owner, startValidators, transfer } from '../e2e/validator-nodes.ts'

const usage = `usage: npm run test:network -- [--validators N] [--minutes M]
  --validators N  processes, default 4; fewer than a third of them are killed at a time
  --minutes M     how long, default 5`

const { values } = readOptions(usage, {
  options: {
    validators: { type: 'string', default: '4' },
    minutes: { type: 'string', default: '5' },
  },
})
const count = wholeNumber(values.validators, '--validators', 4)
const minutes = wholeNumber(values.minutes, '--minutes', 1)
const most = Math.floor((count - 1) / 3)
const all = Array.from({ length: count }, (_, at) => at)

const endings: (() => Promise<void>)[] = []
const folder = await mkdtemp(path.join(tmpdir(), 'qs-network-'))
const ending = { after: (run: () => Promise<void>) => void endings.push(run) }
const { node, blockAt, grown, restart } = await startValidators(ending, folder, count)
let [rounds, kills, failed, sent, compared] = [0, 0, 0, 0, 0]
let isOver = false
const down = new Set<number>()

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Sends one transaction after the other to whoever is up; one that was taken must be in the chain in the end. */
async function load(): Promise<void> {
  while (!isOver) {
    const up = all.filter((at) => !down.has(at))
    const at = up[Math.floor(Math.random() * up.length)] ?? 0
    try {
      await callRpc(node(at).url, 'eth_sendRawTransaction', transfer(sent))
      sent += 1
    } catch (error) {
      // It was taken, and the answer was lost with the process.
      if (/already known|nonce too low/.test(String(error))) sent += 1
      else if (!/fetch failed|pool|later/.test(String(error))) say(String(error))
    }
    await pause(50)
  }
}

async function round(): Promise<void> {
  const victims = all.toSorted(() => Math.random() - 0.5).slice(0, 1 + (rounds % most))
  for (const at of victims) {
    down.add(at)
    node(at).program.child.kill('SIGKILL')
    await node(at).program.exited
    kills += 1
  }
  await pause(Math.random() * 4_000)
  for (const at of victims) await restart(at)
  for (const at of victims) down.delete(at)
  const heights = await Promise.all(all.map((at) => grown(at, compared + 2)))
  const height = Math.min(...heights)
  for (let number = compared + 1; number <= height; number += 1) {
    const blocks = await Promise.all(all.map((at) => blockAt(at, `0x${number.toString(16)}`)))
    const hashes = new Set(blocks.map((block) => block?.hash))
    assert.equal(hashes.size, 1, `block ${number} differs: ${[...hashes].join(', ')}`)
    compared = number
  }
}

const end = Date.now() + minutes * 60_000
const loading = load()
try {
  for (; Date.now() < end; rounds += 1) {
    await round().catch((error: unknown) => {
      failed += 1
      say(`round ${rounds + 1}: ${String(error)}`)
      if (error instanceof assert.AssertionError) throw error
    })
    say(`# ${rounds + 1} rounds, ${kills} kills, block ${compared}, ${sent} transactions`)
  }
} finally {
  isOver = true
  await loading
}
await Promise.all(all.map((at) => grown(at, compared + 5)))
for (const at of all) {
  const nonce = Number(await callRpc(node(at).url, 'eth_getTransactionCount', owner, 'latest'))
  if (nonce < sent) {
    failed += 1
    say(`validator ${at} has ${nonce} of ${sent} transactions`)
  }
}
for (const at of all) {
  if (!/signed twice|consensus-failure/.test(node(at).program.output())) continue
  failed += 1
  say(node(at).program.output())
}
for (const run of endings) await run()
await rm(folder, { recursive: true, force: true, maxRetries: 3 })
say(`${rounds - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
