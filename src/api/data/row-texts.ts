/** Writes rows as lines of JSON and as CSV. */

import type { ExportedRow } from '../../projection/projection.ts'

/** How rows are written. */
export interface RowText {
  readonly mediaType: string
  /** What stands before the first row. */
  readonly head: string
  line(row: ExportedRow): string
}

/** A JSON object a line. */
export function jsonLines(withCursors: boolean): RowText {
  return {
    ...{ mediaType: 'application/x-ndjson', head: '' },
    line: ({ row, cursor }) =>
      `${JSON.stringify(withCursors ? { ...row, qs_cursor: cursor } : row)}\n`,
  }
}

/** RFC 4180, with a line of names; what is absent is empty, and an empty text is `""`. */
export function csv(
  columns: readonly string[],
  { withCursors, withHead }: { readonly withCursors: boolean; readonly withHead: boolean },
): RowText {
  const names = withCursors ? [...columns, 'qs_cursor'] : columns
  return {
    ...{ mediaType: 'text/csv; charset=utf-8', head: withHead ? `${names.join(',')}\r\n` : '' },
    line({ row, cursor }) {
      const cells = columns.map((name) => cellOf(row[name] ?? null))
      return `${(withCursors ? [...cells, cursor] : cells).join(',')}\r\n`
    },
  }
}

function cellOf(value: unknown): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
