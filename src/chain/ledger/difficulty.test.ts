/** Checks the borders of each rule of difficulty; test/conformance has the public rows. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nextDifficulty } from './difficulty.ts'
import { type Rules, rulesOf } from './fork-rules.ts'

describe('difficulty', () => {
  const parent = { number: 9n, timestamp: 1_000n, difficulty: 2_048_000n, hasOmmers: false }
  const [frontier, homestead] = [rulesOf('frontier'), rulesOf('homestead')]
  const byzantium = rulesOf('byzantium')

  test('moves with the time that the block took, by no more than the rules allow', () => {
    const steps = (rules: Rules, seconds: bigint) =>
      (nextDifficulty(rules, parent, 1_000n + seconds) - parent.difficulty) / 1_000n
    assert.deepEqual([steps(frontier, 12n), steps(frontier, 13n)], [1n, -1n])
    assert.deepEqual([steps(homestead, 9n), steps(homestead, 10n)], [1n, 0n])
    assert.deepEqual([steps(homestead, 1_009n), steps(homestead, 9_999n)], [-99n, -99n])
    assert.deepEqual([steps(byzantium, 8n), steps(byzantium, 9n)], [1n, 0n])
  })

  test('rises once more after a block with ommers, from Byzantium on', () => {
    const uncle = { ...parent, hasOmmers: true }
    assert.equal(nextDifficulty(byzantium, uncle, 1_001n), 2_050_000n)
    assert.equal(nextDifficulty(homestead, uncle, 1_001n), 2_049_000n)
  })

  test('never falls below the least, and the exponential part begins with the third period', () => {
    const easy = { ...parent, difficulty: 131_072n }
    assert.equal(nextDifficulty(homestead, easy, 2_000n), 131_072n)
    const at = (number: bigint) =>
      nextDifficulty(homestead, { ...easy, number: number - 1n }, 1_010n) - 131_072n
    assert.deepEqual([at(199_999n), at(200_000n), at(300_000n)], [0n, 1n, 2n])
  })
})
