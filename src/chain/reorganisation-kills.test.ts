/** Looks at what a chain's folder holds at each moment of a reorganisation, as a kill would leave it. */

import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import type { BlockHead } from './ledger/block.ts'
import { HandClock, mine, mineMany, miningFor, openPow } from './test-chain/pow-chain.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'

const [alice, bob] = [new Uint8Array(20).fill(0xa1), new Uint8Array(20).fill(0xb0)]
const hex = ({ hash }: BlockHead) => toHex(hash)

test('whenever a reorganisation is cut off, a start has no less work than before it', async (t) => {
  const [time, folder, copies] = [
    ...[new HandClock(), await temporaryFolder(t), await temporaryFolder(t)],
  ] as const
  const a = await openPow(folder, time, { ...miningFor(alice) })
  const b = await openPow(await temporaryFolder(t), time, { ...miningFor(bob) })
  for (const chain of [a, b]) await chain.start()
  t.after(() => Promise.all([a.stop(), b.stop()]))
  const common = await mine(a, time)
  await b.importBlock(common)
  const own = await mineMany(a, time, 5)
  const others = await mineMany(b, time, 7)
  const taken: string[] = []
  a.subscribe((event) => {
    if (event.kind !== 'head') return
    // No one may wait here: the next block is on its way.
    const copy = path.join(copies, String(taken.length))
    cpSync(folder, copy, { recursive: true })
    taken.push(copy)
  })
  for (const block of others) await a.importBlock(block)
  assert.equal(hex(a.head()), hex(others[6] as BlockHead))
  // Going back, six blocks at once, and the one that came after them.
  assert.equal(taken.length, 8)
  const heads: string[] = []
  for (const copy of taken) {
    const again = await openPow(copy, time)
    const { number } = again.head().header
    await again.start()
    assert.ok(again.head().header.number >= number)
    heads.push(hex(again.head()))
    await again.stop()
  }
  const [last, sixth, seventh] = [own[4], others[5], others[6]] as BlockHead[]
  // Of as much work as there was, what was stored last stays.
  assert.deepEqual(heads.slice(0, 5), new Array(5).fill(hex(last as BlockHead)))
  assert.equal(heads[5], hex(others[4] as BlockHead))
  assert.deepEqual(
    heads.slice(6),
    [sixth, seventh].map((one) => hex(one as BlockHead)),
  )
})
