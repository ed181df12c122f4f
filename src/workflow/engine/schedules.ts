/** Starts instances by time: by cron, at an interval, or after the one before has ended. */

import { Cron } from 'croner'
import { AppError } from '../../base/app-error.ts'
import type { SqlSession, SqlStore, SqlWrite } from '../../store/sql.ts'
import type { RunnableWorkflow, Trigger } from '../durable-context.ts'
import { derivedId, startOne } from './intake.ts'

/** Firings of one look. */
const maxFirings = 100

function isScheduled({ cron, everyMs, afterMs }: Trigger): boolean {
  return cron !== undefined || everyMs !== undefined || afterMs !== undefined
}

/** When a workflow fires next after a time; cron expressions are in UTC. @throws AppError `workflow/bad-definition` */
function nextFiring({ cron, everyMs, afterMs }: Trigger, nowMs: number): number | undefined {
  if (everyMs !== undefined) return nowMs + Math.max(1, everyMs)
  if (afterMs !== undefined) return nowMs + afterMs
  if (cron === undefined) return undefined
  try {
    return new Cron(cron, { timezone: 'UTC' }).nextRun(new Date(nowMs))?.getTime()
  } catch (cause) {
    const message = `bad workflow: schedule.cron: ${(cause as Error).message}`
    throw new AppError({ code: 'workflow/bad-definition', message, cause })
  }
}

/** Keeps the time of a schedule that has not changed; a workflow without one has none. */
export async function keepSchedule(
  sql: SqlStore,
  workflow: RunnableWorkflow,
  nowMs: number,
): Promise<void> {
  const { namespace, name, hash, trigger } = workflow
  if (!isScheduled(trigger)) {
    await sql.run('DELETE FROM schedules WHERE namespace = ? AND name = ?', namespace, name)
    return
  }
  const firing = JSON.stringify([
    trigger.cron ?? null,
    trigger.everyMs ?? null,
    trigger.afterMs ?? null,
  ])
  await sql.run(
    `INSERT INTO schedules VALUES (?, ?, ?, ?, ?) ON CONFLICT (namespace, name) DO UPDATE SET
      definition_hash = excluded.definition_hash, firing = excluded.firing, next_at_ms = CASE
        WHEN schedules.firing = excluded.firing THEN schedules.next_at_ms ELSE excluded.next_at_ms END`,
    ...[namespace, name, hash, firing, nextFiring(trigger, nowMs) ?? null],
  )
}

/**
 * Starts what is due, each firing once: its instance is known by workflow and time. Of firings that were missed while
 * nothing ran, the last one is made up for, and those before it are left out.
 */
export async function fireSchedules(
  sql: SqlStore,
  definition: (hash: string) => Promise<RunnableWorkflow | undefined>,
  nowMs: number,
): Promise<void> {
  const due = await sql.all(
    'SELECT * FROM schedules WHERE next_at_ms <= ? ORDER BY next_at_ms LIMIT ?',
    ...[nowMs, maxFirings],
  )
  for (const row of due) {
    const workflow = await definition(String(row.definition_hash))
    if (workflow === undefined) continue
    const [plannedMs, trigger] = [Number(row.next_at_ms), workflow.trigger]
    const { everyMs, cron } = trigger
    const dueMs =
      everyMs === undefined
        ? plannedMs
        : plannedMs + Math.floor((nowMs - plannedMs) / everyMs) * everyMs
    const nextMs =
      everyMs !== undefined
        ? dueMs + everyMs
        : cron !== undefined
          ? nextFiring(trigger, nowMs)
          : undefined
    await sql.transaction(async (session) => {
      const moved = await session.run(
        'UPDATE schedules SET next_at_ms = ? WHERE namespace = ? AND name = ? AND next_at_ms = ?',
        ...[nextMs ?? null, workflow.namespace, workflow.name, plannedMs],
      )
      if (moved === 1) await fire(session, workflow, { atMs: dueMs, nowMs })
    })
  }
}

async function fire(
  session: SqlSession,
  workflow: RunnableWorkflow,
  { atMs, nowMs }: { atMs: number; nowMs: number },
): Promise<void> {
  const id = derivedId(workflow.namespace, workflow.name, `schedule ${atMs}`)
  const what = `the firing at ${new Date(atMs).toISOString()}`
  await startOne(
    session,
    {},
    { id, eventId: undefined, workflow, life: undefined, nowMs, what, ended: () => [] },
  )
}

/** What is written when an instance has ended whose workflow starts again after a pause. */
export function scheduleAfter(
  { namespace, name, trigger }: RunnableWorkflow,
  nowMs: number,
): readonly SqlWrite[] {
  if (trigger.afterMs === undefined) return []
  const sql =
    'UPDATE schedules SET next_at_ms = ? WHERE namespace = ? AND name = ? AND next_at_ms IS NULL'
  return [{ sql, values: [nowMs + trigger.afterMs, namespace, name] }]
}
