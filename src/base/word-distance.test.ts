/** Tests the distance of words. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordDistance } from './word-distance.ts'

test('words are as far apart as it takes edits from one to the other', () => {
  const cases = [
    ['', '', 0],
    ['method', 'methid', 1],
    ['retry', 'rety', 1],
    ['with', 'wiht', 2],
    ['call', 'wait', 3],
    ['a', 'abcd', 9],
  ] as const
  for (const [a, b, distance] of cases) {
    assert.equal(wordDistance(a, b), distance, `${a} ${b}`)
    assert.equal(wordDistance(b, a), distance, `${b} ${a}`)
  }
})
