/** Checks that blocks which wait are bounded in number and age, and come out when what they waited for is there. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { genesisOf } from './genesis.ts'
import type { Block } from './ledger/block.ts'
import { powManifest } from './test-chain/pow-chain.ts'
import { WaitingBlocks } from './waiting-blocks.ts'

const { block } = genesisOf(powManifest()).executed
const named = (number: number): Block => {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, number)
  return { ...block, hash, header: { ...block.header, parentHash: new Uint8Array(32).fill(7) } }
}
const parent = new Uint8Array(32).fill(7)

test('the oldest is forgotten for a new one, and after ten minutes', () => {
  const waiting = new WaitingBlocks()
  for (let number = 0; number < 70; number += 1) waiting.add(named(number), number)
  assert.equal(waiting.size, 64)
  waiting.add(named(70), 600_030)
  const left = waiting.childrenOf(parent)
  assert.deepEqual(left[0]?.hash, named(31).hash)
  assert.equal(left.length, 40)
  assert.equal(waiting.size, 0)
})

test('one that comes again is kept once', () => {
  const waiting = new WaitingBlocks()
  waiting.add(named(1), 0)
  waiting.add(named(1), 0, 50)
  assert.equal(waiting.size, 1)
  assert.deepEqual(waiting.childrenOf(parent), [])
  assert.equal(waiting.nextDueMs(), 50)
  assert.deepEqual(waiting.due(49), [])
  assert.equal(waiting.due(50).length, 1)
  assert.equal(waiting.nextDueMs(), undefined)
})

test('bytes are bounded, too', () => {
  const waiting = new WaitingBlocks()
  const record = new Uint8Array(12 * 1024 * 1024)
  for (let number = 0; number < 4; number += 1) waiting.add({ ...named(number), record }, 0)
  assert.equal(waiting.size, 2)
  waiting.add({ ...named(9), record: new Uint8Array(40 * 1024 * 1024) }, 0)
  assert.equal(waiting.size, 2)
})
