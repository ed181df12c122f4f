/** Names the tables of a projection, and makes, changes and drops them. */

import { hash } from 'node:crypto'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { Column } from '../column.ts'
import type { Declaration } from '../declaration.ts'
import { columnType } from './column-values.ts'

type Dialect = SqlStore['dialect']

/** What tells a table from others, and its form. */
export type TableForm = Pick<Declaration, 'name' | 'columns' | 'key'>

/** The table that is read; `qs_block`, `qs_place` and `qs_nth` say where its row, or the last event of its key, comes from. */
export const tableOf = (name: string) => `"projected_${name}"`
/** Where the table has a key: what each event gave. */
export const historyOf = (name: string) => `"projected_${name}__events"`

/** The table with a row an event, and so the one that the rows of events go into. */
export const rowsOf = ({ name, key }: TableForm) =>
  key.length > 0 ? historyOf(name) : tableOf(name)

export const quoted = (name: string) => `"${name}"`

/** The order of the chain. */
export const placeColumns = ['qs_block', 'qs_place', 'qs_nth'] as const
const place = placeColumns.join(', ')
const placeTypes = placeColumns.map((name) => `${name} INTEGER NOT NULL`).join(', ')

/** Makes the tables, which are not there. */
export async function createTables(
  session: SqlSession,
  form: TableForm,
  dialect: Dialect,
): Promise<void> {
  const { name, columns, key } = form
  const own = columns.map(
    (column) => `, ${quoted(column.name)} ${columnType(column.type, dialect)}`,
  )
  const digest = columnType('text', dialect)
  const rowKey = key.length > 0 ? `, qs_key ${digest} NOT NULL` : ''
  await session.run(
    `CREATE TABLE ${rowsOf(form)} (${placeTypes}${rowKey}${own.join('')}, PRIMARY KEY (${place})) WITHOUT ROWID`,
  )
  if (key.length > 0) {
    await session.run(
      `CREATE TABLE ${tableOf(name)}
        (qs_key ${digest} PRIMARY KEY, ${placeTypes}, qs_events INTEGER NOT NULL${own.join('')})`,
    )
    await session.run(
      `CREATE INDEX "projected_${name}__by_key" ON ${historyOf(name)} (qs_key, ${place})`,
    )
    await session.run(`CREATE INDEX "projected_${name}__by_place" ON ${tableOf(name)} (${place})`)
  }
  for (const column of columns) if (column.index) await createIndex(session, form, column, dialect)
}

/** Drops what there is. */
export async function dropTables(session: SqlSession, name: string): Promise<void> {
  for (const table of [tableOf(name), historyOf(name)]) {
    await session.run(`DROP TABLE IF EXISTS ${table}`)
  }
}

/** Adds columns, without values, and indexes, and drops those that are no longer declared. */
export async function alterTables(
  session: SqlSession,
  { from, to }: { readonly from: TableForm; readonly to: TableForm },
  dialect: Dialect,
): Promise<void> {
  const { name, key } = to
  const tables = key.length > 0 ? [tableOf(name), historyOf(name)] : [tableOf(name)]
  const after = new Map(to.columns.map((column) => [column.name, column]))
  const before = new Map(from.columns.map((column) => [column.name, column]))
  for (const column of before.values()) {
    if (column.index && !after.get(column.name)?.index) {
      await session.run(`DROP INDEX IF EXISTS ${indexOf(name, column)}`)
    }
    if (after.has(column.name)) continue
    for (const table of tables) {
      await session.run(`ALTER TABLE ${table} DROP COLUMN ${quoted(column.name)}`)
    }
  }
  for (const column of after.values()) {
    const known = before.get(column.name)
    if (known === undefined) {
      for (const table of tables) {
        const type = columnType(column.type, dialect)
        await session.run(`ALTER TABLE ${table} ADD COLUMN ${quoted(column.name)} ${type}`)
      }
    }
    if (column.index && !known?.index) await createIndex(session, to, column, dialect)
  }
}

/** PostgreSQL cuts names after 63 bytes, and indexes share them with tables. */
const indexOf = (name: string, column: Column) =>
  quoted(`projected_${name}__of_${hash('sha256', column.name, 'hex').slice(0, 12)}`)

/** Such that pages in the order of the column can follow it: absent values come first on both. */
async function createIndex(
  session: SqlSession,
  { name }: TableForm,
  column: Column,
  dialect: Dialect,
): Promise<void> {
  const order = dialect === 'postgres' ? ' NULLS FIRST' : ''
  const on = `${tableOf(name)} (${quoted(column.name)}${order}, ${place})`
  await session.run(`CREATE INDEX ${indexOf(name, column)} ON ${on}`)
}
