/** Tests that people read what is wrong with a file, not what the operating system calls it. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileFailure, fileReason } from './file-reason.ts'

test('a reason is told in words, and another error by its own', async () => {
  const folder = import.meta.dirname
  const reasonOf = (file: string) => readFile(file).then(String, fileReason)
  assert.match(await reasonOf(path.join(folder, 'absent')), /^there is no such file/)
  assert.match(await reasonOf(folder), /^it is a folder/)
  assert.match(await reasonOf(path.join(import.meta.filename, 'x')), /^it, or a part of its path/)
  const parse = async () => JSON.parse(await readFile(import.meta.filename, 'utf8'))
  assert.equal(await parse().catch(fileReason), 'it is no JSON')
  const failure = await readFile('absent').catch(fileFailure)
  assert.equal(failure, 'absent: there is no such file or folder; look at its path')
  assert.equal(fileFailure(new Error('something else')), undefined)
  assert.equal(fileReason(new Error('something else')), 'something else')
})
