/** Holds the words of trace contexts to the examples of the W3C. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { derivedContext, derivedWithin, readTraceparent, traceparentOf } from './tracing.ts'

const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

test('a traceparent is read and written', () => {
  const sampled = { traceId, spanId, isSampled: true }
  assert.deepEqual(readTraceparent(`00-${traceId}-${spanId}-01`), sampled)
  assert.deepEqual(readTraceparent(`00-${traceId}-${spanId}-00`), { ...sampled, isSampled: false })
  assert.equal(traceparentOf(sampled), `00-${traceId}-${spanId}-01`)
  assert.deepEqual(readTraceparent(`cc-${traceId}-${spanId}-01-what-comes-later`), sampled)
  // Flags of later levels are let through.
  assert.deepEqual(readTraceparent(`00-${traceId}-${spanId}-03`), sampled)
})

test('what is no traceparent is none', () => {
  const bad = [
    ...[undefined, 7, '', 'x', `ff-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-01-more`],
    ...[`00-${'0'.repeat(32)}-${spanId}-01`, `00-${traceId}-${'0'.repeat(16)}-01`],
    ...[`00-${traceId.toUpperCase()}-${spanId}-01`, `00-${traceId}-${spanId}`],
    ...[
      `00-${traceId}-${spanId}-1`,
      `cc-${traceId}-${spanId}-01.more`,
      `00-${traceId}-${spanId}-01 `,
    ],
  ]
  for (const text of bad) assert.equal(readTraceparent(text), undefined, String(text))
})

test('what is derived from the same name is the same, and stays in its trace', () => {
  const one = derivedContext('event', 'a')
  assert.deepEqual(derivedContext('event', 'a'), one)
  assert.notEqual(derivedContext('event', 'b').traceId, one.traceId)
  assert.deepEqual(readTraceparent(traceparentOf(one)), one)
  const within = derivedWithin(one, 'step', 'x')
  assert.equal(within.traceId, one.traceId)
  assert.notEqual(within.spanId, derivedWithin(one, 'step', 'y').spanId)
})
