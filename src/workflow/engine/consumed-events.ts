/** Remembers which instance took which event of a chain, and takes back what followed from one that has left. */

import type { SqlRow, SqlSession } from '../../store/sql.ts'
import type { EventWish } from '../durable-context.ts'
import { subscribe } from './subscriptions.ts'

/** Why an instance is taken back to before an event that it took. */
const reason = 'an event that it took has left the chain'

/**
 * The event has left the chain: where it waits it is taken away, and instances that took it are to go back to before
 * that, also those that have completed. The inbox is open again from this transaction on.
 */
export async function retractConsumed(
  session: SqlSession,
  eventId: string,
  nowMs: number,
): Promise<void> {
  await session.run('DELETE FROM messages WHERE event_id = ?', eventId)
  const taken = await session.all(
    'SELECT instance_id, inbox, step FROM consumed_events WHERE event_id = ? AND has_left = 0',
    eventId,
  )
  for (const { instance_id: id = '', inbox = '', step = '' } of taken) {
    const goesBack = await goBack(session, String(id), nowMs)
    const isReopened = goesBack && (await reopen(session, String(id), String(inbox)))
    await session.run(
      'UPDATE consumed_events SET has_left = 1, reopened = ? WHERE instance_id = ? AND step = ?',
      ...[isReopened ? 1 : 0, id, step],
    )
  }
}

/** Tells an instance to go back to before the first event that it took and that has left; whether it can. */
export async function goBack(session: SqlSession, id: string, nowMs: number): Promise<boolean> {
  const changed = await session.run(
    `UPDATE instances SET interrupt = 'rewound', reason = ?, nudge = nudge + 1, wake_at_ms = ? WHERE id = ?
      AND (interrupt IS NULL OR interrupt = 'rewound') AND status IN ('running', 'waiting', 'paused', 'compensating', 'completed')`,
    ...[reason, nowMs, id],
  )
  return changed === 1
}

/** The event is there again: an instance that has not yet begun to go back stays where it is. */
export async function restoreConsumed(
  session: SqlSession,
  eventId: string,
  nowMs: number,
): Promise<void> {
  const left = await session.all(
    'SELECT instance_id, inbox, step, reopened FROM consumed_events WHERE event_id = ? AND has_left = 1',
    eventId,
  )
  for (const { instance_id: id = '', inbox = '', step = '', reopened } of left) {
    const row = await session.get('SELECT status FROM instances WHERE id = ? FOR UPDATE', id)
    if (row === undefined || row.status === 'compensating') continue
    const mark = 'UPDATE consumed_events SET has_left = 0, reopened = 0 WHERE instance_id = ?'
    await session.run(`${mark} AND step = ?`, id, step)
    const others = await session.all(
      'SELECT inbox FROM consumed_events WHERE instance_id = ? AND has_left = 1',
      id,
    )
    if (reopened === 1 && !others.some((one) => one.inbox === inbox)) {
      await closeInbox(session, String(id), String(inbox))
    }
    if (others.length > 0) continue
    await session.run(
      `UPDATE instances SET interrupt = NULL, reason = NULL, nudge = nudge + 1,
        wake_at_ms = CASE WHEN status IN ('running', 'waiting') THEN CAST(? AS INTEGER) ELSE NULL END
        WHERE id = ? AND interrupt = 'rewound'`,
      ...[nowMs, id],
    )
  }
}

/** Whether an instance has taken this event already, and keeps it. */
export async function hasTaken(
  session: SqlSession,
  eventId: string,
  { id, inbox }: { readonly id: string; readonly inbox: string },
): Promise<boolean> {
  const row = await session.get(
    'SELECT step FROM consumed_events WHERE event_id = ? AND instance_id = ? AND inbox = ? AND has_left = 0',
    ...[eventId, id, inbox],
  )
  return row !== undefined
}

/** Place in the journal of the first event that was taken and has left; `undefined` where none has. */
export async function firstLeft(session: SqlSession, id: string): Promise<number | undefined> {
  const row = await session.get(
    `SELECT min(journal.seq) AS seq FROM consumed_events JOIN journal ON journal.instance_id = consumed_events.instance_id
      AND journal.step = consumed_events.step AND journal.dropped = 0
      WHERE consumed_events.instance_id = ? AND has_left = 1`,
    id,
  )
  return row?.seq === null || row?.seq === undefined ? undefined : Number(row.seq)
}

/**
 * Sets aside the journal of an instance from the first event on that has left. Other events that were taken since lie in
 * their inboxes again, and children that were started since are cancelled.
 */
export async function rewind(session: SqlSession, id: string, nowMs: number): Promise<void> {
  const first = await firstLeft(session, id)
  if (first !== undefined) {
    const lines = await session.all(
      'SELECT seq, step, kind, action, input, output FROM journal WHERE instance_id = ? AND seq >= ? AND dropped = 0 ORDER BY seq',
      ...[id, first],
    )
    await session.run(
      'UPDATE journal SET dropped = 1 WHERE instance_id = ? AND seq >= ?',
      id,
      first,
    )
    for (const line of lines) await takeBack(session, id, { line, nowMs })
  }
  const open = await session.all(
    'SELECT DISTINCT inbox FROM consumed_events WHERE instance_id = ? AND has_left = 1',
    id,
  )
  for (const { inbox } of open) await reopen(session, id, String(inbox))
  await session.run('DELETE FROM consumed_events WHERE instance_id = ? AND has_left = 1', id)
}

async function takeBack(
  session: SqlSession,
  id: string,
  { line, nowMs }: { readonly line: SqlRow; readonly nowMs: number },
): Promise<void> {
  const { action, step = '', output } = line
  if (line.kind !== 'completed') return
  if (action === 'event') await putBack(session, id, line)
  if (action === 'listen') await closeInbox(session, id, String(step))
  if (action !== 'child') return
  const child = JSON.parse(String(output)) as unknown
  await session.run(
    `UPDATE instances SET interrupt = 'cancelled', reason = ?, nudge = nudge + 1, wake_at_ms = ?
      WHERE id = ? AND interrupt IS NULL AND status IN ('running', 'waiting', 'paused')`,
    ...[reason, nowMs, typeof child === 'string' ? child : ''],
  )
}

/** An event that is still there waits again in the inbox that it was taken from. */
async function putBack(session: SqlSession, id: string, line: SqlRow): Promise<void> {
  const { inbox, eventId, isChain } = JSON.parse(String(line.input)) as TakenEvent
  const where = [id, String(line.step ?? '')]
  const row = await session.get(
    'SELECT has_left FROM consumed_events WHERE instance_id = ? AND step = ?',
    ...where,
  )
  if (row?.has_left === 1) return
  await session.run('DELETE FROM consumed_events WHERE instance_id = ? AND step = ?', ...where)
  await session.run(
    `INSERT INTO messages (instance_id, inbox, event_id, event, is_chain) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (instance_id, inbox, event_id) DO UPDATE SET event = excluded.event`,
    ...[id, inbox, eventId, String(line.output), isChain ? 1 : 0],
  )
  await reopen(session, id, inbox)
}

/** What a journal's line of a taken event has as its input. */
export interface TakenEvent {
  readonly inbox: string
  readonly eventId: string
  readonly isChain: boolean
}

/** Opens an inbox again by what its line says; whether it was closed. */
async function reopen(session: SqlSession, id: string, inbox: string): Promise<boolean> {
  const open = await session.get(
    'SELECT seq FROM subscriptions WHERE instance_id = ? AND inbox = ? LIMIT 1',
    ...[id, inbox],
  )
  if (open !== undefined) return false
  const line = await session.get(
    'SELECT input FROM journal WHERE instance_id = ? AND step = ? AND dropped = 0',
    ...[id, inbox],
  )
  if (line === undefined) return false
  for (const wish of JSON.parse(String(line.input)) as readonly EventWish[]) {
    const { sql, values } = subscribe(id, inbox, wish)
    await session.run(sql, ...values)
  }
  return true
}

async function closeInbox(session: SqlSession, id: string, inbox: string): Promise<void> {
  for (const table of ['subscriptions', 'messages']) {
    await session.run(`DELETE FROM ${table} WHERE instance_id = ? AND inbox = ?`, id, inbox)
  }
}
