/** Checks what is remembered, and what is let go. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from './recent.ts'

test('the last ones stay, what comes again is the newest, and no more than allowed are kept', () => {
  const recent = new Recent<number, string>(6)
  for (let at = 0; at < 100; at += 1) {
    recent.set(at, `${at}`)
    for (let back = 0; back < 3; back += 1) {
      assert.equal(recent.get(at - back), at < back ? undefined : `${at - back}`)
    }
    const kept = Array.from({ length: 100 }, (_, key) => key).filter((key) => recent.has(key))
    assert.ok(kept.length <= 6)
  }
  recent.set(96, 'again')
  for (const at of [100, 101]) recent.set(at, `${at}`)
  assert.equal(recent.get(96), 'again')
})
