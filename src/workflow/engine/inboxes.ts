/** Keeps durable inboxes: what an instance listens to, and the events that have come for it. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlRow, SqlSession } from '../../store/sql.ts'
import type { CloudEvent, EventWish, Inbox } from '../durable-context.ts'
import { keptJson, keptReason } from '../kept-json.ts'
import { WorkflowError } from '../workflow-error.ts'
import { hasTaken, type TakenEvent } from './consumed-events.ts'
import { type Evaluate, matches } from './event-match.ts'
import type { LiveRun } from './run-environment.ts'
import type { Scope } from './scope.ts'
import { subscribe } from './subscriptions.ts'

/** Events that wait in one inbox; the next one fails whoever reads it. */
const maxMessages = 10_000
/** Stand where an inbox was full, or an event too large to be kept. */
const [fullMark, largeMark] = ['#full', '#large']

/** Opens an inbox: from its commit on no event that fits is missed. */
export async function openInbox(
  run: LiveRun,
  scope: Scope,
  { key, wishes }: { key: string; wishes: readonly EventWish[] },
): Promise<Inbox> {
  run.listens = true
  if (run.journal.get(key) === undefined) {
    await run.admit(scope)
    const atMs = run.with.clock.nowMs()
    run.line(
      {
        ...{ step: key, kind: 'completed', action: 'listen', attempt: 1 },
        ...{
          startedAtMs: atMs,
          atMs,
          output: 'null',
          input: keptJson(wishes, `the events of ${key}`),
        },
      },
      {
        input: wishes as unknown as Json,
        output: null,
        along: wishes.map((wish) => subscribe(run.id, key, wish)),
      },
    )
    await run.busy(() => run.flush())
  }
  const reading = { inbox: key, taken: new Set<number>(), readers: 0 }
  return {
    next: (step) => nextOf(run, scope, { step, reading }),
    async close() {
      if (scope.reason !== undefined) return
      for (const table of ['subscriptions', 'messages']) {
        run.add({
          sql: `DELETE FROM ${table} WHERE instance_id = ? AND inbox = ?`,
          values: [run.id, key],
        })
      }
    },
  }
}

const message = 'seq, event_id, event, is_chain FROM messages WHERE instance_id = ? AND inbox = ?'

/** What a run has taken from an inbox, and how many of its branches wait for more. */
interface Reading {
  readonly inbox: string
  readonly taken: Set<number>
  readers: number
}

async function nextOf(
  run: LiveRun,
  scope: Scope,
  { step, reading }: { readonly step: string; readonly reading: Reading },
): Promise<CloudEvent> {
  const known = run.journal.get(step)
  if (known !== undefined) return known.output as CloudEvent
  await run.admit(scope)
  const { inbox, taken } = reading
  // That one was missed is told before what came earlier is read.
  const find = () =>
    run.with.sql.all(
      `SELECT ${message} AND event_id = '${fullMark}' UNION ALL
        SELECT * FROM (SELECT ${message} AND event IS NOT NULL ORDER BY seq LIMIT ?) AS waiting`,
      ...[run.id, inbox, run.id, inbox, taken.size + reading.readers],
    )
  const look = (_: unknown, __: number, rows: readonly SqlRow[]) => {
    const row = rows.find(({ seq }) => !taken.has(Number(seq)))
    if (row === undefined) return undefined
    throwMarked(row, step)
    taken.add(Number(row.seq))
    return row
  }
  reading.readers += 1
  try {
    const waiting = { scope, untilMs: undefined, step, reason: 'it waits for an event' }
    return journaled(run, await run.wait({ ...waiting, find, look }), { step, inbox })
  } finally {
    reading.readers -= 1
  }
}

/** An event is taken: the journal has it now, and what is of a chain is remembered in case it leaves. */
function journaled(
  run: LiveRun,
  { seq = 0, event, event_id, is_chain }: SqlRow,
  { step, inbox }: { step: string; inbox: string },
): CloudEvent {
  const atMs = run.with.clock.nowMs()
  const [text, eventId, isChain] = [String(event), String(event_id), is_chain === 1]
  const output = JSON.parse(text) as CloudEvent
  const from: TakenEvent = { inbox, eventId, isChain }
  // One that was taken away meanwhile is not there: the run looks again.
  const taking = 'UPDATE messages SET event = NULL WHERE seq = ? AND event IS NOT NULL'
  run.add({ sql: taking, values: [seq], changes: 1 })
  if (isChain) {
    const sql =
      'INSERT INTO consumed_events (event_id, instance_id, inbox, step) VALUES (?, ?, ?, ?)'
    run.add({ sql, values: [eventId, run.id, inbox, step] })
  }
  const at = { step, action: 'event', attempt: 1, startedAtMs: atMs, atMs }
  const input = from as unknown as Json
  run.line(
    { ...at, kind: 'completed', input: JSON.stringify(from), output: text },
    { input, output },
  )
  return output
}

/** @throws WorkflowError where an event could not be kept */
function throwMarked({ event_id: mark, event }: SqlRow, step: string): void {
  if (mark === fullMark) {
    const detail = `the inbox of ${step} was full: ${maxMessages} events waited in it, which is the limit; listen to fewer, or read them sooner`
    throw new WorkflowError({ type: 'runtime', title: 'Inbox full', detail })
  }
  if (mark !== largeMark) return
  const detail = String(JSON.parse(String(event)))
  throw new WorkflowError({ type: 'runtime', title: 'Event too large', detail })
}

/** An event on its way into inboxes. */
interface Delivery {
  /** What it is known by. */
  readonly eventId: string
  /** It can leave again. */
  readonly isChain: boolean
  readonly evaluate: Evaluate
  readonly nowMs: number
}

/**
 * Puts an event into every inbox that it fits, in the caller's transaction; a second time it changes nothing.
 *
 * @returns ids of the instances that listen to it
 */
export async function deliverToInboxes(
  session: SqlSession,
  event: CloudEvent,
  delivery: Delivery,
): Promise<readonly string[]> {
  const { evaluate } = delivery
  const listeners = new Set<string>()
  const kinds = await session.all(
    `SELECT DISTINCT type, source, correlation FROM subscriptions WHERE type IN (?, '') AND source IN (?, '')`,
    ...[event.type, event.source],
  )
  for (const { type, source, correlation } of kinds) {
    const expression = String(correlation)
    const value = expression === '' ? '' : textOf(evaluate, expression, event)
    if (value === undefined) continue
    const found = await session.all(
      `SELECT instance_id, inbox, wish FROM subscriptions WHERE type = ? AND source = ? AND correlation = ?
        AND expected = ? ORDER BY seq`,
      ...[String(type), String(source), expression, value],
    )
    for (const row of found) {
      const wish = JSON.parse(String(row.wish)) as EventWish
      if (!matches(wish, event, evaluate)) continue
      const to = { id: String(row.instance_id), inbox: String(row.inbox) }
      await put(session, event, { ...delivery, ...to })
      listeners.add(to.id)
    }
  }
  return [...listeners]
}

function textOf(evaluate: Evaluate, expression: string, event: CloudEvent): string | undefined {
  try {
    return JSON.stringify(evaluate(expression, event))
  } catch {
    return undefined
  }
}

async function put(
  session: SqlSession,
  event: CloudEvent,
  { id, inbox, eventId, isChain, nowMs }: Delivery & { id: string; inbox: string },
): Promise<void> {
  if (isChain && (await hasTaken(session, eventId, { id, inbox }))) return
  const count = await session.get(
    'SELECT count(*) AS n FROM messages WHERE instance_id = ? AND inbox = ? AND event IS NOT NULL',
    ...[id, inbox],
  )
  const isFull = Number(count?.n ?? 0) >= maxMessages
  const [knownBy, text] = isFull ? [fullMark, 'null'] : keptEvent(event, eventId)
  const added = await session.run(
    `INSERT INTO messages (instance_id, inbox, event_id, event, is_chain) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (instance_id, inbox, event_id) DO NOTHING`,
    ...[id, inbox, knownBy, text, isChain ? 1 : 0],
  )
  if (added === 0) return
  await session.run(
    `UPDATE instances SET nudge = nudge + 1, wake_at_ms = ? WHERE id = ? AND status IN ('running', 'waiting')`,
    ...[nowMs, id],
  )
}

/** The text of an event; of one that cannot be kept the reason, which fails whoever reads it. */
function keptEvent(event: CloudEvent, eventId: string): readonly [string, string] {
  try {
    return [eventId, keptJson(event, `the event ${event.id}`)]
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return [largeMark, JSON.stringify(keptReason(error))]
  }
}
