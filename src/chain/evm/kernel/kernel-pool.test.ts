/** Hands out kernels of a kind that only says what it is. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyState } from '../../state/trie-state.ts'
import type { Kernel } from './kernel.ts'
import { createKernelPool } from './kernel-pool.ts'

const state = emptyState()

function poolOf(most: number) {
  const made: { state: typeof state; isLarge: boolean }[] = []
  const make = () => {
    const kernel = { state, isLarge: false }
    made.push(kernel)
    return kernel as unknown as Kernel
  }
  return { pool: createKernelPool(make, most), made }
}

test('a kernel is used again, but not one that has grown or that threw', async () => {
  const { pool, made } = poolOf(1)
  await pool.use(state, async () => undefined)
  await pool.use(state, async () => undefined)
  assert.equal(made.length, 1)
  await pool.use(state, async () => {
    for (const kernel of made) kernel.isLarge = true
  })
  await pool.use(state, async () => undefined)
  assert.equal(made.length, 2)
  await assert.rejects(
    pool.use(state, () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  await pool.use(state, async () => undefined)
  assert.equal(made.length, 3)
})

test('no more run at once than there may be', async () => {
  const { pool, made } = poolOf(2)
  let [running, most] = [0, 0]
  const run = async () => {
    running += 1
    most = Math.max(most, running)
    await Promise.resolve()
    running -= 1
  }
  await Promise.all(Array.from({ length: 9 }, () => pool.use(state, run)))
  assert.deepEqual([most, made.length, running], [2, 2, 0])
})
