/** Tests the interpreter of the workflow language: its tasks, undisturbed, parked, and crashed at every line. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyWay } from './test-world/every-way.ts'

test('tasks run in order, and the output of one is the input of the next', async () => {
  const { ending, effects } = await everyWay({
    workflow: `
document: {dsl: '1.0.3', namespace: test, name: order, version: '1.0.0'}
do:
  - first: {set: {n: '\${ .n + 1 }'}}
  - look: {switch: [{big: {when: .n > 10, then: end}}, {small: {then: ask}}]}
  - never: {set: {n: -1}}
  - ask: {call: lookup, with: {key: '\${ .n }'}, output: {as: '. + {before: $input.n}'}}
  - rest: {wait: {seconds: 5}}
  - done: {set: '\${ {answer: .value, before} }'}
`,
    input: { n: 1 },
    functions: { lookup: (input) => ({ value: `of ${JSON.stringify(input)}` }) },
  })
  assert.deepEqual(ending, {
    kind: 'completed',
    output: { answer: 'of {"key":2}', before: 2 },
  })
  assert.deepEqual(effects, ['lookup {"key":2}'])
})

test('a loop by "then" gives each visit its own key', async () => {
  const { ending, effects } = await everyWay({
    workflow: `
document: {dsl: '1.0.3', namespace: test, name: loop, version: '1.0.0'}
do:
  - count: {call: count, with: {n: '\${ .n }'}, output: {as: '{n: .}'}}
  - again: {switch: [{more: {when: .n < 3, then: count}}]}
`,
    input: { n: 0 },
    functions: { count: (input) => (input as { n: number }).n + 1 },
  })
  assert.deepEqual(ending, { kind: 'completed', output: { n: 3 } })
  assert.equal(effects.length, 3)
})
