/** Builds blocks whose ends take longer and shorter, and asks how long they may be filled. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BuildBudget } from './build-budget.ts'

/** How long a block was filled, of 200 ms; its end takes so much of that. */
function filled(budget: BuildBudget, share: number): number {
  budget.begin(1_000, 1_200)
  let nowMs = 1_000
  while (!budget.isSpent(nowMs)) nowMs += 1
  budget.end(nowMs + (nowMs - 1_000) * share)
  return nowMs - 1_000
}

test('the first block is filled until its deadline, later ones leave time for what ends them', () => {
  const budget = new BuildBudget()
  assert.equal(filled(budget, 1), 201)
  for (let block = 0; block < 8; block += 1) filled(budget, 1)
  assert.equal(filled(budget, 1), 101)
  for (let block = 0; block < 8; block += 1) filled(budget, 0)
  assert.ok(filled(budget, 0) > 195)
})

test('an end that was held up once, and a block with nothing in it, do not make blocks empty', () => {
  const budget = new BuildBudget()
  filled(budget, 1_000)
  assert.ok(filled(budget, 0) > 60)
  const before = new BuildBudget()
  before.begin(0, 200)
  before.isSpent(1)
  before.end(150)
  assert.equal(filled(before, 0), 201)
})
