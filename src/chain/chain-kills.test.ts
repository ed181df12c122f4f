/** Kills a process at random moments while it makes, forks and removes chains, and looks at what it leaves. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readStoredManifest } from './stored-manifest.ts'
import { chainOf, openSet, receiver } from './test-chain/open-set.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'

const kills = 10
const entry = path.join(import.meta.dirname, 'test-chain/endless-set.ts')

/** What a process printed that was killed up to a third of a second after it began its work. */
async function runUntilKilled(folder: string): Promise<string[]> {
  const child = spawn(process.execPath, [entry, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let text = ''
  child.stdout.on('data', (data) => {
    text += data
  })
  await Promise.race([once(child.stdout, 'data'), closed])
  await sleep(Math.random() * 333)
  child.kill('SIGKILL')
  await closed
  return text.split('\n').slice(0, -1)
}

test('a chain is whole or gone, whenever its process is killed', {
  timeout: 120_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  /** What was last said of each chain. */
  const last = new Map<string, string>()
  for (let kill = 0; kill < kills; kill += 1) {
    const lines = await runUntilKilled(folder)
    assert.ok(lines.length > 0, 'it did nothing')
    for (const line of lines) {
      const [what = '', name = ''] = line.split(' ')
      last.set(name, what)
    }
    const first = await readStoredManifest(path.join(folder, 'dev'))
    assert.ok(first)
    const { set } = await openSet(folder, first)
    const found = set.list().map(({ name, activity }) => `${name} ${activity}`)
    const told = `${lines.join(', ')}: ${found.join(', ')}`
    for (const name of ['born', 'forked']) {
      const there = set.list().find((one) => one.name === name)
      if (last.get(name) === 'there') assert.equal(there?.activity, 'running', told)
      if (last.get(name) === 'gone') assert.equal(there, undefined, told)
      if (there === undefined) continue
      await set.start(name)
      const chain = chainOf(set, name)
      const state = chain.stateAt(chain.head().hash)
      assert.equal(state?.account(receiver)?.balance, 77n, told)
    }
    const left = (await readdir(folder)).filter((name) => name.startsWith('.'))
    assert.deepEqual(left, [])
    await set.end()
  }
})
