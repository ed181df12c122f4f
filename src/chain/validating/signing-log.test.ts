/** Writes what was signed, and reads it after stops and torn ends. */

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSigningLog, type SigningEntry } from './signing-log.ts'

const owner = { chainKey: new Uint8Array(32).fill(1), address: new Uint8Array(20).fill(2) }
const of = (byte: number) => new Uint8Array(40).fill(byte)
const signed = (byte: number): SigningEntry => ({ kind: 'signed', message: of(byte) })
const core = (byte: number): SigningEntry => ({ kind: 'core', state: of(byte) })

async function place(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'signing-log-'))
  t.after(() => rm(folder, { recursive: true }))
  return path.join(folder, 'log')
}

async function foundIn(file: string) {
  const log = await openSigningLog({ ...owner, path: file })
  await log.close()
  return log.found
}

test('a height is found as it was left, and nothing of it once it is over', async (t) => {
  const file = await place(t)
  const log = await openSigningLog({ ...owner, path: file })
  assert.equal(log.found, undefined)
  const block: SigningEntry = { kind: 'block', hash: new Uint8Array(32).fill(9), block: of(8) }
  await log.append(5n, [block, signed(1), core(2)])
  await log.append(5n, [signed(3), core(4)])
  await log.close()
  const found = await foundIn(file)
  assert.deepEqual(found, {
    ...{ height: 5n, messages: [of(1), of(3)], state: of(4) },
    blocks: [{ hash: new Uint8Array(32).fill(9), block: of(8) }],
  })
  const again = await openSigningLog({ ...owner, path: file })
  await again.begin(6n)
  await again.append(6n, [signed(7)])
  await again.close()
  assert.deepEqual((await foundIn(file))?.messages, [of(7)])
  const last = await openSigningLog({ ...owner, path: file })
  await last.begin(7n)
  await last.close()
  assert.deepEqual(await foundIn(file), { height: 7n, messages: [], state: undefined, blocks: [] })
})

test('a later height stands alone, though the one before was not forgotten', async (t) => {
  const file = await place(t)
  const log = await openSigningLog({ ...owner, path: file })
  await log.append(5n, [signed(1), core(2)])
  await log.append(6n, [signed(3)])
  await log.close()
  const found = await foundIn(file)
  assert.deepEqual(found, { height: 6n, messages: [of(3)], state: undefined, blocks: [] })
})

test('an end torn at any byte leaves what was whole before it', async (t) => {
  const file = await place(t)
  const log = await openSigningLog({ ...owner, path: file })
  await log.append(5n, [signed(1)])
  const { length } = await readFile(file)
  await log.append(5n, [signed(2)])
  await log.close()
  const whole = await readFile(file)
  for (let end = length; end <= whole.length; end += 1) {
    await writeFile(file, whole.subarray(0, end))
    const expected = end === whole.length ? [of(1), of(2)] : [of(1)]
    assert.deepEqual((await foundIn(file))?.messages, expected)
  }
})

test('the log of another chain or validator is refused', async (t) => {
  const file = await place(t)
  await foundIn(file)
  for (const other of [{ chainKey: new Uint8Array(32) }, { address: new Uint8Array(20) }]) {
    await assert.rejects(openSigningLog({ ...owner, ...other, path: file }), {
      code: 'consensus/other-log',
    })
  }
})
