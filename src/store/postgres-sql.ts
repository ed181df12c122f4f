/** Translates statements as this program writes them into those of PostgreSQL, and values both ways. */

import type { SqlRow, SqlValue } from './sql.ts'

/** Quoted texts and comments, in which nothing is translated; then what is. */
const parts =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\bAS\s+INTEGER(?=\s*\))|\?(\s+IS\s+NULL\b)?/gi
const declaring = /^\s*(CREATE|ALTER)\b/i
const words =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|\bINTEGER\s+PRIMARY\s+KEY\s+AUTOINCREMENT\b|\b(?:INTEGER|BLOB|REAL)\b|\bWITHOUT\s+ROWID\b/gi

/** A statement with `$1` for `?`, and the types of its columns by PostgreSQL's names where it declares any. */
export function postgresText(sql: string): string {
  let count = 0
  const text = sql.replace(parts, (part, isNull: string | undefined) => {
    if (/^AS/i.test(part)) return 'AS BIGINT'
    if (!part.startsWith('?')) return part
    count += 1
    // Of a value that is only compared with NULL, PostgreSQL could not tell the type.
    return isNull === undefined ? `$${count}` : `CAST($${count} AS TEXT)${isNull}`
  })
  return declaring.test(sql) ? text.replace(words, typeName) : text
}

function typeName(word: string): string {
  const known = word.toUpperCase()
  if (known === 'INTEGER') return 'BIGINT'
  if (known === 'BLOB') return 'BYTEA'
  if (known === 'REAL') return 'DOUBLE PRECISION'
  if (known.startsWith('INTEGER')) return 'BIGSERIAL PRIMARY KEY'
  return known.startsWith('WITHOUT') ? '' : word
}

/** A value as the driver takes it. */
export function postgresValue(value: SqlValue): string | Buffer | null {
  if (value === null) return null
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return String(value)
}

/** Types by their numbers in PostgreSQL's catalogue (`pg_type.dat`). */
const [bool, bytes, bigint, smallint, integer, float4, float8, numeric] = [
  ...[16, 17, 20, 21, 23],
  ...[700, 701, 1700],
] as const

/** How the driver reads the text of a column by its type; in the place of its own readers. */
export const postgresTypes = {
  getTypeParser: (type: number) => readers.get(type) ?? ((text: string) => text),
}

const readers = new Map<number, (text: string) => SqlRow[string]>([
  [bool, (text) => (text === 't' ? 1 : 0)],
  [bytes, (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex'))],
  ...[bigint, smallint, integer].map((type) => [type, whole] as const),
  ...[float4, float8].map((type) => [type, Number] as const),
  [numeric, (text) => (/^-?\d+$/.test(text) ? whole(text) : Number(text))],
])

function whole(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}
