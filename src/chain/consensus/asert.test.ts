/** Checks the bounds of targets, and the traps of the rule: which way it rounds, and from where it counts. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { difficultyOf, nextTarget } from './asert.ts'

const easiestTarget = 2n ** 246n - 1n
const pace = { blockTime: 15n, halfLife: 3_600n, easiestTarget }
const anchor = { target: 2n ** 230n, number: 0n, parentTime: 985n }
const after = (number: bigint, timestamp: bigint) => nextTarget(anchor, { number, timestamp }, pace)

test('a chain on its schedule keeps its target, from the first block on', () => {
  assert.equal(after(0n, 1_000n), 2n ** 230n)
  assert.equal(after(100n, 2_500n), 2n ** 230n)
})

test('a target keeps all of its digits', () => {
  const target = 2n ** 245n - 19n
  const odd = { ...anchor, target }
  assert.equal(nextTarget(odd, { number: 100n, timestamp: 2_500n }, pace), target)
  assert.equal(nextTarget(odd, { number: 340n, timestamp: 2_500n }, pace), target / 2n)
})

test('half a life late doubles the target, early halves it', () => {
  assert.equal(after(100n, 2_500n + 3_600n), 2n ** 231n)
  assert.equal(after(340n, 2_500n), 2n ** 229n)
})

test('a block that comes a second early is rounded toward zero', () => {
  // −65,536 / 3,600 is −18.2: with −19 in place of −18 the target were another.
  const early = after(1n, 1_014n)
  const factor = (exponent: bigint) => {
    const part = exponent + 65_536n
    const cubic =
      195_766_423_245_049n * part + 971_821_376n * part ** 2n + 5_127n * part ** 3n + 2n ** 47n
    return (2n ** 230n * (65_536n + (cubic >> 48n))) >> 17n
  }
  assert.equal(early, factor(-18n))
  assert.notEqual(early, factor(-19n))
})

test('targets stay within their bounds, however long a chain slept or hurried', () => {
  assert.equal(after(0n, 1_000n + 3_600n * 20n), easiestTarget)
  assert.equal(after(0n, 2n ** 62n), easiestTarget)
  assert.equal(after(240n * 290n, 1_000n), 1n)
  assert.equal(after(2n ** 62n, 1_000n), 1n)
})

test('difficulty is how many hashes a target takes', () => {
  assert.equal(difficultyOf(easiestTarget), 1_024n)
  assert.equal(difficultyOf(2n ** 256n - 1n), 1n)
  assert.equal(difficultyOf(1n), 2n ** 255n)
})
