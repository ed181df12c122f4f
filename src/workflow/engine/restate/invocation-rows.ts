/** Says how an invocation of Restate takes the row of its instance, and leaves it. */

import type { SqlRow, SqlWrite } from '../../../store/sql.ts'
import { firstLeft } from '../consumed-events.ts'
import type { RunEnvironment } from '../run-environment.ts'

/** What an invocation finds of its instance, and of how this program is set: a replay finds the same. */
export interface Found {
  readonly row: SqlRow
  readonly nowMs: number
  readonly maxRunMs: number | null
}

/** The row of an instance, if it is this invocation's still; from then on it is told by this ear. */
export async function findRow(
  { sql, clock, maxRunMs }: Pick<RunEnvironment, 'sql' | 'clock' | 'maxRunMs'>,
  id: string,
  { number, ear }: { readonly number: number; readonly ear: string },
): Promise<Found | null> {
  const listening = 'UPDATE instances SET awakeable = ? WHERE id = ? AND invocation = ?'
  const row = await sql.transaction(async (session) => {
    if ((await session.run(listening, ear, id, number)) === 0) return undefined
    return session.get('SELECT * FROM instances WHERE id = ?', id)
  })
  return row === undefined ? null : { row, nowMs: clock.nowMs(), maxRunMs: maxRunMs ?? null }
}

/** Place in the journal from which on an instance undoes what it did, -1 for none; `null` if it is told otherwise by now. */
export async function beginUndoing(
  { sql, clock }: RunEnvironment,
  id: string,
  { reason, number }: { readonly reason: string; readonly number: number },
): Promise<number | null> {
  const changed = await sql.run(
    `UPDATE instances SET status = 'compensating', updated_at_ms = ? WHERE id = ? AND interrupt = ? AND invocation = ?`,
    ...[clock.nowMs(), id, reason, number],
  )
  if (changed === 0) return null
  return reason === 'rewound' ? ((await firstLeft(sql, id)) ?? -1) : 0
}

const leaving = `UPDATE instances SET invocation = invocation + 1, awakeable = NULL,
  wake_at_ms = CASE WHEN interrupt IS NOT NULL OR status IN ('running', 'waiting', 'compensating')
  THEN CAST(? AS BIGINT) ELSE wake_at_ms END WHERE id = ? AND invocation = ?`

/** What takes an instance from an invocation; whatever it was told meanwhile is for the next one. */
export function leavingOf(
  { id, number }: { readonly id: string; readonly number: number },
  wakeAtMs: number,
): SqlWrite {
  return { sql: leaving, values: [wakeAtMs, id, number], changes: 1 }
}
