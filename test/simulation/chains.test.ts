/** Runs some seeds of the simulator with whole chains, by every engine that has several nodes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainEngines } from './chains/chain-plan.ts'
import { runSeeds } from './seeds.ts'
import { planOfSeed, runPlan, seedsToRemember } from './worlds.ts'

for (const world of chainEngines) {
  test(`20 seeds of whole chains of ${world} keep all properties`, async () => {
    const seeds = Array.from({ length: 20 }, (_, at) => ({ world, number: at + 1 }) as const)
    const remembered = seedsToRemember.filter((seed) => seed.world === world)
    const { failures, heights } = await runSeeds([...remembered, ...seeds])
    assert.deepEqual(failures, [])
    assert.ok(heights > 60, `only ${heights} heights were decided`)
  })
}

test('a plan gives one run, on however slow a machine', async ({ mock }) => {
  for (const seed of seedsToRemember.filter(({ world }) => world !== 'core')) {
    const { hash } = await runPlan(planOfSeed(seed))
    let nowMs = 0
    const { mock: slow } = mock.method(performance, 'now', () => {
      nowMs += 1_000
      return nowMs
    })
    const again = await runPlan(planOfSeed(seed))
    slow.restore()
    assert.equal(again.hash, hash, `${seed.world}:${seed.number}`)
  }
})
