/** Writes many rows by few statements. */

import type { SqlRow, SqlSession, SqlValue } from './sql.ts'

/** Rows, or values, of one statement; few different numbers, so that the statements stay prepared. */
export const pieces = [64, 8, 1]

/** What is written, by parts of a statement that come from the program and never from outside. */
export interface BulkInsert {
  /** `INSERT INTO events (id, name)`. */
  readonly into: string
  /** What stands behind the values: `ON CONFLICT (id) DO NOTHING RETURNING id`; with `RETURNING`, rows come back. */
  readonly after?: string
  readonly rows: readonly (readonly SqlValue[])[]
}

/** Inserts rows in their order; gives how many were changed, and what `RETURNING` names, in no order. */
export async function bulkInsert(
  session: SqlSession,
  { into, after = '', rows }: BulkInsert,
): Promise<{ readonly changes: number; readonly returned: readonly SqlRow[] }> {
  const marks = `(${(rows[0] ?? []).map(() => '?').join(', ')})`
  const returned: SqlRow[] = []
  let at = 0
  let changes = 0
  for (const size of pieces) {
    const sql = `${into} VALUES ${Array.from({ length: size }, () => marks).join(', ')} ${after}`
    for (; rows.length - at >= size; at += size) {
      const values = rows.slice(at, at + size).flat()
      if (after.includes('RETURNING')) returned.push(...(await session.all(sql, ...values)))
      else changes += await session.run(sql, ...values)
    }
  }
  return { changes: changes + returned.length, returned }
}
