/** Runs `chain export`, `chain import` and `chain verify` on the stored chain of a development node. */

import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { startProgram, temporaryFolder } from './program.ts'

async function run(...words: readonly string[]) {
  const program = startProgram(['chain', ...words])
  const [code] = await program.exited
  return { code, output: program.output().trim() }
}

test('a stored chain is exported, imported elsewhere, and verified', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const [data, other] = [path.join(folder, 'data'), path.join(folder, 'other')]
  const node = startProgram([
    ...['start', '--dev', '--no-demo', '--data', data, '--block-time', '0.2'],
    ...['--rpc-port', '0', '--api-port', '0'],
  ])
  await node.printed(/QuantumStream is up/)
  await setTimeout(1000)
  const busy = await run('verify', '--data', data)
  assert.equal(busy.code, 1)
  assert.match(busy.output, /is in use by another process/)
  node.child.kill('SIGTERM')
  await node.exited

  const verified = await run('verify', '--data', data, '--run')
  assert.equal(verified.code, 0, verified.output)
  const [, head] =
    /blocks were looked at, up to block (\d+).*nothing differs/.exec(verified.output) ?? []
  assert.ok(Number(head) > 2, `the head is block ${head}`)

  const manifest = path.join(data, 'chains/dev/manifest.json')
  for (const form of ['rlp', 'era']) {
    const [file, target] = [path.join(folder, `blocks.${form}`), path.join(other, form)]
    const exported = await run('export', file, '--form', form, '--data', data)
    assert.equal(exported.code, 0, exported.output)
    assert.match(exported.output, new RegExp(`^${Number(head) + 1} blocks are in `, 'm'))
    assert.ok((await stat(file)).size > 0)
    const words = ['import', file, '--data', target, '--genesis', manifest]
    const imported = await run(...words)
    assert.equal(imported.code, 0, imported.output)
    assert.match(
      imported.output,
      new RegExp(`^${head} blocks are new, 1 were known; the head is block ${head}$`, 'm'),
    )
    const again = await run('import', file, '--data', target)
    assert.match(again.output, new RegExp(`^0 blocks are new, ${Number(head) + 1} were known`, 'm'))
  }

  const log = path.join(other, 'rlp/chains/dev/blocks.log')
  const bytes = await readFile(log)
  const middle = Math.floor(bytes.length / 2)
  await writeFile(log, bytes.with(middle, bytes.readUInt8(middle) ^ 0xff))
  const damaged = await run('verify', '--data', path.join(other, 'rlp'))
  assert.equal(damaged.code, 1)
  assert.doesNotMatch(damaged.output, /\n\s+at /, 'a stack trace was printed')
})

test('a development chain begins by a manifest with forks of its own', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const genesis = path.join(folder, 'birth.json')
  const start = (...words: readonly string[]) =>
    startProgram([
      ...['start', '--dev', '--no-demo', '--data', path.join(folder, 'data')],
      ...['--rpc-port', '0', '--api-port', '0', ...words],
    ])
  const plain = start()
  await plain.printed(/QuantumStream is up/)
  plain.child.kill('SIGTERM')
  await plain.exited
  const stored = await readFile(path.join(folder, 'data/chains/dev/manifest.json'), 'utf8')
  const { hardfork: _, ...rest } = JSON.parse(stored)
  const forks = [
    { hardfork: 'prague' },
    { hardfork: 'osaka', block: 1, changes: { txGasCap: 9e6 } },
  ]
  await writeFile(genesis, JSON.stringify({ ...rest, forks }))

  const differing = start('--genesis', genesis)
  assert.equal((await differing.exited)[0], 1)
  assert.match(differing.output(), /was born with another hardfork/)
  const own = start('--genesis', genesis, '--data', path.join(folder, 'own'))
  await own.printed(/chain +"dev", id 20250, osaka/)
  own.child.kill('SIGTERM')
  await own.exited
  const verified = await run('verify', '--run', '--data', path.join(folder, 'own'))
  assert.equal(verified.code, 0, verified.output)
  const kept = await readFile(path.join(folder, 'own/chains/dev/manifest.json'), 'utf8')
  assert.equal(JSON.parse(kept).forks[1].changes.txGasCap, 9_000_000)
})

test('what is wrong is told in one line', { timeout: 240_000 }, async (t) => {
  const folder = await temporaryFolder(t)
  const refused = async (words: readonly string[], message: RegExp) => {
    const { code, output } = await run(...words, '--data', folder)
    assert.equal(code, 1, output)
    assert.match(output, message)
    assert.equal(output.split('\n').length, 1, output)
  }
  await refused(['verify'], /holds no chain; name the folder of a stored one by --data/)
  await refused(['export'], /not known or not whole/)
  await refused(['export', 'file', '--form', 'json'], /--form is rlp or era, not "json"/)
  await refused(['export', 'file', '--from', 'x'], /--from is a number of a block/)
})
