/** Stores events: each once, and a retracted one again in its new block. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSqlite } from '../store/sqlite.ts'
import { createEventStore, streamMigrations } from './event-store.ts'
import type { StreamEvent } from './stream.ts'

const eventOf = (n: number, changes: Partial<StreamEvent> = {}): StreamEvent => ({
  ...{ id: `dev:0x${n}:ab`, chain: 'dev', chainId: 7, name: 'Paid', signature: 'Paid(uint256)' },
  ...{ address: '0xaa', args: { amount: String(n) }, state: 'pending', blockNumber: n },
  ...{ blockHash: '0x01', transactionHash: `0x${n}`, logIndex: 0, blockTimeMs: 1, seenAtMs: 2 },
  ...changes,
})

async function open(t: Pick<TestContext, 'after'>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-events-'))
  const sql = await openSqlite({ path: path.join(folder, 'events.sqlite') })
  t.after(async () => {
    await sql.close()
    await rm(folder, { recursive: true })
  })
  await sql.migrate(streamMigrations)
  const store = createEventStore(sql)
  const put = (...events: readonly StreamEvent[]) =>
    sql.transaction((session) => store.put(session, events))
  return { sql, store, put }
}

test('of events that are stored together, those are told that were not there before', async (t) => {
  const { sql, store, put } = await open(t)
  const many = Array.from({ length: 100 }, (_, n) => eventOf(n))
  assert.deepEqual(await put(...many), many)
  const fresh = [eventOf(100), eventOf(101)]
  assert.deepEqual(await put(eventOf(5, { blockNumber: 900 }), ...fresh, eventOf(6)), fresh)
  const seen = { state: 'seen', atMs: 2 } as const
  assert.deepEqual(await store.get('dev:0x5:ab'), { ...eventOf(5), life: [seen] })
  assert.deepEqual(await put(), [])

  await sql.transaction((session) => store.retract(session, { chain: 'dev', from: 5, to: 6 }, 8))
  const back = eventOf(5, { blockNumber: 7, logIndex: 1, args: { amount: '8' }, seenAtMs: 9 })
  assert.deepEqual(await put(back, eventOf(4)), [back])
  const life = [seen, { state: 'retracted', atMs: 8 }, { state: 'returned', atMs: 9 }]
  assert.deepEqual(await store.get('dev:0x5:ab'), { ...back, seenAtMs: 2, life })
  assert.equal((await store.get('dev:0x6:ab'))?.state, 'retracted')

  const reach = (state: 'confirmed' | 'finalized', atMs: number) =>
    sql.transaction((session) => {
      const query = { chain: 'dev', states: ['pending', 'confirmed'], upTo: 7 } as const
      return store.advance(session, query, { state, atMs })
    })
  await reach('confirmed', 10)
  await reach('finalized', 12)
  const [after] = (await store.list({ limit: 200 })).items.filter(({ id }) => id === back.id)
  const later = { confirmed: 10, finalized: 12 }
  const further = Object.entries(later).map(([state, atMs]) => ({ state, atMs }))
  assert.deepEqual(after?.life, [...life, ...further])
})

const final = (n: number, changes: Partial<StreamEvent> = {}) =>
  eventOf(n, { state: 'finalized', ...changes })

test('final events are found by id, however they became final, and are stored once', async (t) => {
  const { sql, store, put } = await open(t)
  const history = Array.from({ length: 9_000 }, (_, n) => final(n))
  for (let at = 0; at < history.length; at += 1_500) await put(...history.slice(at, at + 1_500))
  await put(...Array.from({ length: 50 }, (_, n) => eventOf(9_000 + n)))
  const query = { chain: 'dev', states: ['pending'], upTo: 9_039 } as const
  await sql.transaction((session) => store.advance(session, query, { state: 'finalized', atMs: 5 }))
  for (const n of [0, 1_499, 4_096, 8_999, 9_000, 9_039]) {
    const found = await store.get(`dev:0x${n}:ab`)
    assert.equal(found?.blockNumber, n)
    assert.equal(found?.state, 'finalized')
  }
  assert.equal((await store.get('dev:0x9040:ab'))?.state, 'pending')
  for (const id of ['dev:0x9050:ab', 'prod:0x1:ab', 'dev', '']) {
    assert.equal(await store.get(id), undefined)
  }
  assert.deepEqual(await put(final(3), final(3, { id: 'dev:0xaa:ab', logIndex: 1 }), final(4)), [
    final(3, { id: 'dev:0xaa:ab', logIndex: 1 }),
  ])
})

test('an event that left comes back final, and leaves from there', async (t) => {
  const { sql, store, put } = await open(t)
  const retract = (from: number) =>
    sql.transaction((session) => store.retract(session, { chain: 'dev', from, to: from }, 8))
  await put(final(1), final(2))
  await retract(1)
  assert.equal((await store.get('dev:0x1:ab'))?.state, 'retracted')
  const back = final(1, { blockNumber: 7, seenAtMs: 9 })
  assert.deepEqual(await put(back, final(3), final(2)), [back, final(3)])
  assert.equal((await store.get('dev:0x1:ab'))?.blockNumber, 7)
  assert.equal((await store.list({ limit: 200 })).items.length, 3)
  await retract(7)
  assert.equal((await store.get('dev:0x1:ab'))?.state, 'retracted')
})

test('another event at the place of one is a contradiction, and nothing is stored', async (t) => {
  const { store, put } = await open(t)
  await put(final(1), eventOf(2))
  for (const n of [1, 2]) {
    const other = final(n, { id: 'dev:0xbb:ab' })
    await assert.rejects(put(final(5), other), /log 0 of block \d is event dev:0xbb:ab now/)
  }
  assert.equal((await store.list({ limit: 200 })).items.length, 2)
})
