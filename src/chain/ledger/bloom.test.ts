/** Checks which bits of a bloom filter are set. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toBigInt } from '../../base/bytes.ts'
import { bloomBits, bloomHas, bloomOf, joinBlooms } from './bloom.ts'
import { type Log, LogList } from './log-list.ts'

const address = fromHex('0x0f572e5295c57f15886f9b263e2f6d2d6c7b5ec6')
const topic = new Uint8Array(32).fill(3)
const bloomOfLogs = (logs: readonly Log[]) => bloomOf(LogList.of(logs))
const log = { address, topics: [] as readonly Uint8Array[], data: topic }

test('an address sets the bits that the first three pairs of its hash name', () => {
  assert.equal(toBigInt(bloomOfLogs([log])), (1n << 1323n) | (1n << 431n) | (1n << 1319n))
})

test('topics are covered, data is not', () => {
  assert.ok(!bloomHas(bloomOfLogs([log]), bloomBits(topic)))
  const bloom = bloomOfLogs([log, { ...log, topics: [new Uint8Array(32), topic] }])
  for (const bytes of [address, topic, new Uint8Array(32)])
    assert.ok(bloomHas(bloom, bloomBits(bytes)))
})

test('no logs cover nothing', () => {
  assert.deepEqual(bloomOfLogs([]), new Uint8Array(256))
  assert.ok(!bloomHas(bloomOfLogs([]), bloomBits(address)))
})

test('blooms joined cover what any of them covers', () => {
  const other = { ...log, topics: [topic, topic] }
  const alike = [log, other, log, other]
  assert.deepEqual(
    joinBlooms([bloomOfLogs([log]), bloomOfLogs([]), bloomOfLogs([other])]),
    bloomOfLogs(alike),
  )
  assert.deepEqual(joinBlooms([]), new Uint8Array(256))
})

test('names that share a place in the memo do not share their bits', () => {
  // They end and begin alike, which is all that the place depends on.
  const twins = [1, 2, 3].map((byte) => topic.with(16, byte))
  const blooms = twins.map((twin) => toBigInt(bloomOfLogs([{ ...log, topics: [twin] }])))
  assert.equal(new Set(blooms).size, 3)
  const again = twins.map((twin) => toBigInt(bloomOfLogs([{ ...log, topics: [twin] }])))
  assert.deepEqual(again, blooms)
})

test('a bloom stays as it was while others are made', () => {
  const blooms = Array.from({ length: 200 }, (_, at) =>
    bloomOfLogs([{ ...log, topics: [topic.with(0, at)] }]),
  )
  for (const [at, bloom] of blooms.entries()) {
    assert.deepEqual(bloom, bloomOfLogs([{ ...log, topics: [topic.with(0, at)] }]))
  }
  assert.deepEqual(bloomOfLogs([]), new Uint8Array(256))
})
