/** Checks that logs are the same as bytes, and that bytes which are none are refused. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Log, LogCursor, LogList, noLogs } from './log-list.ts'
import { decodeRlp, encodeRlp, type RlpValue } from './rlp.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const anyLog: fc.Arbitrary<Log> = fc.record({
  address: bytes(20),
  topics: fc.array(bytes(32), { maxLength: 4 }),
  data: fc.oneof(fc.uint8Array({ maxLength: 60 }), bytes(300), bytes(70_000)),
})
const values = (logs: readonly Log[]): RlpValue =>
  logs.map(({ address, topics, data }) => [address, topics, data])
const badLogs = { code: 'ledger/bad-rlp' }

describe('a list of logs', () => {
  test('is what a receipt commits to, and gives the logs it was made of', () => {
    fc.assert(
      fc.property(fc.array(anyLog, { maxLength: 5 }), (logs) => {
        const list = LogList.of(logs)
        assert.equal(list.length, logs.length)
        assert.deepEqual(list.bytes, encodeRlp(values(logs)))
        assert.deepEqual(decodeRlp(encodeRlp([list])), [values(logs)])
        assert.deepEqual(values([...list]), values(logs))
      }),
      { numRuns: 20 },
    )
  })

  test('gives the logs of one address', () => {
    const [one, other] = [1, 2].map((byte) => new Uint8Array(20).fill(byte)) as [
      Uint8Array,
      Uint8Array,
    ]
    const logs = [one, other, one].map((address, at) => ({
      ...{ address, topics: [], data: Uint8Array.of(at) },
    }))
    const found = LogList.of(logs).madeBy(one)
    assert.deepEqual(
      found.map(({ data }) => data[0]),
      [0, 2],
    )
    assert.deepEqual([...noLogs], [])
  })

  test('bytes that are none are refused', () => {
    const word = new Uint8Array(32)
    const [address, topics, data] = [new Uint8Array(20), [word, word], new Uint8Array(70)]
    const whole = LogList.of([{ address, topics, data }]).bytes
    for (const value of [
      ...[data, [address], [[address, topics]], [[address, topics, data, data]]],
      ...[[[new Uint8Array(19), topics, data]], [[address, [new Uint8Array(31)], data]]],
      ...[[[address, [word, word, word, word, word], data]], [[address, topics, [data]]]],
      [[address, data, data]],
    ]) {
      assert.throws(() => new LogList(encodeRlp(value)), badLogs, JSON.stringify(value))
    }
    for (let length = 0; length < whole.length; length += 1)
      assert.throws(() => new LogList(whole.subarray(0, length)), badLogs, `${length}`)
    assert.throws(() => new LogList(Uint8Array.of(...whole, 0)), badLogs)
  })
})

test('a cursor makes nothing, and tells where parts lie', () => {
  const topic = new Uint8Array(32).fill(7)
  const log = { address: new Uint8Array(20).fill(3), topics: [topic], data: Uint8Array.of(9) }
  const cursor = new LogCursor(LogList.of([log, { ...log, topics: [] }]).bytes)
  assert.ok(cursor.next())
  assert.ok(cursor.has(log.address, cursor.address) && cursor.has(topic, cursor.topic(0)))
  assert.ok(!cursor.has(new Uint8Array(20), cursor.address))
  assert.deepEqual([cursor.topicCount, cursor.dataLength, cursor.bytes[cursor.data]], [1, 1, 9])
  assert.ok(cursor.next())
  assert.deepEqual([cursor.topicCount, cursor.dataLength], [0, 1])
  assert.ok(!cursor.next())
})
