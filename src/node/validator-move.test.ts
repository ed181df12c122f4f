/** Moves validators between places, and cuts moves off. */

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { readGuard, retireGuard } from '../chain/moved-guard.ts'
import { lockFile } from '../store/folder-lock.ts'
import { moveValidator, receiveValidator } from './validator-move.ts'

const keyText = '{"version":3,"crypto":{}}\n'

async function places(t: TestContext) {
  const folder = await mkdtemp(path.join(tmpdir(), 'move-'))
  t.after(() => rm(folder, { recursive: true }))
  const at = (name: string) => path.join(folder, name)
  await writeFile(at('key'), keyText)
  return { at, names: async () => (await readdir(folder)).sort() }
}

test('a key moves with its guard, and stays behind as one that signs no more', async (t) => {
  const { at, names } = await places(t)
  const moved = await moveValidator(at('key'), at('bundle'))
  assert.deepEqual([moved.chain, moved.signed], [undefined, undefined])
  assert.equal((await readGuard(at('key.guard'))).isMoved, true)
  assert.deepEqual(await names(), ['bundle', 'key.guard', 'key.lock', 'key.moved'])
  await receiveValidator(at('bundle'), at('other'))
  assert.equal(await readFile(at('other'), 'utf8'), keyText)
  assert.equal((await readGuard(at('other.guard'))).isMoved, false)
  assert.ok((await names()).includes('bundle.received'))
  await assert.rejects(moveValidator(at('key'), at('bundle')), { code: 'node/unreadable-file' })
  // It comes back to where it was.
  await moveValidator(at('other'), at('back'))
  await receiveValidator(at('back'), at('key'))
  assert.equal((await readGuard(at('key.guard'))).isMoved, false)
})

test('what is no key file stays where it is, and nothing comes beside it', async (t) => {
  const { at, names } = await places(t)
  for (const text of ['', 'a letter', '{}', '{"version":3}']) {
    await writeFile(at('key'), text)
    await assert.rejects(moveValidator(at('key'), at('bundle')), {
      ...{ code: 'node/bad-key', message: /key is no key file/ },
    })
    assert.deepEqual(await names(), ['key'])
  }
  const message = /there is no such file/
  await assert.rejects(moveValidator(at('absent/key'), at('bundle')), { message })
})

test('a key that a node runs by is not moved', async (t) => {
  const { at } = await places(t)
  const lock = await lockFile(at('key'))
  await assert.rejects(moveValidator(at('key'), at('bundle')), { code: 'store/file-in-use' })
  await lock.release()
  await moveValidator(at('key'), at('bundle'))
})

test('a move that was cut off goes on, and one that was not is not done again', async (t) => {
  const { at } = await places(t)
  await moveValidator(at('key'), at('bundle'))
  await rename(at('key.moved'), at('key'))
  await rename(at('bundle'), at('bundle.part'))
  await moveValidator(at('key'), at('bundle'))
  await rename(at('key.moved'), at('key'))
  await moveValidator(at('key'), at('bundle'))
  await rename(at('key.moved'), at('key'))
  await rm(at('bundle'))
  await assert.rejects(moveValidator(at('key'), at('bundle')), { code: 'node/moved-already' })
})

test('what is no whole bundle is not received, and what is there is not overwritten', async (t) => {
  const { at } = await places(t)
  await moveValidator(at('key'), at('bundle'))
  const text = await readFile(at('bundle'), 'utf8')
  for (const damaged of ['', 'no', text.replace('0x', '0x00'), text.replace('version', 'vers')]) {
    await writeFile(at('damaged'), damaged)
    await assert.rejects(receiveValidator(at('damaged'), at('new')), { code: 'node/no-bundle' })
  }
  await writeFile(at('taken'), 'another key')
  await assert.rejects(receiveValidator(at('bundle'), at('taken')), {
    code: 'node/key-not-written',
  })
  assert.equal(await readFile(at('taken'), 'utf8'), 'another key')
  await receiveValidator(at('bundle'), at('new'))
  await retireGuard(at('new.guard'))
})
