/** Stores events and tells of their changes. */

import { createHash, hash } from 'node:crypto'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { bulkInsert } from '../store/bulk-insert.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { Migration, SqlRow, SqlSession, SqlStore, SqlValue } from '../store/sql.ts'
import type { EventState, EventStore, StoredEvent, StreamEvent } from './stream.ts'

/** Events that may still go on; an index holds these only. */
const isOpen = "state IN ('pending', 'confirmed', 'safe')"

/**
 * Tables of this room. What all events of one signature share stands once, in `event_kinds`; `key` is a digest of the id,
 * a third as long in its index.
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
        key TEXT NOT NULL UNIQUE,
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
      'CREATE INDEX events_by_block ON events (chain, block_number)',
      `CREATE INDEX events_open ON events (chain, block_number, log_index) WHERE ${isOpen}`,
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
]

/** The event store, and what the listener does with it inside its transactions. */
export interface WritableEventStore extends EventStore {
  /**
   * Inserts events, or brings retracted ones back in their new blocks.
   *
   * @returns those that were not there before, in their order
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
    async get(id) {
      const row = await sql.get(`${selected} WHERE key = ?`, keyOf(id))
      return row && storedOf(row)
    },
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
    put,
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
    ...{ stored, lastStored },
    async advance(session, { chain, states, upTo }, { state, atMs }) {
      await session.run(
        `UPDATE events SET state = ?, ${state}_at_ms = ? WHERE chain = ? AND ${isOpen} AND state IN (${marks(states)})
          AND block_number <= ?`,
        ...[state, atMs, chain, ...states, upTo],
      )
    },
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

async function put(
  session: SqlSession,
  events: readonly StreamEvent[],
): Promise<readonly StreamEvent[]> {
  if (events.length === 0) return []
  const kinds = new Map<number, readonly SqlValue[]>()
  const rows = events.map((event) => {
    const { id, chain, address, args, state, blockNumber, blockHash } = event
    const kind = kindOf(event)
    if (!kinds.has(kind)) kinds.set(kind, kindRow(kind, event))
    return [
      ...[keyOf(id), id, chain, kind, address, JSON.stringify(Object.values(args)), state],
      ...[blockNumber, blockHash, event.logIndex, event.blockTimeMs, event.seenAtMs],
    ]
  })
  await bulkInsert(session, {
    into: 'INSERT INTO event_kinds (kind, chain_id, type, name, signature, arguments)',
    after: 'ON CONFLICT (kind) DO NOTHING',
    rows: [...kinds.values()],
  })
  const insert = {
    into: `INSERT INTO events (key, id, chain, kind, address, args, state, block_number, block_hash, log_index,
      block_time_ms, seen_at_ms)`,
    after: `ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, args = excluded.args, state = excluded.state,
      block_number = excluded.block_number, block_hash = excluded.block_hash, log_index = excluded.log_index,
      block_time_ms = excluded.block_time_ms, returned_at_ms = excluded.seen_at_ms, confirmed_at_ms = NULL,
      safe_at_ms = NULL, finalized_at_ms = NULL WHERE events.state = 'retracted'`,
    rows,
  }
  // Nearly always all are new; to ask each time which ones were would cost a quarter more.
  await session.run('SAVEPOINT events')
  const { changes } = await bulkInsert(session, insert)
  if (changes === events.length) {
    await session.run('RELEASE SAVEPOINT events')
    return events
  }
  await session.run('ROLLBACK TO SAVEPOINT events')
  await session.run('RELEASE SAVEPOINT events')
  const { returned } = await bulkInsert(session, {
    ...{ ...insert, after: `${insert.after} RETURNING id` },
  })
  const ids = new Set(returned.map(({ id }) => id))
  return events.filter(({ id }) => ids.has(id))
}

/** 128 bits of a digest. */
const keyOf = (id: string) => hash('sha256', id, 'base64url').slice(0, 22)

const marks = (values: readonly unknown[]) => values.map(() => '?').join(', ')

/** The type that goes without saying. */
const usual = 'evm.log'

/** Kinds by what tells them apart. */
const known = new Map<string, number>()
/** Kinds that are remembered. */
const maxKnown = 10_000

/** The number of a kind is made of what it holds: 48 bits, so that nobody has to ask for it. */
function kindOf({ chainId, type = usual, signature, args }: StreamEvent): number {
  const text = `${chainId} ${type} ${signature} ${Object.keys(args).join(' ')}`
  const before = known.get(text)
  if (before !== undefined) return before
  const kind = createHash('sha256').update(text).digest().readUIntBE(0, 6)
  if (known.size >= maxKnown) known.clear()
  known.set(text, kind)
  return kind
}

function kindRow(kind: number, { chainId, type = usual, name, signature, args }: StreamEvent) {
  return [kind, chainId, type, name, signature, JSON.stringify(Object.keys(args))]
}

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
    ...(row.type === usual ? {} : { type: String(row.type) }),
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
