/** Takes streams of events apart, however they are cut into pieces. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventReader } from './server-sent-events.ts'

const text = `\uFEFF: a comment
id: 1
event: message
data: {"a":
data: "ü"}

data
data:x\r\n\rretry: 20
retry: soon
id: 2

id: 3
data: cut off`

test('a long line in the smallest pieces takes no longer than as many short ones', () => {
  const reader = new EventReader()
  const begunMs = performance.now()
  reader.push(Buffer.from('data: '))
  const piece = Buffer.from('x')
  for (let count = 0; count < 300_000; count += 1) reader.push(piece)
  const [text] = reader.push(Buffer.from('\n\n'))
  assert.equal(text?.length, 300_000)
  assert.ok(performance.now() - begunMs < 4_000)
})

test('events come whole, whatever the pieces are', () => {
  const bytes = Buffer.from(text)
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = new EventReader()
    const found: string[] = []
    for (let at = 0; at < bytes.length; at += size) {
      found.push(...reader.push(bytes.subarray(at, at + size)))
    }
    assert.deepEqual(found, ['{"a":\n"ü"}', '\nx'], String(size))
    assert.deepEqual([reader.lastId, reader.retryMs], ['2', 20])
  }
})
