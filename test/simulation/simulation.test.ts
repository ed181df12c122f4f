/** Runs a few hundred seeds of the simulator's core, and checks that it finds, repeats and shrinks what fails. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { chainMutations } from './mutations/chain-mutations.ts'
import { mutations } from './mutations/core-mutations.ts'
import { type Plan, planOf } from './plan.ts'
import { run } from './run.ts'
import { missingOf, runSeeds } from './seeds.ts'
import { shrunk } from './shrink.ts'
import { seedsToRemember } from './worlds.ts'

test('500 seeds of the core keep all properties, and everything that must happen does', async () => {
  const seeds = Array.from({ length: 500 }, (_, at) => ({ world: 'core', number: at + 1 }) as const)
  const remembered = seedsToRemember.filter(({ world }) => world === 'core')
  const result = await runSeeds([...remembered, ...seeds])
  assert.deepEqual(result.failures, [])
  assert.ok(result.heights > 1_500, `only ${result.heights} heights were decided`)
  assert.deepEqual(missingOf(result), [])
})

test('60 seeds with liars of over a third of the weight: who decided two blocks is named', async () => {
  const seeds = Array.from({ length: 60 }, (_, at) => ({ world: 'overrun', number: at }) as const)
  const result = await runSeeds(seeds)
  assert.deepEqual(result.failures, [])
  assert.deepEqual(missingOf(result), [])
})

test('4 seeds whose signatures are such as chains have keep all properties', async () => {
  const seeds = Array.from({ length: 4 }, (_, at) => ({ world: 'signed', number: at }) as const)
  assert.deepEqual((await runSeeds(seeds)).failures, [])
})

test('a run that can make no progress is found, repeats, and is made smaller', async () => {
  // All three are needed, and one says nothing before it has seen what the others can't decide without it.
  const plan: Plan = {
    ...{ ...planOf(7), weights: [1, 1, 1], twins: [], liars: [] },
    ...{ heights: 40, drifts: [0, 0, 0], paceMs: [9, 9, 9], calmFromMs: 3_000 },
    faults: [
      { kind: 'clock', node: 0, atMs: 10, byMs: 100 },
      { kind: 'crash', node: 1, atMs: 900, afterEffects: 0, downMs: 10, isLogLost: true },
      { kind: 'clock', node: 2, atMs: 20, byMs: -100 },
    ],
  }
  const result = run(plan)
  assert.equal(result.failure?.property, 'L1')
  assert.equal(run(plan).hash, result.hash)
  const small = await shrunk(plan)
  assert.deepEqual(
    small.faults.map(({ kind }) => kind),
    ['crash'],
  )
  assert.ok(small.heights < plan.heights)
  assert.equal(run(small).failure?.property, 'L1')
})

test('each break of the list changes one place of the source', async () => {
  const root = path.join(import.meta.dirname, '../..')
  for (const { id, file, find, put } of [...mutations, ...chainMutations]) {
    const source = await readFile(path.join(root, file), 'utf8')
    assert.equal(source.split(find).length, 2, `break ${id} does not fit ${file}`)
    assert.notEqual(find, put)
  }
})
