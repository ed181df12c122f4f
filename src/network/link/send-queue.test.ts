/** Checks what gives way in a full queue. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Importance } from '../network.ts'
import { type Outgoing, SendQueue } from './send-queue.ts'

/** A message of so many bytes, one of them its head. */
const message = (byte: number, bytes = 10): Outgoing => ({
  head: Uint8Array.of(byte),
  bytes: new Uint8Array(bytes - 1),
})
const firsts = (taken: readonly Outgoing[]) => taken.map(({ head }) => head[0])
const everything = 1_000_000

test('the important goes first, and within a rank what came first', () => {
  const queue = new SendQueue({ messages: 10, bytes: 1_000 })
  const order: readonly Importance[] = ['relay', 'own', 'answer', 'own', 'current', 'late', 'relay']
  for (const [at, importance] of order.entries())
    assert.equal(queue.push(message(at), importance), 'queued')
  assert.deepEqual(firsts(queue.take(25)), [1, 3])
  assert.deepEqual(firsts(queue.take(everything)), [4, 5, 2, 0, 6])
  assert.deepEqual([queue.length, queue.bytes, queue.take(everything)], [0, 0, []])
})

test('the newest of the least important gives way, own messages never', () => {
  const queue = new SendQueue({ messages: 4, bytes: 1_000 })
  for (const at of [0, 1, 2]) queue.push(message(at), 'relay')
  assert.equal(queue.push(message(3), 'relay'), 'dropped')
  assert.equal(queue.push(message(4), 'current'), 'queued')
  assert.equal(queue.push(message(5), 'own'), 'queued')
  assert.equal(queue.push(message(6), 'own'), 'queued')
  assert.equal(queue.dropped, 3)
  assert.equal(queue.push(message(7), 'own'), 'queued')
  assert.equal(queue.push(message(8), 'current'), 'dropped')
  assert.equal(queue.push(message(9), 'own'), 'queued')
  assert.equal(queue.push(message(9), 'own'), 'full')
  assert.deepEqual(firsts(queue.take(everything)), [5, 6, 7, 9])
})

test('of those that are alike the newest gives way', () => {
  const queue = new SendQueue({ messages: 4, bytes: 1_000 })
  for (const at of [0, 1, 2]) queue.push(message(at), 'relay')
  for (const at of [3, 4]) queue.push(message(at), 'current')
  assert.deepEqual(firsts(queue.take(everything)), [3, 4, 0, 1])
})

test('a quarter of the room is kept for the present round and own messages', () => {
  const queue = new SendQueue({ messages: 100, bytes: 400 })
  for (let at = 0; at < 30; at += 1) queue.push(message(0), at % 2 === 0 ? 'relay' : 'late')
  assert.equal(queue.push(message(0), 'late'), 'queued')
  assert.equal(queue.bytes, 300)
  assert.equal(queue.push(message(0), 'relay'), 'dropped')
  for (let at = 0; at < 10; at += 1) assert.equal(queue.push(message(1), 'current'), 'queued')
  assert.equal(queue.bytes, 400)
})

test('whatever is pushed and taken, the bounds hold and nothing comes twice', () => {
  const anyImportance = fc.constantFrom<Importance>('relay', 'answer', 'late', 'current', 'own')
  const anyStep = fc.tuple(anyImportance, fc.integer({ min: 1, max: 60 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
      const queue = new SendQueue({ messages: 8, bytes: 200 })
      const seen = new Set<Outgoing>()
      let pushed = 0
      for (const [importance, bytes, takes] of steps) {
        if (queue.push(message(0, bytes), importance) === 'queued') pushed += 1
        assert.ok(queue.length <= 8 && queue.bytes <= 200 && queue.bytes >= 0)
        for (const one of takes ? queue.take(90) : []) {
          assert.ok(!seen.has(one))
          seen.add(one)
        }
      }
      const left = queue.take(everything)
      assert.ok(seen.size + left.length <= pushed)
      assert.equal(queue.bytes, 0)
    }),
  )
})
