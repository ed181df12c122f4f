/** What people do to instances: cancel, pause, resume, retry. */

import { AppError } from '../../base/app-error.ts'
import type { SqlSession, SqlValue } from '../../store/sql.ts'
import { keptReason } from '../kept-json.ts'
import { dropUndone } from './intake.ts'

/** @throws AppError `workflow/no-instance`, `workflow/wrong-status` */
export async function cancelInstance(
  sql: SqlSession,
  id: string,
  { reason, nowMs }: { reason: string; nowMs: number },
): Promise<void> {
  await change(sql, id, {
    what: 'cancelled',
    set: `interrupt = 'cancelled', reason = ?, wake_at_ms = ?`,
    values: [keptReason(reason), nowMs],
    where: `interrupt IS NULL AND status IN ('running', 'waiting', 'paused')`,
  })
}

/**
 * What is under way ends, and its result is kept where the worker that has it is told to pause it; of another one, nothing
 * is taken any more: it asks again by the same key once the instance goes on.
 */
export async function pauseInstance(
  sql: SqlSession,
  id: string,
  owner: number | null,
): Promise<void> {
  await change(sql, id, {
    what: 'paused',
    set: `status = 'paused', wake_at_ms = NULL, owner = CASE WHEN owner = CAST(? AS BIGINT) THEN owner ELSE NULL END`,
    values: [owner],
    where: `interrupt IS NULL AND status IN ('running', 'waiting')`,
  })
}

/** Lets a paused instance go on. */
export async function resumeInstance(sql: SqlSession, id: string, nowMs: number): Promise<void> {
  await change(sql, id, {
    ...{
      what: 'resumed',
      set: `status = 'running', wake_at_ms = ?, owner = NULL`,
      values: [nowMs],
    },
    where: `status = 'paused'`,
  })
}

/** Sets aside the journal from a step on, with what has been undone, and lets the instance go on; within a transaction. */
export async function retryInstance(
  session: SqlSession,
  id: string,
  { fromStep, nowMs }: { fromStep: string | undefined; nowMs: number },
): Promise<void> {
  await dropFrom(session, id, fromStep)
  await dropUndone(session, id, nowMs)
  await change(session, id, {
    what: 'retried',
    set: `status = 'running', interrupt = NULL, compensated = 0, error = NULL, reason = NULL, output = NULL, owner = NULL,
      wake_at_ms = ?`,
    values: [nowMs],
    where: `status IN ('failed', 'cancelled', 'completed')`,
  })
}

async function dropFrom(
  session: SqlSession,
  id: string,
  fromStep: string | undefined,
): Promise<void> {
  if (fromStep === undefined) return
  const first = await session.get(
    `SELECT min(seq) AS seq FROM journal WHERE instance_id = ? AND dropped = 0 AND (step = ? OR substr(step, 1, ?) IN (?, ?))`,
    ...[id, fromStep, fromStep.length + 1, `${fromStep}/`, `${fromStep}#`],
  )
  if (first?.seq === null || first?.seq === undefined) {
    const message = `the journal of instance "${id}" has no step "${fromStep}"`
    throw new AppError({ code: 'workflow/no-step', message })
  }
  await session.run(
    'UPDATE journal SET dropped = 1 WHERE instance_id = ? AND seq >= ?',
    ...[id, first.seq],
  )
}

async function change(
  sql: SqlSession,
  id: string,
  {
    what,
    set,
    values,
    where,
  }: { what: string; set: string; values: readonly SqlValue[]; where: string },
): Promise<void> {
  const changed = await sql.run(
    `UPDATE instances SET ${set}, nudge = nudge + 1 WHERE id = ? AND ${where}`,
    ...[...values, id],
  )
  if (changed === 1) return
  const row = await sql.get('SELECT status FROM instances WHERE id = ?', id)
  if (row === undefined) throw noInstance(id)
  const message = `instance "${id}" is ${row.status} and cannot be ${what}`
  throw new AppError({ code: 'workflow/wrong-status', message })
}

/** The error for an id that nobody knows. */
export function noInstance(id: string): AppError {
  return new AppError({ code: 'workflow/no-instance', message: `there is no instance "${id}"` })
}
