/** Stores events and tells of their changes. */

import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { Migration, SqlRow, SqlSession, SqlStore } from '../store/sql.ts'
import type { EventState, EventStore, StreamEvent } from './stream.ts'

/** Tables of this room. */
export const streamMigrations: readonly Migration[] = [
  {
    id: 'stream/001-events',
    statements: [
      `CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        chain TEXT NOT NULL,
        chain_id INTEGER NOT NULL,
        address TEXT NOT NULL,
        name TEXT NOT NULL,
        signature TEXT NOT NULL,
        args TEXT NOT NULL,
        state TEXT NOT NULL,
        block_number INTEGER NOT NULL,
        block_hash TEXT NOT NULL,
        transaction_hash TEXT NOT NULL,
        log_index INTEGER NOT NULL,
        block_time_ms INTEGER NOT NULL,
        seen_at_ms INTEGER NOT NULL
      )`,
      'CREATE INDEX events_by_block ON events (chain, block_number)',
      'CREATE INDEX events_by_state ON events (chain, state, block_number)',
      `CREATE TABLE listened_blocks (
        chain TEXT NOT NULL,
        number INTEGER NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (chain, number)
      )`,
      `CREATE TABLE checkpoints (
        chain TEXT PRIMARY KEY,
        chain_id INTEGER NOT NULL,
        number INTEGER NOT NULL
      )`,
    ],
  },
  { id: 'stream/002-genesis', statements: ['ALTER TABLE checkpoints ADD COLUMN genesis TEXT'] },
]

/** The event store, and what the listener does with it inside its transactions. */
export interface WritableEventStore extends EventStore {
  /** Inserts an event, or brings a retracted one back in its new block; whether it was not there before. */
  put(session: SqlSession, event: StreamEvent): Promise<boolean>
  /** Writes the state of a stored event. */
  setState(session: SqlSession, event: StreamEvent): Promise<void>
  /** Events of the chain in these blocks that are not retracted, oldest first. */
  inBlocks(session: SqlSession, query: BlockRange): Promise<readonly StreamEvent[]>
  /** Events of the chain that are in one of these states, up to a block, oldest first, at most `limit`. */
  inStates(session: SqlSession, query: StateQuery): Promise<readonly StreamEvent[]>
  /** Tells listeners; to be called after the commit. One that throws does not keep it from the others. */
  tell(events: readonly StreamEvent[]): void
}

interface BlockRange {
  readonly chain: string
  readonly from: number
  readonly to: number
}

interface StateQuery {
  readonly chain: string
  readonly states: readonly EventState[]
  readonly upTo: number
  readonly limit: number
}

/** An event store over a database with `streamMigrations`. */
export function createEventStore(sql: SqlStore): WritableEventStore {
  const listeners = new Set<(event: StreamEvent) => void>()
  return {
    async get(id) {
      const row = await sql.get('SELECT * FROM events WHERE id = ?', id)
      return row && eventOf(row)
    },
    list: ({ name = null, ...query }) =>
      sequencePage(sql, {
        ...query,
        select: 'SELECT * FROM events WHERE (? IS NULL OR name = ?)',
        values: [name, name],
        read: eventOf,
      }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async put(session, event) {
      const { id, chain, chainId, address, name, signature, args, state } = event
      const place = [event.blockNumber, event.blockHash, event.transactionHash, event.logIndex]
      const written = await session.run(
        `INSERT INTO events (id, chain, chain_id, address, name, signature, args, state, block_number, block_hash,
          transaction_hash, log_index, block_time_ms, seen_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET address = excluded.address, name = excluded.name, signature = excluded.signature, args = excluded.args,
          state = excluded.state, block_number = excluded.block_number, block_hash = excluded.block_hash,
          log_index = excluded.log_index, block_time_ms = excluded.block_time_ms
          WHERE events.state = 'retracted'`,
        ...[id, chain, chainId, address, name, signature, JSON.stringify(args), state],
        ...[...place, event.blockTimeMs, event.seenAtMs],
      )
      return written > 0
    },
    async setState(session, { id, state }) {
      await session.run('UPDATE events SET state = ? WHERE id = ?', state, id)
    },
    async inBlocks(session, { chain, from, to }) {
      const rows = await session.all(
        `SELECT * FROM events WHERE chain = ? AND block_number BETWEEN ? AND ? AND state <> 'retracted'
          ORDER BY block_number, log_index`,
        ...[chain, from, to],
      )
      return rows.map(eventOf)
    },
    async inStates(session, { chain, states, upTo, limit }) {
      const rows = await session.all(
        `SELECT * FROM events WHERE chain = ? AND state IN (${states.map(() => '?').join(', ')})
          AND block_number <= ? ORDER BY block_number, log_index LIMIT ?`,
        ...[chain, ...states, upTo, limit],
      )
      return rows.map(eventOf)
    },
    tell(events) {
      const failures: unknown[] = []
      for (const event of events) {
        for (const listener of listeners) {
          try {
            listener(event)
          } catch (error) {
            failures.push(error)
          }
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'listeners to events failed')
    },
  }
}

function eventOf(row: SqlRow): StreamEvent {
  return {
    id: String(row.id),
    chain: String(row.chain),
    chainId: Number(row.chain_id),
    address: row.address as Hex,
    name: String(row.name),
    signature: String(row.signature),
    args: JSON.parse(String(row.args)) as { readonly [name: string]: Json },
    state: row.state as EventState,
    blockNumber: Number(row.block_number),
    blockHash: row.block_hash as Hex,
    transactionHash: row.transaction_hash as Hex,
    logIndex: Number(row.log_index),
    blockTimeMs: Number(row.block_time_ms),
    seenAtMs: Number(row.seen_at_ms),
  }
}
