/** Checks that streams of chains are bounded, wait for their readers, and are cut when they cannot go on. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { ChainStreams } from './chain-streams.ts'

const headers = { 'content-type': 'application/octet-stream' }

/** A reader whose connection can be cut, and pieces that are counted. */
function reading(count: number, fault?: number) {
  const seen = { pieces: 0, cuts: 0, ended: false }
  const cut = () => {
    seen.cuts += 1
  }
  const reader = { method: 'GET', cut }
  async function* pieces() {
    try {
      for (let at = 0; at < count; at += 1) {
        if (at === fault) throw new Error('broken')
        seen.pieces += 1
        yield Uint8Array.of(at)
      }
    } finally {
      seen.ended = true
    }
  }
  return { seen, reader, content: { headers, pieces } }
}

const open = (most: number, stallMs?: number) =>
  new ChainStreams({ most, ...(stallMs !== undefined && { stallMs }) }, silentLogger)

test('a reader gets all pieces, and none is made long before it is wanted', async () => {
  const { seen, reader, content } = reading(5)
  const response = await open(1).open(reader, content)
  assert.equal(seen.pieces, 1)
  assert.deepEqual(await response.bytes(), Uint8Array.of(0, 1, 2, 3, 4))
  assert.deepEqual(seen, { pieces: 5, cuts: 0, ended: true })
})

test('there are so many streams at a time, and a cancelled one makes room', async () => {
  const streams = open(1)
  const first = reading(5)
  const response = await streams.open(first.reader, first.content)
  const second = reading(1)
  await assert.rejects(streams.open(second.reader, second.content), {
    ...{ code: 'api/too-many-streams', retry: 'later' },
  })
  await response.body?.cancel()
  assert.deepEqual([first.seen.ended, first.seen.cuts], [true, 0])
  assert.deepEqual(
    await (await streams.open(second.reader, second.content)).bytes(),
    Uint8Array.of(0),
  )
})

test('what fails at the first piece is thrown, and later cuts the connection', async () => {
  const streams = open(1)
  const at = (fault: number) => reading(3, fault)
  const first = at(0)
  await assert.rejects(streams.open(first.reader, first.content), /broken/)
  const later = at(1)
  const reader = (await streams.open(later.reader, later.content)).body?.getReader()
  assert.deepEqual((await reader?.read())?.value, Uint8Array.of(0))
  void reader?.read().catch(() => {})
  await new Promise(setImmediate)
  assert.deepEqual([later.seen.cuts, later.seen.ended], [1, true])
  // Both have made room.
  const third = reading(1)
  await (await streams.open(third.reader, third.content)).bytes()
})

test('a reader that takes nothing, and all of them at the end, are cut', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const streams = open(2, 1_000)
  const [slow, other] = [reading(9), reading(9)]
  await streams.open(slow.reader, slow.content)
  await new Promise(setImmediate)
  t.mock.timers.tick(999)
  assert.equal(slow.seen.cuts, 0)
  t.mock.timers.tick(1)
  await new Promise(setImmediate)
  assert.deepEqual([slow.seen.cuts, slow.seen.ended], [1, true])
  await streams.open(other.reader, other.content)
  streams.closeAll()
  assert.deepEqual([other.seen.cuts, slow.seen.cuts], [1, 1])
})

test('HEAD gets headers, and no piece is made', async () => {
  const { seen, reader, content } = reading(5)
  const response = await open(0).open({ ...reader, method: 'HEAD' }, content)
  assert.equal(response.headers.get('content-type'), headers['content-type'])
  assert.equal(seen.pieces, 0)
})
