/** Gives tests of sinks a database, events, and a way to wait. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { SqlStore } from '../../store/sql.ts'
import { openSqlite } from '../../store/sqlite.ts'
import type { EventState, StreamEvent } from '../../stream/stream.ts'
import { servicesMigrations } from '../services-schema.ts'
import type { SinkMessage } from '../sink.ts'
import type { Sinks } from '../sinks.ts'

type Test = { after(run: () => Promise<void> | void): void }

/** A database with the tables of this room, gone after the test. */
export async function sinkDatabase(t: Test): Promise<SqlStore> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-sinks-'))
  const sql = await openSqlite({ path: path.join(folder, 'sinks.sqlite') })
  await sql.migrate(servicesMigrations)
  t.after(async () => {
    await sql.close()
    await rm(folder, { recursive: true })
  })
  return sql
}

/** An event of the chain `test`, at the contract of that number. */
export function eventAt(place: number, options: Partial<StreamEvent> = {}): StreamEvent {
  const hash = `0x${place.toString(16).padStart(64, '0')}` as const
  return {
    ...{ id: `test:${hash}:0`, chain: 'test', chainId: 1, name: 'Paid', logIndex: 0 },
    ...{ address: `0x${'11'.repeat(20)}`, signature: 'Paid(uint256)', args: { n: String(place) } },
    ...{ state: 'confirmed' as EventState, blockNumber: place, blockHash: hash },
    ...{ transactionHash: hash, blockTimeMs: 1_000 * place, seenAtMs: 1_000 * place },
    ...options,
  }
}

/** Stores changes of events as the listener's transaction does. */
export async function change(sql: SqlStore, sinks: Sinks, ...events: StreamEvent[]): Promise<void> {
  await sql.write(events.flatMap((event) => sinks.eventWrites(event)))
  sinks.wake()
}

/** A message of a key. */
export function messageOf(n: number, key = 'a'): SinkMessage {
  const id = `m${n}`
  const payload = JSON.stringify({ specversion: '1.0', id, n, text: 'é' })
  return { id, key, route: `event/test/Paid/confirmed`, payload }
}

/** Waits until something holds, which is looked at again and again. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}
