/** Stores events and tells of their changes. */

import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { Migration, SqlRow, SqlSession, SqlStore } from '../store/sql.ts'
import { addMarks, findMarked } from './events/final-marks.ts'
import { isLive, putEvents, usualType } from './events/put-events.ts'
import type { EventState, EventStore, StoredEvent, StreamEvent } from './stream.ts'

/** Events that may still go on; an index holds these only. */
const isOpen = "state IN ('pending', 'confirmed', 'safe')"

/**
 * Tables of this room. What all events of one signature share stands once, in `event_kinds`. An index by id, which is
 * random, would cost more than all else of an insert once there are many: it holds only events that are not final, and
 * `event_marks` finds the others.
 */
export const streamMigrations: readonly Migration[] = [
  {
    id: 'stream/001-events',
    statements: [
      `CREATE TABLE event_kinds (
        kind INTEGER PRIMARY KEY,
        chain_id INTEGER NOT NULL,
        type TEXT NOT NULL,
        name TEXT NOT NULL,
        signature TEXT NOT NULL,
        arguments TEXT NOT NULL
      )`,
      `CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        chain TEXT NOT NULL,
        kind INTEGER NOT NULL,
        address TEXT NOT NULL,
        args TEXT NOT NULL,
        state TEXT NOT NULL,
        block_number INTEGER NOT NULL,
        block_hash TEXT NOT NULL,
        log_index INTEGER NOT NULL,
        block_time_ms INTEGER NOT NULL,
        seen_at_ms INTEGER NOT NULL
      )`,
      `CREATE UNIQUE INDEX events_by_id ON events (id) WHERE ${isLive}`,
      `CREATE UNIQUE INDEX events_by_place ON events (chain, block_number, log_index) WHERE state <> 'retracted'`,
      `CREATE INDEX events_retracted ON events (chain) WHERE state = 'retracted'`,
      `CREATE INDEX events_open ON events (chain, block_number, log_index) WHERE ${isOpen}`,
      `CREATE TABLE event_marks (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        chain TEXT NOT NULL,
        from_block INTEGER NOT NULL,
        to_block INTEGER NOT NULL,
        marks BLOB NOT NULL
      )`,
      'CREATE INDEX event_marks_by_block ON event_marks (chain, to_block)',
      `CREATE TABLE listened_blocks (
        chain TEXT NOT NULL,
        number INTEGER NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (chain, number)
      )`,
      `CREATE TABLE checkpoints (
        chain TEXT PRIMARY KEY,
        chain_id INTEGER NOT NULL,
        number INTEGER NOT NULL,
        genesis TEXT
      )`,
      `CREATE TABLE backfills (
        chain TEXT PRIMARY KEY,
        next INTEGER NOT NULL,
        last INTEGER NOT NULL,
        hash TEXT,
        last_hash TEXT NOT NULL
      )`,
      `CREATE TABLE discoveries (
        chain TEXT NOT NULL,
        factory TEXT NOT NULL,
        address TEXT NOT NULL,
        block_number INTEGER NOT NULL,
        PRIMARY KEY (chain, factory, address)
      )`,
    ],
  },
  {
    id: 'stream/002-operating',
    statements: [
      ...['confirmed', 'safe', 'finalized', 'retracted', 'returned'].map(
        (state) => `ALTER TABLE events ADD COLUMN ${state}_at_ms INTEGER`,
      ),
      `CREATE TABLE listener_alarms (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        chain TEXT NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        acknowledged_by TEXT,
        acknowledged_at_ms INTEGER
      )`,
    ],
  },
  {
    id: 'stream/003-searched-factories',
    statements: [
      'CREATE TABLE searched_factories (chain TEXT NOT NULL, factory TEXT NOT NULL, PRIMARY KEY (chain, factory))',
    ],
  },
]

/** The event store, and what the listener does with it inside its transactions. */
export interface WritableEventStore extends EventStore {
  /** Whether one of these factories, by their keys, has made the contract of an event before it. */
  isMadeBy(session: SqlSession, event: StreamEvent, factories: readonly string[]): Promise<boolean>
  /** An event by its id, as a transaction sees it. */
  find(session: SqlSession, id: string): Promise<StoredEvent | undefined>
  /**
   * Inserts events of one chain, or brings retracted ones back in their new blocks.
   *
   * @returns those that were not there before, in their order
   * @throws AppError `stream/inconsistent` (later) where another event stands at the place of one
   */
  put(session: SqlSession, events: readonly StreamEvent[]): Promise<readonly StreamEvent[]>
  /** Events of the chain in these blocks that are not retracted, oldest first. */
  inBlocks(session: SqlSession, query: BlockRange): Promise<readonly StreamEvent[]>
  /** Retracts the events of the chain in these blocks. */
  retract(session: SqlSession, query: BlockRange, atMs: number): Promise<void>
  /** Stored events of the chain, whatever their state, in the order in which they were stored first; `last` goes on. */
  stored(session: SqlSession, query: StoredQuery): Promise<StoredEvents>
  /** The number of the event that was stored last; 0 where there is none. */
  lastStored(session: SqlSession): Promise<number>
  /** Events of the chain that may still go on and are in one of these states, up to a block, oldest first. */
  waiting(session: SqlSession, query: WaitingQuery): Promise<readonly StreamEvent[]>
  /** Gives them another state. */
  advance(session: SqlSession, query: Omit<WaitingQuery, 'page'>, reached: Reached): Promise<void>
  /** Tells listeners; to be called after the commit. One that throws does not keep it from the others. */
  tell(events: readonly StreamEvent[]): void
}

/** Blocks of a chain. */
export interface BlockRange {
  readonly chain: string
  readonly from: number
  readonly to: number
}

/** Events behind a number of the order in which they were stored; 0 is before the first. */
export interface StoredQuery {
  readonly chain: string
  readonly after: number
  readonly limit: number
}

/** Some stored events, and the number of the last of them. */
export interface StoredEvents {
  readonly events: readonly StreamEvent[]
  readonly last: number
}

/** A later state, and when it was reached. */
export interface Reached {
  readonly state: 'confirmed' | 'safe' | 'finalized'
  readonly atMs: number
}

/** Which events wait for a later state. */
export interface WaitingQuery {
  readonly chain: string
  readonly states: readonly EventState[]
  readonly upTo: number
  /** The most, and behind which event. */
  readonly page: {
    readonly limit: number
    readonly after?: Pick<StreamEvent, 'blockNumber' | 'logIndex'> | undefined
  }
}

/** Rows as events are read from. */
const selected = `SELECT seq, id, chain, address, args, state, block_number, block_hash, log_index, block_time_ms,
  seen_at_ms, confirmed_at_ms, safe_at_ms, finalized_at_ms, retracted_at_ms, returned_at_ms,
  chain_id, type, name, signature, arguments
  FROM events JOIN event_kinds ON event_kinds.kind = events.kind`

/** An event store over a database with `streamMigrations`. */
export function createEventStore(sql: SqlStore): WritableEventStore {
  const listeners = new Set<(event: StreamEvent) => void>()
  return {
    get: (id) => find(sql, id),
    list: ({ name, ...query }) =>
      sequencePage(sql, {
        ...query,
        select: `${selected} WHERE ${name === undefined ? '1 = 1' : 'name = ?'}`,
        values: name === undefined ? [] : [name],
        read: storedOf,
      }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    put: putEvents,
    async inBlocks(session, { chain, from, to }) {
      const rows = await session.all(
        `${selected} WHERE chain = ? AND block_number BETWEEN ? AND ? AND state <> 'retracted'
          ORDER BY block_number, log_index`,
        ...[chain, from, to],
      )
      return rows.map(eventOf)
    },
    async retract(session, { chain, from, to }, atMs) {
      await session.run(
        `UPDATE events SET state = 'retracted', retracted_at_ms = ? WHERE chain = ? AND block_number BETWEEN ? AND ?
          AND state <> 'retracted'`,
        ...[atMs, chain, from, to],
      )
    },
    async waiting(session, { chain, states, upTo, page: { limit, after } }) {
      const { blockNumber, logIndex } = after ?? { blockNumber: -1, logIndex: -1 }
      const rows = await session.all(
        `${selected} WHERE chain = ? AND ${isOpen} AND state IN (${marks(states)}) AND block_number <= ?
          AND (block_number, log_index) > (?, ?) ORDER BY block_number, log_index LIMIT ?`,
        ...[chain, ...states, upTo, blockNumber, logIndex, limit],
      )
      return rows.map(eventOf)
    },
    ...{ find, isMadeBy, stored, lastStored, advance },
    tell(events) {
      const failures: unknown[] = []
      for (const listener of listeners) {
        for (const event of events) {
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

async function find(sql: SqlSession, id: string): Promise<StoredEvent | undefined> {
  const row = await sql.get(`${selected} WHERE id = ? AND ${isLive}`, id)
  if (row) return storedOf(row)
  for await (const { chain, from, to } of findMarked(sql, id)) {
    const final = await sql.get(
      `${selected} WHERE chain = ? AND block_number BETWEEN ? AND ? AND state <> 'retracted' AND id = ?`,
      ...[chain, from, to, id],
    )
    if (final) return storedOf(final)
  }
  return undefined
}

async function isMadeBy(
  session: SqlSession,
  { chain, address, blockNumber }: StreamEvent,
  factories: readonly string[],
): Promise<boolean> {
  const row = await session.get(
    `SELECT address FROM discoveries WHERE chain = ? AND factory IN (${marks(factories)}) AND address = ?
      AND block_number <= ? LIMIT 1`,
    ...[chain, ...factories, address, blockNumber],
  )
  return row !== undefined
}

async function advance(
  session: SqlSession,
  { chain, states, upTo }: Omit<WaitingQuery, 'page'>,
  { state, atMs }: Reached,
): Promise<void> {
  const update = `UPDATE events SET state = ?, ${state}_at_ms = ? WHERE chain = ? AND ${isOpen}
    AND state IN (${marks(states)}) AND block_number <= ?`
  const values = [state, atMs, chain, ...states, upTo]
  if (state !== 'finalized') {
    await session.run(update, ...values)
    return
  }
  const final = await session.all(`${update} RETURNING id, block_number`, ...values)
  const marked = final.map((row) => ({ id: String(row.id), blockNumber: Number(row.block_number) }))
  await addMarks(session, chain, marked)
}

async function stored(
  session: SqlSession,
  { chain, after, limit }: StoredQuery,
): Promise<StoredEvents> {
  const rows = await session.all(
    `${selected} WHERE chain = ? AND seq > ? ORDER BY seq LIMIT ?`,
    ...[chain, after, limit],
  )
  return { events: rows.map(eventOf), last: Number(rows.at(-1)?.seq ?? after) }
}

async function lastStored(session: SqlSession): Promise<number> {
  return Number((await session.get('SELECT max(seq) AS last FROM events'))?.last ?? 0)
}

const marks = (values: readonly unknown[]) => values.map(() => '?').join(', ')

/** Columns of the times at which an event came further. */
const lifeColumns = {
  ...{ seen: 'seen_at_ms', confirmed: 'confirmed_at_ms', safe: 'safe_at_ms' },
  ...{ finalized: 'finalized_at_ms', retracted: 'retracted_at_ms', returned: 'returned_at_ms' },
} as const

function storedOf(row: SqlRow): StoredEvent {
  const life = Object.entries(lifeColumns)
    .filter(([, column]) => row[column] !== null)
    .map(([state, column]) => ({
      state: state as StoredEvent['life'][number]['state'],
      atMs: Number(row[column]),
    }))
  return { ...eventOf(row), life: life.sort((a, b) => a.atMs - b.atMs) }
}

function eventOf(row: SqlRow): StreamEvent {
  const id = String(row.id)
  const names = JSON.parse(String(row.arguments)) as readonly string[]
  const values = JSON.parse(String(row.args)) as readonly Json[]
  return {
    id,
    chain: String(row.chain),
    chainId: Number(row.chain_id),
    ...(row.type === usualType ? {} : { type: String(row.type) }),
    address: row.address as Hex,
    name: String(row.name),
    signature: String(row.signature),
    args: Object.fromEntries(names.map((name, at) => [name, values[at] as Json])),
    state: row.state as EventState,
    blockNumber: Number(row.block_number),
    blockHash: row.block_hash as Hex,
    transactionHash: id.split(':')[1] as Hex,
    logIndex: Number(row.log_index),
    blockTimeMs: Number(row.block_time_ms),
    seenAtMs: Number(row.seen_at_ms),
  }
}
