/** Reads pages of tables whose rows are numbered by a column `seq`, newest first. */

import { AppError } from '../base/app-error.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { SqlRow, SqlSession, SqlValue } from './sql.ts'

/** What is asked, and how rows become items. */
export interface SequenceQuery<T> extends PageQuery {
  /** `SELECT * FROM … WHERE …`, from the program and never from outside; its conditions are met by `values`. */
  readonly select: string
  readonly values?: readonly SqlValue[]
  readonly read: (row: SqlRow) => T
}

/**
 * One page of a table.
 *
 * @throws AppError `store/bad-cursor`
 */
export async function sequencePage<T>(
  sql: SqlSession,
  { select, values = [], limit, cursor, read }: SequenceQuery<T>,
): Promise<Page<T>> {
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : sequenceOf(cursor)
  const query = `${select} AND seq < ? ORDER BY seq DESC LIMIT ?`
  const rows = await sql.all(query, ...values, before, limit + 1)
  const items = rows.slice(0, limit).map(read)
  const last = rows[limit - 1]
  return rows.length > limit && last ? { items, next: String(last.seq) } : { items }
}

function sequenceOf(cursor: string): number {
  const sequence = /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN
  if (Number.isSafeInteger(sequence)) return sequence
  const message = `"${cursor}" is no cursor of this list; take "next" of the page before`
  throw new AppError({ code: 'store/bad-cursor', message })
}
