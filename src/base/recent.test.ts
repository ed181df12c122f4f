/** Checks what is remembered, and what is let go. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remember } from './recent.ts'

test('the oldest is let go, and what comes again is the newest', () => {
  const recent = new Map<string, number>()
  for (const [at, name] of ['a', 'b', 'a', 'c'].entries()) remember(recent, [name, at], 2)
  assert.deepEqual(
    [...recent],
    [
      ['a', 2],
      ['c', 3],
    ],
  )
})
