/** Takes a folder from several processes. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { lockFolder } from './folder-lock.ts'

test('a folder is for one process, until that ends, however it ends', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  const module = new URL('./folder-lock.ts', import.meta.url).href
  const program = `
    import { lockFolder } from '${module}'
    await lockFolder(process.argv[1])
    console.log('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder])
  await once(child.stdout, 'data')
  await assert.rejects(lockFolder(folder), { code: 'store/folder-in-use' })
  child.kill('SIGKILL')
  await once(child, 'close')
  const lock = await lockFolder(folder)
  await assert.rejects(lockFolder(folder), { code: 'store/folder-in-use' })
  await lock.release()
  await (await lockFolder(folder)).release()
})

test('a folder that cannot be is refused by name', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(path.join(folder, 'file'), '')
  await assert.rejects(lockFolder(path.join(folder, 'file', 'data')), {
    code: 'store/unwritable-folder',
    message: /file\/data/,
  })
})
