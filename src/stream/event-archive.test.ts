/** Tests that events leave the database only where their listener will not read them again. */

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { archiveMigrations, createArchive } from '../store/archive.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createEventArchive } from './event-archive.ts'
import { createEventStore, streamMigrations } from './event-store.ts'
import type { StreamEvent } from './stream.ts'

const eventOf = (n: number, changes: Partial<StreamEvent> = {}): StreamEvent => ({
  ...{ id: `dev:0x${n}:ab`, chain: 'dev', chainId: 7, name: 'Paid', signature: 'Paid(uint256)' },
  ...{ address: '0xaa', args: { amount: String(n) }, state: 'finalized', blockNumber: n },
  ...{ blockHash: '0x01', transactionHash: `0x${n}`, logIndex: 0, blockTimeMs: 1, seenAtMs: 2 },
  ...changes,
})

test('final events below the kept block hashes go into a file once their time is over', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-event-archive-'))
  const sql = await openSqlite({ path: ':memory:' })
  t.after(async () => {
    await sql.close()
    await rm(folder, { recursive: true })
  })
  await sql.migrate([...streamMigrations, ...archiveMigrations])
  const store = createEventStore(sql)
  let nowMs = 50
  const moveSome = createEventArchive({
    ...{ sql, clock: { nowMs: () => nowMs }, archive: createArchive(sql, folder) },
    retentionMs: 100,
  })
  const events = [
    ...[eventOf(1), eventOf(2, { state: 'safe' }), eventOf(3, { state: 'retracted' })],
    ...[eventOf(20), eventOf(5, { seenAtMs: 60 })],
  ]
  await sql.transaction((session) => store.put(session, [eventOf(4, { chain: 'other' })]))
  await sql.transaction((session) => store.put(session, events))
  await sql.run(`INSERT INTO listened_blocks VALUES ('dev', 10, '0x0a')`)
  const left = async () =>
    (await sql.all('SELECT block_number FROM events ORDER BY seq')).map((row) => row.block_number)
  await moveSome()
  assert.equal((await left()).length, 6)
  nowMs = 110
  await sql.run(`INSERT INTO backfills VALUES ('dev', 1, 8, NULL, '0x08')`)
  await moveSome()
  assert.equal((await left()).length, 6)
  await sql.run('DELETE FROM backfills')
  assert.equal(await moveSome(), false)
  assert.deepEqual(await left(), [4, 2, 20, 5])
  const file = await readFile(path.join(folder, 'events-1970-01-01.jsonl.gz'))
  const lines = gunzipSync(file)
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ id, args }) => [id, args]),
    [
      ['dev:0x1:ab', { amount: '1' }],
      ['dev:0x3:ab', { amount: '3' }],
    ],
  )
  nowMs = 200
  await sql.run(`UPDATE listened_blocks SET number = 30`)
  await moveSome()
  assert.deepEqual(await left(), [4, 2])
  // What finds final events by id goes with the last of its blocks.
  assert.deepEqual(await sql.all('SELECT chain FROM event_marks'), [{ chain: 'other' }])
})
