/** Gathers bytes that come in large and in many small pieces. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatheredBytes } from './gathered-bytes.ts'

test('what comes in the smallest pieces is whole, and takes few of them', () => {
  const body = new GatheredBytes()
  assert.equal(body.whole().length, 0)
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251))
  for (let at = 0; at < bytes.length; at += 1) body.add(bytes.subarray(at, at + 1))
  assert.equal(body.size, bytes.length)
  assert.ok(body.pieces < 2_000)
  assert.ok(body.whole().equals(bytes))
  body.add(Buffer.from('more'))
  assert.equal(body.whole().subarray(-5).toString('latin1'), `${String.fromCharCode(101)}more`)
})
