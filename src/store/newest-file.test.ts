/** Writes values, and tears the writes at each byte. */

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openNewestFile } from './newest-file.ts'

const most = 40

async function place(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'newest-file-'))
  t.after(() => rm(folder, { recursive: true }))
  return path.join(folder, 'file')
}

async function readBack(file: string): Promise<Uint8Array> {
  const opened = await openNewestFile(file, most)
  await opened.close()
  return opened.value
}

test('a new file is empty, and the last of what was written is found again', async (t) => {
  const file = await place(t)
  assert.equal((await readBack(file)).length, 0)
  const opened = await openNewestFile(file, most)
  for (let at = 1; at <= 5; at += 1) await opened.write(new Uint8Array(at * 8).fill(at))
  assert.deepEqual(opened.value, new Uint8Array(40).fill(5))
  await assert.rejects(opened.write(new Uint8Array(41)), { code: 'store/record-too-large' })
  await opened.close()
  assert.deepEqual(await readBack(file), new Uint8Array(40).fill(5))
})

test('a write that is torn at any byte leaves the value before it or its own', async (t) => {
  const file = await place(t)
  const opened = await openNewestFile(file, most)
  await opened.write(new Uint8Array(30).fill(1))
  const before = await readFile(file)
  await opened.write(new Uint8Array(35).fill(2))
  const after = await readFile(file)
  await opened.close()
  const length = Math.max(before.length, after.length)
  for (let torn = 0; torn <= length; torn += 1) {
    const mixed = Buffer.concat([after.subarray(0, torn), before.subarray(torn)])
    await writeFile(file, mixed)
    const value = await readBack(file)
    const isOld = value.length === 30 && value.every((byte) => byte === 1)
    const isNew = value.length === 35 && value.every((byte) => byte === 2)
    assert.ok(isOld || isNew, `torn at ${torn}`)
    // All of its bytes are there once the padding is reached.
    if (torn === length) assert.ok(isNew)
  }
})

test('a file without a whole value is told, not taken for a new one', async (t) => {
  const file = await place(t)
  await (await openNewestFile(file, most)).close()
  for (const bytes of [new Uint8Array(), new Uint8Array(200)]) {
    await writeFile(file, bytes)
    await assert.rejects(openNewestFile(file, most), { code: 'store/damaged-file' })
  }
})
