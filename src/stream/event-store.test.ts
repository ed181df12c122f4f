/** Stores events: each once, and a retracted one again in its new block. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openSqlite } from '../store/sqlite.ts'
import { createEventStore, streamMigrations } from './event-store.ts'
import type { StreamEvent } from './stream.ts'

const eventOf = (n: number, changes: Partial<StreamEvent> = {}): StreamEvent => ({
  ...{ id: `dev:0x${n}:ab`, chain: 'dev', chainId: 7, name: 'Paid', signature: 'Paid(uint256)' },
  ...{ address: '0xaa', args: { amount: String(n) }, state: 'pending', blockNumber: n },
  ...{ blockHash: '0x01', transactionHash: `0x${n}`, logIndex: 0, blockTimeMs: 1, seenAtMs: 2 },
  ...changes,
})

test('of events that are stored together, those are told that were not there before', async (t) => {
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
  const many = Array.from({ length: 100 }, (_, n) => eventOf(n))
  assert.deepEqual(await put(...many), many)
  const fresh = [eventOf(100), eventOf(101)]
  assert.deepEqual(await put(eventOf(5, { blockNumber: 900 }), ...fresh, eventOf(6)), fresh)
  const seen = { state: 'seen', atMs: 2 } as const
  assert.deepEqual(await store.get('dev:0x5:ab'), { ...eventOf(5), life: [seen] })
  assert.deepEqual(await put(), [])

  await sql.transaction((session) => store.retract(session, { chain: 'dev', from: 5, to: 6 }, 8))
  const back = eventOf(5, { blockNumber: 7, args: { amount: '8' }, seenAtMs: 9 })
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
