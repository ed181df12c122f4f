/** Keeps the events that begin an instance together: until all are there, and afterwards, since each of them can leave. */

import { bulkSelect } from '../../store/bulk-select.ts'
import type { SqlRow, SqlSession, SqlWrite } from '../../store/sql.ts'
import type { CloudEvent } from '../durable-context.ts'

/** An event for one or more places of a set. */
export interface SetEvent {
  readonly eventId: string
  readonly text: string
  /** Index of its life; `undefined` for one that is of no chain and cannot leave. */
  readonly life: number | undefined
}

/** Events that wait for one place of a set, while another place has none. */
export const maxWaiting = 10_000

/** Lets no other transaction look for sets of a definition until this one ends: two that come at once see each other. */
export async function lockSets(session: SqlSession, hash: string): Promise<void> {
  await session.get('SELECT hash FROM definitions WHERE hash = ? FOR UPDATE', hash)
}

/** Keeps an event for the places that it fits; where it is kept already nothing changes. @returns whether one had room */
export async function keepForSet(
  session: SqlSession,
  { eventId, text, life }: SetEvent,
  { hash, places }: { readonly hash: string; readonly places: readonly number[] },
): Promise<boolean> {
  let isKept = false
  for (const place of places) {
    if (await isFull(session, { hash, place, eventId })) continue
    isKept = true
    await session.run(
      `INSERT INTO trigger_events (definition_hash, wish, event_id, event, life) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (definition_hash, wish, event_id) DO NOTHING`,
      ...[hash, place, eventId, text, life ?? null],
    )
  }
  return isKept
}

/** Whether there is no room for an event that is not kept yet. */
async function isFull(
  session: SqlSession,
  {
    hash,
    place,
    eventId,
  }: { readonly hash: string; readonly place: number; readonly eventId: string },
): Promise<boolean> {
  const free = 'FROM trigger_events WHERE definition_hash = ? AND wish = ? AND is_free = 1'
  const ends = `SELECT (SELECT seq ${free} ORDER BY seq LIMIT 1) AS first, (SELECT seq ${free} ORDER BY seq DESC LIMIT 1) AS last`
  const values = [hash, place]
  const { first, last } = (await session.get(ends, ...values, ...values)) ?? {}
  // They are numbered in turn: most often their numbers alone say that there are fewer.
  if (Number(last ?? 0) - Number(first ?? 0) + 1 < maxWaiting) return false
  const full = `SELECT seq ${free} ORDER BY seq LIMIT 1 OFFSET ${maxWaiting - 1}`
  if ((await session.get(full, ...values)) === undefined) return false
  const own =
    'SELECT seq FROM trigger_events WHERE definition_hash = ? AND wish = ? AND event_id = ?'
  return (await session.get(own, hash, place, eventId)) === undefined
}

/** The instance of a workflow that an event was part of the beginning of, whichever version of it, if the event has left. */
export async function leftSetOf(
  session: SqlSession,
  eventId: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<string | undefined> {
  const row = await session.get(
    `SELECT instance_id FROM trigger_events JOIN instances ON instances.id = trigger_events.instance_id
      WHERE trigger_events.event_id = ? AND has_left = 1 AND namespace = ? AND workflow = ? LIMIT 1`,
    ...[eventId, namespace, name],
  )
  return row && String(row.instance_id)
}

/** An event is there again: the least life of all that began the instance, if none of the others is away. */
export async function returnToSet(
  session: SqlSession,
  id: string,
  { eventId, life }: Pick<SetEvent, 'eventId' | 'life'>,
): Promise<number | undefined> {
  const row = await session.get('SELECT status FROM instances WHERE id = ? FOR UPDATE', id)
  await session.run(
    'UPDATE trigger_events SET has_left = 0, life = ? WHERE instance_id = ? AND event_id = ?',
    ...[life ?? null, id, eventId],
  )
  const away = 'SELECT seq FROM trigger_events WHERE instance_id = ? AND has_left = 1 LIMIT 1'
  if ((await session.get(away, id)) === undefined) {
    await session.run('UPDATE trigger_events SET is_free = 0 WHERE instance_id = ?', id)
    return leastLife(session, id)
  }
  if (row?.status === 'retracted') {
    await session.run(
      'UPDATE trigger_events SET is_free = 1 WHERE instance_id = ? AND event_id = ?',
      ...[id, eventId],
    )
  }
  return undefined
}

async function leastLife(session: SqlSession, id: string): Promise<number | undefined> {
  const least = 'SELECT min(life) AS life FROM trigger_events WHERE instance_id = ?'
  const life = (await session.get(least, id))?.life ?? undefined
  return life === undefined ? undefined : Number(life)
}

/** A set that is whole. */
export interface TriggerSet {
  readonly rows: readonly SqlRow[]
  readonly events: readonly CloudEvent[]
  readonly eventIds: readonly string[]
  /** The one that came last. */
  readonly last: { readonly event: CloudEvent; readonly eventId: string; readonly isChain: boolean }
  /** The least life of its events; `undefined` where none is of a chain. */
  readonly life: number | undefined
}

/** The oldest event for each place; `undefined` while there is a place without one. */
export async function wholeSet(
  session: SqlSession,
  hash: string,
  places: number,
): Promise<TriggerSet | undefined> {
  const rows: SqlRow[] = []
  for (let place = 0; place < places; place += 1) {
    const row = await session.get(
      `SELECT seq, event_id, event, life, instance_id FROM trigger_events
        WHERE definition_hash = ? AND wish = ? AND is_free = 1 ORDER BY seq LIMIT 1`,
      ...[hash, place],
    )
    if (row === undefined) return undefined
    rows.push(row)
  }
  const lives = rows.flatMap(({ life }) => (life === null ? [] : [Number(life)]))
  const events = rows.map(({ event }) => JSON.parse(String(event)) as CloudEvent)
  const newest = rows.reduce((last, row) => (Number(row.seq) > Number(last.seq) ? row : last))
  return {
    ...{ rows, events, eventIds: rows.map((row) => String(row.event_id)) },
    last: {
      event: events[rows.indexOf(newest)] as CloudEvent,
      ...{ eventId: String(newest.event_id), isChain: newest.life !== null },
    },
    life: lives.length === 0 ? undefined : Math.min(...lives),
  }
}

/** The events of a set belong to an instance from now on; one that was undone and that they began before has lost them. */
export async function bindSet(session: SqlSession, id: string, set: TriggerSet): Promise<void> {
  for (const { seq = 0, instance_id: before } of set.rows) {
    if (before !== null && before !== id) await dissolve(session, String(before))
    await session.run(
      'UPDATE trigger_events SET instance_id = ?, is_free = 0 WHERE seq = ?',
      ...[id, seq],
    )
  }
}

/** The others wait for a new set; those that have left come as new ones if they come back. */
async function dissolve(session: SqlSession, id: string): Promise<void> {
  await session.run('DELETE FROM trigger_events WHERE instance_id = ? AND has_left = 1', id)
  await session.run('UPDATE trigger_events SET instance_id = NULL WHERE instance_id = ?', id)
}

/** The event has left: it waits no more; gives the instances that it was part of the beginning of. */
export async function leaveSets(session: SqlSession, eventId: string): Promise<readonly string[]> {
  const kept = await session.all(
    'SELECT DISTINCT definition_hash AS hash FROM trigger_events WHERE event_id = ? ORDER BY hash',
    eventId,
  )
  if (kept.length === 0) return []
  for (const { hash } of kept) await lockSets(session, String(hash))
  await session.run(
    'DELETE FROM trigger_events WHERE event_id = ? AND instance_id IS NULL',
    eventId,
  )
  const rows = await session.all(
    'UPDATE trigger_events SET has_left = 1, is_free = 0 WHERE event_id = ? RETURNING instance_id',
    eventId,
  )
  return [...new Set(rows.map((row) => String(row.instance_id)))]
}

/** Written with the end of an instance that was undone: what stayed of its events can begin another one. */
export function freeing(id: string): SqlWrite {
  const sql = 'UPDATE trigger_events SET is_free = 1 WHERE instance_id = ? AND has_left = 0'
  return { sql, values: [id] }
}

/** Whether an instance has events in `trigger_events`; its own event alone says nothing of how far it may go. */
export const isOfSet =
  'EXISTS (SELECT 1 FROM trigger_events WHERE trigger_events.instance_id = instances.id)'

/**
 * Events have come further: notes it.
 *
 * @returns instances that they were part of the beginning of, with the least life of their events
 */
export async function advanceSets(
  session: SqlSession,
  eventIds: readonly string[],
  life: number,
): Promise<readonly { readonly id: string; readonly life: number }[]> {
  const rows = await bulkSelect(session, {
    query: (marks) =>
      `UPDATE trigger_events SET life = CAST(? AS INTEGER) WHERE life < ? AND event_id IN (${marks}) RETURNING instance_id`,
    ...{ before: [life, life], values: eventIds },
  })
  const told: { id: string; life: number }[] = []
  for (const id of new Set(rows.flatMap((row) => row.instance_id ?? []).map(String))) {
    // Two that go on at once wait for each other, so that whoever is last sees both.
    await session.get('SELECT id FROM instances WHERE id = ? FOR UPDATE', id)
    told.push({ id, life: (await leastLife(session, id)) ?? life })
  }
  return told
}
