/** Checks which rules a schedule gives to which block. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainRules } from './fork-schedule.ts'

const blobs = { target: 10, max: 15, updateFraction: 8_346_193 }
const rules = chainRules({
  chainId: 1n,
  forks: [
    { hardfork: 'frontier' },
    { hardfork: 'london', block: 10n },
    { hardfork: 'london', block: 20n, changes: { bombDelay: 7 } },
    { hardfork: 'paris', totalDifficulty: 1_000n },
    { hardfork: 'osaka', time: 500n },
    { hardfork: 'osaka', time: 600n, blobs },
  ],
})
const at = (number: bigint, timestamp = 0n, difficulty = 1n) =>
  rules.rulesAt({ number, timestamp, difficulty })

test('a fork by block holds from that block on', () => {
  assert.equal(at(0n).hardfork, 'frontier')
  assert.equal(at(9n).hardfork, 'frontier')
  assert.equal(at(10n).hardfork, 'london')
  assert.notEqual(at(19n).numbers.bombDelay, 7)
  assert.equal(at(20n).numbers.bombDelay, 7)
})

test('a fork by total difficulty holds in blocks without difficulty, and in those that do not say', () => {
  assert.equal(at(30n, 0n, 131_072n).hardfork, 'london')
  assert.equal(at(30n, 0n, 0n).hardfork, 'paris')
  assert.equal(rules.rulesAt({ number: 30n, timestamp: 0n }).hardfork, 'paris')
})

test('a fork by time holds from that second on, also one of blob parameters alone', () => {
  assert.equal(at(40n, 499n, 0n).hardfork, 'paris')
  assert.deepEqual(at(40n, 500n, 0n).blobs, { target: 6, max: 9, updateFraction: 5_007_716 })
  assert.deepEqual(at(40n, 600n, 0n).blobs, blobs)
})

test('blocks of the same rules share one object', () => {
  assert.equal(at(11n), at(12n))
  assert.equal(at(40n, 600n, 0n), at(99n, 700n, 0n))
})
