/** Lets transactions wait beside blocks that take more and less, and asks whether one more is taken. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Admission } from './admission.ts'

const onTime = { lateMs: 0 }

/** A gate that has seen blocks of so many transactions, each this long after the one before, with some left. */
function gateAfter(blocks: readonly number[], { everyMs = 1_000, left = 100 } = {}): Admission {
  const gate = new Admission(1_000)
  gate.took(0)
  for (const [at, count] of blocks.entries()) gate.blockCame(count, left, (at + 1) * everyMs)
  return gate
}

describe('the gate of a pool', () => {
  test('lets wait what the last blocks took in the time of two', () => {
    assert.equal(gateAfter([3_000, 3_000, 3_000, 3_000, 3_000]).bound, 6_000)
    assert.equal(gateAfter([9_000, 1_500, 1_500, 1_500, 1_500]).bound, 3_000)
  })

  test('takes some however little blocks took, and at the start', () => {
    assert.equal(new Admission(1_000).bound, 2_000)
    assert.equal(gateAfter([3, 0, 5]).bound, 2_000)
    assert.equal(new Admission(1_000, 30).bound, 30)
  })

  test('lets less wait when blocks come late', () => {
    assert.equal(gateAfter([6_000, 6_000], { everyMs: 4_000 }).bound, 3_000)
  })

  test('does not count the time in which there was nothing for a block', () => {
    const gate = new Admission(1_000)
    for (const startMs of [0, 60_000]) {
      gate.took(startMs)
      gate.blockCame(2_500, 0, startMs + 1_000)
      gate.blockCame(0, 0, startMs + 2_000)
    }
    assert.equal(gate.bound, 5_000)
  })

  test('lets more wait while blocks take all that there is', () => {
    const gate = new Admission(1_000)
    gate.took(0)
    for (let block = 1; block <= 12; block += 1) gate.blockCame(gate.bound, 1, block * 1_000)
    assert.ok(gate.bound > 10_000, String(gate.bound))
  })

  test('says when to come again; of a peer it takes four times as much', () => {
    const gate = new Admission(1_000)
    assert.equal(gate.pauseMs({ waiting: 1_999, ...onTime }, 'user'), undefined)
    assert.equal(gate.pauseMs({ waiting: 2_000, ...onTime }, 'user'), 1_000)
    assert.equal(gate.pauseMs({ waiting: 7_999, ...onTime }, 'peer'), undefined)
    assert.equal(gate.pauseMs({ waiting: 8_000, ...onTime }, 'peer'), 1_000)
    assert.equal(new Admission(60_000).pauseMs({ waiting: 2_000, ...onTime }, 'user'), 5_000)
  })

  test('lets users bring less while the program is late', () => {
    const gate = new Admission(1_000)
    assert.equal(gate.pauseMs({ waiting: 999, lateMs: 500 }, 'user'), undefined)
    assert.equal(gate.pauseMs({ waiting: 1_000, lateMs: 500 }, 'user'), 1_000)
    assert.equal(gate.pauseMs({ waiting: 667, lateMs: 1_000 }, 'user'), 1_000)
    assert.equal(gate.pauseMs({ waiting: 7_999, lateMs: 1_000 }, 'peer'), undefined)
  })
})
