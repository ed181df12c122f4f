/** Stores events: each once, and a retracted one again in its new block. */

import { createHash } from 'node:crypto'
import { bulkInsert } from '../../store/bulk-insert.ts'
import { bulkSelect } from '../../store/bulk-select.ts'
import type { SqlSession, SqlValue } from '../../store/sql.ts'
import { inconsistent } from '../source.ts'
import type { StreamEvent } from '../stream.ts'
import { addMarks } from './final-marks.ts'

/** Events that may change in the course of things; the index by id holds these only. */
export const isLive = "state <> 'finalized'"

/** The type that goes without saying. */
export const usualType = 'evm.log'

/** Inserts events of one chain; see `WritableEventStore.put`. */
export async function putEvents(
  session: SqlSession,
  events: readonly StreamEvent[],
): Promise<readonly StreamEvent[]> {
  const [first] = events
  if (first === undefined) return []
  const fresh = (await putNew(session, events)) ?? (await putOneByOne(session, events))
  await addMarks(
    session,
    first.chain,
    fresh.filter(({ state }) => state === 'finalized'),
  )
  return fresh
}

/** Nearly always all are new: to look for each first would cost a quarter more. `undefined` where some are not. */
async function putNew(
  session: SqlSession,
  events: readonly StreamEvent[],
): Promise<readonly StreamEvent[] | undefined> {
  // One that comes back final meets no index of those that are not.
  if (events.some(({ state }) => state === 'finalized')) {
    const left = "SELECT seq FROM events WHERE chain = ? AND state = 'retracted' LIMIT 1"
    if (await session.get(left, events[0]?.chain ?? '')) return undefined
  }
  await session.run('SAVEPOINT events')
  const changes = await insert(session, events)
  if (changes !== events.length) await session.run('ROLLBACK TO SAVEPOINT events')
  await session.run('RELEASE SAVEPOINT events')
  return changes === events.length ? events : undefined
}

async function putOneByOne(
  session: SqlSession,
  events: readonly StreamEvent[],
): Promise<readonly StreamEvent[]> {
  const states = await statesOf(session, events)
  const places = await placesOf(session, events)
  const isFresh = (event: StreamEvent) => {
    const state = states.get(event.id)
    const there = places.get(placeOf(event.blockNumber, event.logIndex))
    if (there !== undefined && there !== event.id) throw contradiction(event, there)
    if (there !== undefined || (state !== undefined && state !== 'retracted')) return false
    // Of two that are the same the first counts.
    states.set(event.id, event.state)
    return true
  }
  const left = new Set([...states].filter(([, state]) => state === 'retracted').map(([id]) => id))
  const fresh = events.filter(isFresh)
  const back = fresh.filter(({ id }) => left.has(id))
  await putKinds(session, back, back.map(kindOf))
  for (const event of back) await bringBack(session, event)
  const unknown = fresh.filter(({ id }) => !left.has(id))
  const changes = await insert(session, unknown)
  if (changes === unknown.length) return fresh
  throw inconsistent(`events of chain ${events[0]?.chain} are stored twice at once`)
}

async function insert(session: SqlSession, events: readonly StreamEvent[]): Promise<number> {
  if (events.length === 0) return 0
  const kinds = events.map(kindOf)
  await putKinds(session, events, kinds)
  const { changes } = await bulkInsert(session, {
    into: `INSERT INTO events (id, chain, kind, address, args, state, block_number, block_hash, log_index,
      block_time_ms, seen_at_ms)`,
    after: 'ON CONFLICT DO NOTHING',
    rows: events.map((event, at) => [
      ...[event.id, event.chain, kinds[at] ?? 0, event.address, argsOf(event), event.state],
      ...[event.blockNumber, event.blockHash, event.logIndex, event.blockTimeMs, event.seenAtMs],
    ]),
  })
  return changes
}

async function bringBack(session: SqlSession, event: StreamEvent): Promise<void> {
  await session.run(
    `UPDATE events SET kind = ?, args = ?, state = ?, block_number = ?, block_hash = ?, log_index = ?, block_time_ms = ?,
      returned_at_ms = ?, confirmed_at_ms = NULL, safe_at_ms = NULL, finalized_at_ms = NULL
      WHERE id = ? AND ${isLive} AND state = 'retracted'`,
    ...[kindOf(event), argsOf(event), event.state, event.blockNumber, event.blockHash],
    ...[event.logIndex, event.blockTimeMs, event.seenAtMs, event.id],
  )
}

/** States of those that are stored and not final, by id. */
async function statesOf(
  session: SqlSession,
  events: readonly StreamEvent[],
): Promise<Map<string, string>> {
  const rows = await bulkSelect(session, {
    query: (marks) => `SELECT id, state FROM events WHERE ${isLive} AND id IN (${marks})`,
    values: events.map(({ id }) => id),
  })
  return new Map(rows.map(({ id, state }) => [String(id), String(state)]))
}

/** Ids of all that is stored in the blocks of events and did not leave, by place. */
async function placesOf(
  session: SqlSession,
  events: readonly StreamEvent[],
): Promise<ReadonlyMap<string, string>> {
  const blocks = [...new Set(events.map(({ blockNumber }) => blockNumber))]
  const rows = await bulkSelect(session, {
    query: (marks) =>
      `SELECT id, block_number, log_index FROM events WHERE chain = ? AND state <> 'retracted' AND block_number IN (${marks})`,
    before: [events[0]?.chain ?? ''],
    values: blocks,
  })
  return new Map(
    rows.map((row) => [placeOf(Number(row.block_number), Number(row.log_index)), String(row.id)]),
  )
}

const placeOf = (block: number, logIndex: number) => `${block}/${logIndex}`

function contradiction({ id, blockNumber, logIndex }: StreamEvent, there: string) {
  const place = `log ${logIndex} of block ${blockNumber}`
  return inconsistent(`${place} is event ${id} now, and is stored as ${there}`)
}

async function putKinds(
  session: SqlSession,
  events: readonly StreamEvent[],
  kinds: readonly number[],
): Promise<void> {
  const rows = new Map<number, readonly SqlValue[]>()
  for (const [at, kind] of kinds.entries()) {
    if (!rows.has(kind)) rows.set(kind, kindRow(kind, events[at] as StreamEvent))
  }
  await bulkInsert(session, {
    into: 'INSERT INTO event_kinds (kind, chain_id, type, name, signature, arguments)',
    after: 'ON CONFLICT (kind) DO NOTHING',
    rows: [...rows.values()],
  })
}

/** Kinds by what tells them apart. */
const known = new Map<string, number>()
/** Kinds that are remembered. */
const maxKnown = 10_000

/** The number of a kind is made of what it holds: 48 bits, so that nobody has to ask for it. */
function kindOf({ chainId, type = usualType, signature, args }: StreamEvent): number {
  const text = `${chainId} ${type} ${signature} ${Object.keys(args).join(' ')}`
  const before = known.get(text)
  if (before !== undefined) return before
  const kind = createHash('sha256').update(text).digest().readUIntBE(0, 6)
  if (known.size >= maxKnown) known.clear()
  known.set(text, kind)
  return kind
}

function kindRow(kind: number, { chainId, type = usualType, name, signature, args }: StreamEvent) {
  return [kind, chainId, type, name, signature, JSON.stringify(Object.keys(args))]
}

const argsOf = ({ args }: StreamEvent) => JSON.stringify(Object.values(args))
