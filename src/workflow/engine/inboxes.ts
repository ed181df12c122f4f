/** Keeps durable inboxes: what an instance listens to, and the events that have come for it. */

import type { Json } from '../../base/json-rpc.ts'
import type { SqlSession, SqlWrite } from '../../store/sql.ts'
import type { CloudEvent, EventWish, Inbox } from '../durable-context.ts'
import { keptJson } from '../kept-json.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type Evaluate, matches } from './event-match.ts'
import type { LiveRun } from './run-environment.ts'
import type { Scope } from './scope.ts'

/** Events that wait in one inbox; the next one fails whoever reads it. */
const maxMessages = 10_000
/** Stands where an inbox was full. */
const fullMark = '#full'

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
        along: wishes.map((wish) => subscription(run.id, key, wish)),
      },
    )
    await run.busy(() => run.flush())
  }
  const taken = new Set<number>()
  return {
    next: (step) => nextOf(run, scope, { step, inbox: key, taken }),
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

/** Events of one kind for one value are found by index, however many instances listen. */
function subscription(instanceId: string, inbox: string, wish: EventWish): SqlWrite {
  const { type = '', source = '' } = wish.attributes
  const [first] = wish.correlate ?? []
  const expected = first === undefined ? '' : JSON.stringify(first.expect)
  return {
    sql: `INSERT INTO subscriptions (instance_id, inbox, type, source, correlation, expected, wish)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
    values: [instanceId, inbox, type, source, first?.from ?? '', expected, JSON.stringify(wish)],
  }
}

async function nextOf(
  run: LiveRun,
  scope: Scope,
  { step, inbox, taken }: { step: string; inbox: string; taken: Set<number> },
): Promise<CloudEvent> {
  const known = run.journal.get(step)
  if (known !== undefined) return known.output as CloudEvent
  await run.admit(scope)
  let found: { readonly seq: number; readonly text: string } | undefined
  const look = async () => {
    const rows = await run.with.sql.all(
      `SELECT seq, event_id, event FROM messages WHERE instance_id = ? AND inbox = ? AND event IS NOT NULL
        ORDER BY seq LIMIT ?`,
      ...[run.id, inbox, taken.size + 1],
    )
    const row = rows.find(({ seq }) => !taken.has(Number(seq)))
    if (row?.event_id === fullMark) {
      const detail = `the inbox of ${step} was full: ${maxMessages} events waited in it`
      throw new WorkflowError({ type: 'runtime', title: 'Inbox full', detail })
    }
    if (row === undefined) return false
    taken.add(Number(row.seq))
    found = { seq: Number(row.seq), text: String(row.event) }
    return true
  }
  await run.wait({ scope, untilMs: undefined, step, reason: 'it waits for an event', look })
  const { seq, text } = found as unknown as { seq: number; text: string }
  const atMs = run.with.clock.nowMs()
  const output = JSON.parse(text) as CloudEvent
  run.line(
    { step, kind: 'completed', action: 'event', attempt: 1, startedAtMs: atMs, atMs, output: text },
    { output, along: [{ sql: 'UPDATE messages SET event = NULL WHERE seq = ?', values: [seq] }] },
  )
  return output
}

/** Puts an event into every inbox that it fits, in the caller's transaction; a second time it changes nothing. */
export async function deliverToInboxes(
  session: SqlSession,
  event: CloudEvent,
  { evaluate, nowMs }: { evaluate: Evaluate; nowMs: number },
): Promise<void> {
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
      await put(session, event, { id: String(row.instance_id), inbox: String(row.inbox), nowMs })
    }
  }
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
  { id, inbox, nowMs }: { id: string; inbox: string; nowMs: number },
): Promise<void> {
  const count = await session.get(
    'SELECT count(*) AS n FROM messages WHERE instance_id = ? AND inbox = ? AND event IS NOT NULL',
    ...[id, inbox],
  )
  const isFull = Number(count?.n ?? 0) >= maxMessages
  const eventId = isFull ? fullMark : `${event.source} ${event.id}`
  const added = await session.run(
    `INSERT INTO messages (instance_id, inbox, event_id, event) VALUES (?, ?, ?, ?)
      ON CONFLICT (instance_id, inbox, event_id) DO NOTHING`,
    ...[id, inbox, eventId, isFull ? 'null' : JSON.stringify(event)],
  )
  if (added === 0) return
  await session.run(
    `UPDATE instances SET nudge = nudge + 1, wake_at_ms = ? WHERE id = ? AND status IN ('running', 'waiting')`,
    ...[nowMs, id],
  )
}
