/** Reads rows of a projection: filters, an order, pages that go on where the one before ended. */

import type { Json } from '../../base/json-rpc.ts'
import type { SqlRow, SqlSession, SqlStore, SqlValue } from '../../store/sql.ts'
import type { ColumnType } from '../column.ts'
import type { ProjectedRow, RowsQuery } from '../projection.ts'
import { badQuery, loaded, shownValue, stored, valueOfText } from './column-values.ts'
import { placeColumns, quoted, type TableForm, tableOf } from './table.ts'

/** Most filters, and most values of one. */
const [mostFilters, mostValues] = [16, 100]

/** A row with the cursor that goes on behind it. */
interface FoundRow {
  readonly row: ProjectedRow
  readonly cursor: string
}

/** Columns of the program's own, whose values are small numbers. */
const ownColumns: readonly string[] = [...placeColumns, 'qs_events']

interface Known {
  readonly name: string
  readonly type: ColumnType | 'number'
  readonly isIndexed: boolean
}

/** What order rows come in: by a column or none, and within that by their place, or by the digest of their key. */
interface Order {
  readonly by: Known | undefined
  readonly isDescending: boolean
  readonly ties: readonly string[]
  readonly text: string
}

/**
 * Finds one more row than a page has, so that it is known whether there are further ones.
 *
 * @throws AppError `projection/bad-query` with what is wrong and what would be right
 */
export class TableReader {
  readonly #form: TableForm
  readonly #dialect: SqlStore['dialect']
  readonly #known: ReadonlyMap<string, Known>

  constructor(form: TableForm, dialect: SqlStore['dialect']) {
    this.#form = form
    this.#dialect = dialect
    const own = ownColumns.filter((name) => name !== 'qs_events' || form.key.length > 0)
    this.#known = new Map(
      [
        ...form.columns.map(({ name, type, index }) => ({ name, type, isIndexed: index })),
        ...own.map((name) => ({ name, type: 'number' as const, isIndexed: name === 'qs_block' })),
      ].map((one) => [one.name, one]),
    )
  }

  /** Names of the columns that are read. */
  columns({ columns }: Pick<RowsQuery, 'columns'>): readonly string[] {
    return columns?.map((name) => this.#column(name).name) ?? this.#form.columns.map((c) => c.name)
  }

  async read(session: SqlSession, query: RowsQuery): Promise<readonly FoundRow[]> {
    const { where = [], limit, cursor } = query
    const order = this.#order(query.order)
    const columns = this.columns(query).map((name) => this.#column(name))
    if (where.length > mostFilters) throw badQuery(`${mostFilters} filters at most`)
    const conditions = where.map((text) => this.#condition(text))
    if (cursor !== undefined) conditions.push(this.#behind(order, cursor))
    const selected = new Set([
      ...columns.map(({ name }) => name),
      ...(order.by ? [order.by.name] : []),
      ...order.ties,
    ])
    const rows = await session.all(
      `SELECT ${[...selected].map(quoted).join(', ')} FROM ${tableOf(this.#form.name)}
        ${conditions.length > 0 ? `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}` : ''}
        ORDER BY ${this.#orderText(order)} LIMIT ?`,
      ...[...conditions.flatMap(({ values }) => values), limit],
    )
    return rows.map((row) => ({
      row: Object.fromEntries(columns.map((column) => [column.name, this.#shown(row, column)])),
      cursor: this.#cursorOf(order, row),
    }))
  }

  #column(name: string): Known {
    const known = this.#known.get(name)
    if (known) return known
    const names = [...this.#known.keys()].join(', ')
    throw badQuery(`"${name}" is no column of "${this.#form.name}"; it has ${names}`)
  }

  /** `key` is for exports: rows do not move in it when they change. */
  #order(text = '-qs_block'): Order {
    if (text === 'key') {
      const ties = this.#form.key.length > 0 ? ['qs_key'] : placeColumns
      return { by: undefined, isDescending: false, ties, text }
    }
    const [, minus, name = ''] = /^(-?)(.*)$/.exec(text) ?? []
    const column = this.#column(name)
    if (!column.isIndexed) {
      throw badQuery(`rows can be ordered by qs_block or a column with "index", not by "${name}"`)
    }
    const by = name === 'qs_block' ? undefined : column
    return { by, isDescending: minus === '-', ties: placeColumns, text }
  }

  #orderText({ by, isDescending, ties }: Order): string {
    const way = isDescending ? 'DESC' : 'ASC'
    const nulls = this.#dialect === 'postgres' ? ` NULLS ${isDescending ? 'LAST' : 'FIRST'}` : ''
    return [
      ...(by ? [`${quoted(by.name)} ${way}${nulls}`] : []),
      ...ties.map((name) => `${name} ${way}`),
    ].join(', ')
  }

  #condition(text: string): Condition {
    const [, name = '', operator = '', value = ''] =
      /^([a-z0-9_]+)\.([a-z]+)\.(.*)$/s.exec(text) ?? []
    if (operator === '') {
      throw badQuery(`"${text}" is no filter; write COLUMN.OPERATOR.VALUE, such as amount.gte.100`)
    }
    const column = this.#column(name)
    const sqlName = quoted(column.name)
    const comparison = comparisons[operator]
    if (comparison !== undefined) {
      return { sql: `${sqlName} ${comparison} ?`, values: [this.#value(column, value)] }
    }
    if (operator === 'in') {
      const values = listOf(value).map((one) => this.#value(column, one))
      return { sql: `${sqlName} IN (${values.map(() => '?').join(', ')})`, values }
    }
    if (operator === 'null') {
      if (value !== 'true' && value !== 'false') throw badQuery('"null" takes true or false')
      return { sql: `${sqlName} IS ${value === 'true' ? '' : 'NOT '}NULL`, values: [] }
    }
    if (operator !== 'prefix') {
      const names = [...Object.keys(comparisons), 'in', 'prefix', 'null'].join(', ')
      throw badQuery(`"${operator}" is no operator; there are ${names}`)
    }
    if (column.type !== 'text') throw badQuery('only text has a prefix')
    const prefix = String(this.#value(column, value))
    const end = behindPrefix(prefix)
    if (end === undefined) return { sql: `${sqlName} >= ?`, values: [prefix] }
    return { sql: `(${sqlName} >= ? AND ${sqlName} < ?)`, values: [prefix, end] }
  }

  #value({ name, type }: Known, text: string): SqlValue {
    if (type !== 'number') return stored(valueOfText(text, type), this.#dialect)
    if (/^\d{1,15}$/.test(text)) return Number(text)
    throw badQuery(`"${text}" is no number; ${name} is one`)
  }

  #shown(row: SqlRow, { name, type }: Known): Json {
    const value = row[name] ?? null
    if (type === 'number') return Number(value)
    return shownValue(loaded(value, type, this.#dialect), type)
  }

  #cursorOf({ by, ties, text }: Order, row: SqlRow): string {
    const head = by ? [this.#shown(row, by)] : []
    const parts = [text, ...head, ...ties.map((name) => row[name] as string | number)]
    return Buffer.from(JSON.stringify(parts)).toString('base64url')
  }

  /** Rows behind a cursor; absent values come first in rising order, and last in falling order. */
  #behind(order: Order, cursor: string): Condition {
    const { by, isDescending, ties } = order
    const parts = partsOf(cursor)
    const [text, ...rest] = parts ?? []
    const places = rest.slice(by ? 1 : 0)
    const isPlace = (part: unknown) =>
      ties[0] === 'qs_key' ? typeof part === 'string' : Number.isSafeInteger(part)
    if (text !== order.text || places.length !== ties.length || !places.every(isPlace)) {
      throw badQuery(`"${cursor}" is no cursor of this order; take "next" of the page before`)
    }
    const than = isDescending ? '<' : '>'
    const values = places as readonly SqlValue[]
    const tie = `(${ties.join(', ')}) ${than} (${ties.map(() => '?').join(', ')})`
    if (by === undefined) return { sql: tie, values }
    const name = quoted(by.name)
    if (rest[0] === null) {
      const sql = isDescending ? `(${name} IS NULL AND ${tie})` : `(${name} IS NOT NULL OR ${tie})`
      return { sql, values }
    }
    const value = this.#value(by, String(rest[0]))
    const nulls = isDescending ? ` OR ${name} IS NULL` : ''
    const sql = `(${name} ${than} ? OR (${name} = ? AND ${tie})${nulls})`
    return { sql, values: [value, value, ...values] }
  }
}

interface Condition {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

const comparisons: Readonly<Record<string, string>> = {
  ...{ eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' },
}

function listOf(text: string): readonly string[] {
  const values = text.startsWith('[') ? jsonList(text) : text.split(',')
  if (values.length === 0 || values.length > mostValues) {
    throw badQuery(`"in" takes 1 to ${mostValues} values`)
  }
  return values
}

function jsonList(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list
  } catch {
    // Told below.
  }
  throw badQuery(`"in" takes values with commas between them, or a JSON list of texts`)
}

function partsOf(cursor: string): readonly unknown[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(parts) ? parts : undefined
  } catch {
    return undefined
  }
}

/** The least text that is greater than all that begin so; none for a prefix of the greatest characters only. */
function behindPrefix(prefix: string): string | undefined {
  const points = [...prefix].map((sign) => sign.codePointAt(0) as number)
  while (points.at(-1) === 0x10ffff) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  // Halves of surrogate pairs are no characters.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}
