/** Asks for many rows, or changes them, by few statements. */

import { pieces } from './bulk-insert.ts'
import type { SqlRow, SqlSession, SqlValue } from './sql.ts'

/** What is asked for, by a statement that comes from the program and never from outside. */
export interface BulkSelect {
  /** The statement, with the marks of the values that it looks for: `SELECT id FROM events WHERE id IN (${marks})`. */
  readonly query: (marks: string) => string
  /** Values of the marks that stand before those. */
  readonly before?: readonly SqlValue[]
  readonly values: readonly SqlValue[]
}

/** Gives the rows of all values, ordered within each statement only. */
export async function bulkSelect(
  session: SqlSession,
  { query, before = [], values }: BulkSelect,
): Promise<readonly SqlRow[]> {
  const found: (readonly SqlRow[])[] = []
  for (const { sql, some } of statements(query, values)) {
    found.push(await session.all(sql, ...before, ...some))
  }
  return found.flat()
}

/** Changes the rows of all values. @returns how many */
export async function bulkUpdate(
  session: SqlSession,
  { query, before = [], values }: BulkSelect,
): Promise<number> {
  let changed = 0
  for (const { sql, some } of statements(query, values)) {
    changed += await session.run(sql, ...before, ...some)
  }
  return changed
}

function* statements(query: BulkSelect['query'], values: readonly SqlValue[]) {
  let at = 0
  for (const size of pieces) {
    const sql = query(Array.from({ length: size }, () => '?').join(', '))
    for (; values.length - at >= size; at += size) yield { sql, some: values.slice(at, at + size) }
  }
}
