/** Starts and cancels instances in the SQL transaction of whoever stores the event. */

import { createHash } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { SqlSession } from '../store/sql.ts'
import type { NotedLine } from './announcements.ts'
import type { CompiledWorkflow } from './definition.ts'
import { addEntry, openInstancesOf } from './instance-store.ts'
import { keptJson, keptReason } from './kept-json.ts'

/** An event as workflows take it. */
export interface IncomingEvent {
  readonly id: string
  readonly name: string
  readonly data: Json
}

/** An instance that was written, and its line if it has one already. */
export interface Started {
  readonly id: string
  readonly line: NotedLine | undefined
}

/**
 * Writes the instance of a workflow for an event, or takes up the one that was cancelled; nothing if there is one
 * that was not. An event that cannot be kept fails its instance: refusing it would hold up those after it.
 */
export async function startInstance(
  session: SqlSession,
  { deployed, first }: CompiledWorkflow,
  { event, nowMs }: { readonly event: IncomingEvent; readonly nowMs: number },
): Promise<Started | undefined> {
  const { text, problem } = inputOf(event)
  const id = createHash('sha256').update(`${deployed.name}\n${event.id}`).digest('hex').slice(0, 32)
  const status = problem === undefined ? 'running' : 'failed'
  const written = await session.run(
    `INSERT INTO instances (id, workflow, definition_hash, status, step, reason, event_id, input, wake_at_ms,
      created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (workflow, event_id) DO UPDATE SET status = 'running', reason = NULL, wake_at_ms = excluded.wake_at_ms,
      updated_at_ms = excluded.updated_at_ms WHERE instances.status = 'cancelled'`,
    ...[id, deployed.name, deployed.hash, status, first, problem ?? null],
    ...[event.id, text, nowMs, nowMs, nowMs],
  )
  if (written === 0) return undefined
  // One that was taken up again keeps the data it began with, and runs.
  if (problem === undefined || !(await isFailed(session, id))) return { id, line: undefined }
  const { seq } = await addEntry(session, id, {
    ...{ step: first, kind: 'failed', attempt: 1, atMs: nowMs },
    ...{ input: undefined, output: undefined, error: problem },
  })
  return { id, line: { id, seq, kind: 'failed' } }
}

/** Cancels the unfinished instances of an event, and gives the lines that say so. */
export async function cancelInstances(
  session: SqlSession,
  eventId: string,
  { reason, nowMs }: { readonly reason: string; readonly nowMs: number },
): Promise<readonly NotedLine[]> {
  const error = keptReason(reason)
  const lines: NotedLine[] = []
  for (const { id, step, attempts } of await openInstancesOf(session, eventId)) {
    await session.run(
      `UPDATE instances SET status = 'cancelled', reason = ?, updated_at_ms = ? WHERE id = ?`,
      ...[error, nowMs, id],
    )
    const { seq } = await addEntry(session, id, {
      ...{ step, kind: 'cancelled', attempt: attempts + 1, atMs: nowMs },
      ...{ input: undefined, output: undefined, error },
    })
    lines.push({ id, seq, kind: 'cancelled' })
  }
  return lines
}

function inputOf({ id, data }: IncomingEvent): { text: string; problem: string | undefined } {
  try {
    return { text: keptJson(data, `the data of event ${id}`), problem: undefined }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { text: 'null', problem: keptReason(error) }
  }
}

async function isFailed(session: SqlSession, id: string): Promise<boolean> {
  const row = await session.get('SELECT status FROM instances WHERE id = ?', id)
  return row?.status === 'failed'
}
