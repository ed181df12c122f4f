/** Kills nodes while their chain, its endpoints and a function fail, and counts what is left: the short form of `npm run test:chaos`. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planOf } from '../chaos/plan.ts'
import { runPlan } from '../chaos/run-plan.ts'
import { SimulatedChain } from '../chaos/simulated-chain.ts'
import { chanceOf } from '../fuzz/chance.ts'

const endpoints = 3

/** What nodes live through. */
interface Chaos {
  readonly seed: number
  readonly database: 'sqlite' | 'postgres'
  readonly workers: number
  readonly kills: number
}

/** Registers the test of one seed. */
export function testChaos({ seed, database, workers, kills }: Chaos): void {
  test(`nothing is lost or done twice on ${database} with ${workers} nodes (seed ${seed})`, {
    timeout: 180_000,
  }, async () => {
    const { signal } = new AbortController()
    const chain = new SimulatedChain(chanceOf(seed, 1))
    const plan = planOf(seed, { kills, workers, endpoints })
    const outcome = await runPlan(plan, { database, workers, endpoints, chain, signal })
    assert.deepEqual(outcome.faults, [])
    assert.ok(outcome.onChain > 20 && outcome.kills > 1, JSON.stringify(outcome))
    assert.ok(outcome.retracted > 0 && outcome.undone > 0, JSON.stringify(outcome))
  })
}
