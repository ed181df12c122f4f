/** Turns values of columns into what a database holds, and back: 256-bit integers stay exact, and keep their order. */

import { AppError } from '../../base/app-error.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore, SqlValue } from '../../store/sql.ts'
import type { ColumnType } from '../column.ts'

type Dialect = SqlStore['dialect']

/** Longest text, bytes and JSON, in bytes. */
const maxBytes = 256 * 1_024
/** The greatest `uint256`; as far below zero, so that what goes out can stand beside what comes in. */
const greatest = (1n << 256n) - 1n
/** Milliseconds of the years 0 to 9999. */
const [firstMs, lastMs] = [-62_167_219_200_000, 253_402_300_799_999]

/** The type of a column in `CREATE TABLE`; texts are ordered by their bytes on both. */
export function columnType(type: ColumnType, dialect: Dialect): string {
  return (dialect === 'sqlite' ? sqliteTypes : postgresTypes)[type]
}

type TypeNames = Readonly<Record<ColumnType, string>>

const sqliteTypes: TypeNames = {
  ...{ text: 'TEXT', integer: 'TEXT', boolean: 'INTEGER' },
  ...{ timestamp: 'INTEGER', bytes: 'BLOB', json: 'TEXT' },
}

const postgresTypes: TypeNames = {
  ...{ text: 'TEXT COLLATE "C"', integer: 'NUMERIC', boolean: 'BOOLEAN' },
  ...{ timestamp: 'BIGINT', bytes: 'BYTEA', json: 'JSONB' },
}

/**
 * A result of jq as a column of a type holds it; an integer as bigint, which `stored` writes.
 *
 * @throws AppError `projection/bad-value` where it does not fit, with what it is and what would be right
 */
export function columnValue(value: Json | bigint, type: ColumnType): SqlValue {
  if (value === null) return null
  const made = makers[type](value as Json)
  if (made === undefined) throw misfit(`${shown(value)} is no ${expected[type]}`)
  return made
}

const expected: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  integer: 'whole number of 256 bits',
  boolean: 'true or false',
  timestamp: 'time as RFC 3339 or milliseconds since 1970',
  bytes: 'hex with 0x',
  json: 'JSON',
}

const makers: Readonly<Record<ColumnType, (value: Json) => SqlValue | undefined>> = {
  text: (value) => (typeof value === 'string' ? text(value) : undefined),
  integer: (value) => {
    const whole = wholeOf(value)
    return whole === undefined || whole < -greatest || whole > greatest ? undefined : whole
  },
  boolean: (value) => (typeof value === 'boolean' ? Number(value) : undefined),
  timestamp: (value) => {
    const ms = typeof value === 'string' && isTime(value) ? Date.parse(value) : value
    const isWell = typeof ms === 'number' && Number.isInteger(ms) && ms >= firstMs && ms <= lastMs
    return isWell ? ms : undefined
  },
  bytes: (value) => {
    if (typeof value !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(value)) return undefined
    if (value.length > 2 * maxBytes + 2) throw tooLong(value.length / 2 - 1)
    return fromHex(value)
  },
  json: (value) => {
    mustBeText(value)
    return text(JSON.stringify(value))
  },
}

function wholeOf(value: Json | bigint): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  return typeof value === 'string' && /^-?\d{1,78}$/.test(value) ? BigInt(value) : undefined
}

function isTime(value: string): boolean {
  const form = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/
  return form.test(value) && !Number.isNaN(Date.parse(value))
}

/** PostgreSQL holds no NUL, and neither a lone half of a surrogate pair. */
function text(value: string): string {
  if (value.includes('\0') || !value.isWellFormed()) {
    throw misfit('the text has a NUL or half a character, which no database holds')
  }
  const bytes = Buffer.byteLength(value)
  if (bytes > maxBytes) throw tooLong(bytes)
  return value
}

/** The same of all texts in a JSON value. */
function mustBeText(value: Json): void {
  if (typeof value === 'string') text(value)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      text(name)
      mustBeText(member as Json)
    }
  }
}

/** A value of `columnValue` as a database takes it. */
export function stored(value: SqlValue, dialect: Dialect): SqlValue {
  return typeof value === 'bigint' && dialect === 'sqlite' ? sortable(value) : value
}

/** What is read back, in the form of `columnValue`. */
export function loaded(value: SqlValue, type: ColumnType, dialect: Dialect): SqlValue {
  if (value === null || type !== 'integer') return value
  return dialect === 'sqlite' ? ofSortable(String(value)) : BigInt(value as number | bigint)
}

/** A value in the form of `columnValue` as JSON shows it. */
export function shownValue(value: SqlValue, type: ColumnType): Json {
  if (value === null) return null
  if (type === 'integer') return String(value)
  if (type === 'boolean') return Number(value) === 1
  if (type === 'timestamp') return new Date(Number(value)).toISOString()
  if (type === 'bytes') return toHex(value as Uint8Array)
  return type === 'json' ? (JSON.parse(String(value)) as Json) : String(value)
}

/**
 * A value of a column from the text of a filter or cursor, in the form of `columnValue`.
 *
 * @throws AppError `projection/bad-query`
 */
export function valueOfText(value: string, type: ColumnType): SqlValue {
  if (type === 'json') throw badQuery('a column of JSON cannot be compared')
  const json = type === 'boolean' && /^(true|false)$/.test(value) ? value === 'true' : value
  const number = type === 'timestamp' && /^-?\d{1,15}$/.test(value) ? Number(value) : json
  try {
    return columnValue(number, type)
  } catch (error) {
    throw badQuery((error as Error).message)
  }
}

/**
 * Whole numbers as text that sorts as they do, for SQLite, whose integers end at 64 bits: `p` and two digits of the
 * number's length before its digits (`p03250` is 250), or `n`, the length and the digits taken from 9.
 */
function sortable(value: bigint): string {
  const digits = String(value < 0n ? -value : value)
  if (digits.length > 99) throw misfit('the number has more than 99 digits')
  if (value >= 0n) return `p${String(digits.length).padStart(2, '0')}${digits}`
  return `n${String(99 - digits.length).padStart(2, '0')}${nines(digits)}`
}

function ofSortable(text: string): bigint {
  const digits = text.slice(3)
  return text.startsWith('p') ? BigInt(digits) : -BigInt(nines(digits))
}

const nines = (digits: string) => digits.replace(/\d/g, (digit) => String(9 - Number(digit)))

function shown(value: Json | bigint): string {
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function misfit(message: string): AppError {
  return new AppError({ code: 'projection/bad-value', message })
}

function tooLong(bytes: number): AppError {
  return misfit(`the value has ${bytes} bytes, over the limit of ${maxBytes}`)
}

/** A question that a table cannot answer. */
export function badQuery(message: string): AppError {
  return new AppError({ code: 'projection/bad-query', message })
}
