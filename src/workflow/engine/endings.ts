/** Says what is written when an instance has ended. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlValue, SqlWrite } from '../../store/sql.ts'
import { Interrupted } from '../durable-context.ts'
import { keptJson, keptReason } from '../kept-json.ts'
import type { JournalEntry } from '../workflow.ts'
import { type Problem, problemOf } from '../workflow-error.ts'
import { shownInstance } from './instance-lists.ts'
import type { InstanceRow } from './instance-rows.ts'
import type { NewLine } from './journal.ts'
import type { LiveRun } from './run-environment.ts'
import { freeing } from './trigger-sets.ts'

/** How a run of a definition ended. */
export type RunEnd =
  | { readonly kind: 'completed'; readonly output: Json; readonly text: string }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'failed'; readonly problem: Problem; readonly reason: string }

/** How a run ends. @throws AppError the database's trouble, which is not the workflow's */
export async function endOf(
  run: Pick<LiveRun, 'isInterrupted'>,
  running: Promise<Json>,
): Promise<RunEnd> {
  try {
    const output = await running
    return { kind: 'completed', output, text: keptJson(output, 'the output of the workflow') }
  } catch (error) {
    if (error instanceof Interrupted && run.isInterrupted) return { kind: 'interrupted' }
    if (error instanceof AppError && error.code.startsWith('store/')) throw error
    return { kind: 'failed', problem: problemOf(error), reason: keptReason(error) }
  }
}

/** What is to be known of a run that has ended. */
type EndingRun = Pick<
  LiveRun,
  'with' | 'id' | 'row' | 'isInterrupted' | 'step' | 'journal' | 'listens' | 'asks' | 'workflow'
>

/** What ends an instance. */
interface Ending {
  readonly row: InstanceRow
  /** The change of the instance, which must find it as the run knows it. */
  readonly guard: string
  readonly values: readonly SqlValue[]
  readonly more: readonly SqlWrite[]
  /** Of the journal, where its last line does not say it. */
  readonly line: NewLine | undefined
}

/** Part of the keys of what undoes a step. */
export const compensationMark = '#compensate'

const completion = `UPDATE instances SET status = 'completed', step = NULL, reason = NULL, output = ?, wake_at_ms = NULL,
  updated_at_ms = ? WHERE id = ? AND interrupt IS NULL AND status <> 'paused'`
const failure = `UPDATE instances SET status = ?, step = ?, reason = ?, error = ?, compensated = ?, interrupt = NULL,
  wake_at_ms = NULL, updated_at_ms = ? WHERE id = ? AND status <> 'paused'`

/** The end of a run, as rows. */
export function ending(run: EndingRun, end: RunEnd): Ending {
  const nowMs = run.with.clock.nowMs()
  const hasCompleted = end.kind === 'completed' && !run.isInterrupted
  const more = after(run, nowMs, hasCompleted)
  const { row, id } = run
  if (end.kind === 'completed' && hasCompleted) {
    const ended: InstanceRow = {
      ...{ ...row, status: 'completed', step: undefined, reason: undefined, output: end.output },
      ...{ updatedAtMs: nowMs, wakeAtMs: undefined },
    }
    const values = [end.text, nowMs, id]
    const along = [...more, ...run.with.ended(shownInstance(ended))]
    return { row: ended, guard: completion, values, more: along, line: undefined }
  }
  const status = statusOf(run, end)
  const reason = end.kind === 'failed' && status === 'failed' ? end.reason : row.reason
  const problem = end.kind === 'failed' ? end.problem : row.problem
  const compensated = [...run.journal.known().keys()].some((key) => key.includes(compensationMark))
  const { interrupt } = row
  const ended: InstanceRow = {
    ...{ ...row, status, step: run.step, reason, problem, compensated, interrupt: undefined },
    ...{ updatedAtMs: nowMs, wakeAtMs: undefined },
  }
  return {
    row: ended,
    guard: `${failure} AND interrupt ${interrupt === undefined ? 'IS NULL' : '= ? AND comes_back = 0'}`,
    values: [
      ...[status, run.step ?? null, reason ?? null, problem ? JSON.stringify(problem) : null],
      ...[compensated ? 1 : 0, nowMs, id, ...(interrupt === undefined ? [] : [interrupt])],
    ],
    more: [
      ...more,
      ...(status === 'retracted' ? [freeing(id)] : []),
      ...run.with.ended(shownInstance(ended)),
    ],
    line: endLine(run, { status, problem, nowMs }),
  }
}

/** What fails while it is undone has failed, unless that is what it had failed with before. */
function statusOf(
  { row, isInterrupted }: EndingRun,
  end: RunEnd,
): 'failed' | 'cancelled' | 'retracted' {
  const { interrupt, problem } = row
  if (!isInterrupted || interrupt === undefined) return 'failed'
  if (end.kind === 'failed' && problem === undefined) return 'failed'
  return interrupt === 'cancelled' ? 'cancelled' : 'retracted'
}

function endLine(
  { journal, step = '', row }: EndingRun,
  {
    status,
    problem,
    nowMs,
  }: { status: NewLine['kind']; problem: Problem | undefined; nowMs: number },
): NewLine | undefined {
  const at = { step, attempt: 1, startedAtMs: nowMs, atMs: nowMs }
  if (status !== 'failed') return { ...at, kind: status, action: 'end', error: row.reason }
  const last = [...journal.known().values()].at(-1)
  if (last?.problem !== undefined && last.seq === journal.lines) return undefined
  return {
    ...at,
    step: `${step}#end`,
    kind: 'failed',
    action: 'end',
    error: JSON.stringify(problem),
  }
}

function after(run: EndingRun, nowMs: number, hasCompleted: boolean): readonly SqlWrite[] {
  const { row, workflow } = run
  const writes: SqlWrite[] = [...run.with.afterEnd(workflow, nowMs)]
  if (row.parentId !== undefined) writes.push({ sql: nudge, values: [nowMs, row.parentId] })
  if (run.listens || !hasCompleted) {
    writes.push({ sql: 'DELETE FROM subscriptions WHERE instance_id = ?', values: [row.id] })
    writes.push({ sql: 'DELETE FROM messages WHERE instance_id = ?', values: [row.id] })
  }
  if (run.asks || !hasCompleted) writes.push({ sql: closing, values: [row.id] })
  if (!hasCompleted) writes.push(childrenStop(row.id, nowMs))
  return writes
}

const nudge = `UPDATE instances SET nudge = nudge + 1, wake_at_ms = ?
  WHERE id = ? AND status IN ('running', 'waiting', 'compensating')`
const closing = `UPDATE questions SET status = 'closed' WHERE instance_id = ? AND status = 'open'`

function childrenStop(id: string, nowMs: number): SqlWrite {
  const sql = `UPDATE instances SET interrupt = 'cancelled', reason = 'its parent has ended', nudge = nudge + 1, wake_at_ms = ?
    WHERE parent_id = ? AND interrupt IS NULL AND status IN ('running', 'waiting', 'paused')`
  return { sql, values: [nowMs, id] }
}

/** What is told at an end that no line says. */
export function endEntry(row: InstanceRow, step: string): JournalEntry {
  const kind = row.status as JournalEntry['kind']
  const [startedAtMs, atMs] = [row.createdAtMs, row.updatedAtMs]
  const error = row.reason
  return {
    ...{ seq: 0, step, kind, action: 'end', attempt: 1, startedAtMs, atMs, error },
    ...{ input: undefined, output: row.output, dropped: false },
  }
}
