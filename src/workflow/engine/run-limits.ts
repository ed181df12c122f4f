/** Says how much one run may be: lines and bytes of its journal, and the time from its beginning to its end. */

import type { SqlStore } from '../../store/sql.ts'
import { Interrupted } from '../durable-context.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { Journal } from './journal.ts'
import type { Scope } from './scope.ts'

/** Lines of one journal, and their bytes; both end loops that would never end. */
const maxLines = 10_000
const maxJournalBytes = 16 * 1024 * 1024

/** Whether the journal has room for another line. @throws WorkflowError */
export function checkRoom({ lines, bytes }: Pick<Journal, 'lines' | 'bytes'>): void {
  if (lines >= maxLines) throw tooMuch('lines', maxLines)
  if (bytes > maxJournalBytes) throw tooMuch('bytes', maxJournalBytes)
}

function tooMuch(what: string, limit: number): WorkflowError {
  const detail = `the journal of the instance has reached its limit of ${limit} ${what}; let parts of it be runs of their own (run: workflow)`
  return new WorkflowError({ type: 'runtime', title: 'Journal too large', detail })
}

/** The time that an instance has; once it is over, what the instance did is undone, and it fails. */
export class RunTime {
  readonly #maxMs: number
  /** Infinite where it has all time, or was told of its end. */
  #untilMs: number

  constructor(startedAtMs: number, maxMs = Number.POSITIVE_INFINITY) {
    this.#maxMs = maxMs
    this.#untilMs = startedAtMs + maxMs
  }

  /** The earlier of a time and the end. */
  next(atMs: number | undefined): number | undefined {
    const next = Math.min(this.#untilMs, atMs ?? Number.POSITIVE_INFINITY)
    return Number.isFinite(next) ? next : undefined
  }

  /** Tells the run to end where its time is over, unless it is undone already. */
  look(run: { readonly isInterrupted: boolean; readonly root: Scope }, nowMs: number): void {
    if (nowMs < this.#untilMs) return
    this.#untilMs = Number.POSITIVE_INFINITY
    if (!run.isInterrupted) run.root.stop('timed-out')
  }

  /** What a run gives. @throws WorkflowError of type timeout where it was told to end */
  async bounded<T>(running: Promise<T>): Promise<T> {
    try {
      return await running
    } catch (error) {
      if (!(error instanceof Interrupted) || error.reason !== 'timed-out') throw error
      const detail = `the instance did not end within ${this.#maxMs} ms, the longest that the setting maxRunTime lets one run; raise it, or let parts of it be runs of their own (run: workflow, await: false)`
      throw new WorkflowError({ type: 'timeout', title: 'Timed out', detail, cause: error })
    }
  }
}

/** Has instances that wait since before the limit was set looked at when their time is over. */
export async function wakeInTime(sql: SqlStore, maxMs: number | undefined): Promise<void> {
  if (maxMs === undefined) return
  await sql.run(
    `UPDATE instances SET wake_at_ms = created_at_ms + ? WHERE status = 'waiting' AND status <> 'completed'
      AND (wake_at_ms IS NULL OR wake_at_ms > created_at_ms + ?)`,
    ...[maxMs, maxMs],
  )
}
