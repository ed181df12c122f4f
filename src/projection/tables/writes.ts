/** Writes rows of a projection and takes them back, in the transaction of what they come from. */

import { bulkInsert } from '../../store/bulk-insert.ts'
import type { SqlRow, SqlSession, SqlStore, SqlValue } from '../../store/sql.ts'
import type { Row } from '../rows/mapping.ts'
import { loaded, stored } from './column-values.ts'
import { inPieces } from './pieces.ts'
import { historyOf, placeColumns, quoted, rowsOf, type TableForm, tableOf } from './table.ts'

/** Where on the chain a record is. */
export interface RecordPlace {
  readonly block: number
  readonly place: number
}

/** What changes: all rows of some records go, then rows come, in the order of the chain or not. */
export interface RowChanges {
  readonly gone: readonly RecordPlace[]
  readonly come: readonly Row[]
}

/** The rows of one projection. */
export class TableWriter {
  readonly #form: TableForm
  readonly #dialect: SqlStore['dialect']
  readonly #columns: readonly string[]
  /** What rows are read from. */
  readonly #selected: string

  constructor(form: TableForm, dialect: SqlStore['dialect']) {
    this.#form = form
    this.#dialect = dialect
    this.#columns = form.columns.map(({ name }) => quoted(name))
    const isKeyed = form.key.length > 0
    this.#selected = [...placeColumns, ...(isKeyed ? ['qs_key'] : []), ...this.#columns].join(', ')
  }

  /** Writes changes. */
  async write(session: SqlSession, { gone, come }: RowChanges): Promise<void> {
    if (this.#form.key.length > 0) await this.#writeKeyed(session, { gone, come })
    else {
      await this.#remove(session, gone)
      await this.#insert(session, come)
    }
  }

  /** The records of a block and those behind it that have rows. */
  async above(session: SqlSession, block: number): Promise<readonly RecordPlace[]> {
    const table = rowsOf(this.#form)
    const rows = await session.all(
      `SELECT DISTINCT qs_block, qs_place FROM ${table} WHERE qs_block > ? ORDER BY qs_block, qs_place`,
      block,
    )
    return rows.map((row) => ({ block: Number(row.qs_block), place: Number(row.qs_place) }))
  }

  async #insert(session: SqlSession, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    const isKeyed = this.#form.key.length > 0
    const columns = [...placeColumns, ...(isKeyed ? ['qs_key'] : []), ...this.#columns]
    await bulkInsert(session, {
      into: `INSERT INTO ${rowsOf(this.#form)} (${columns.join(', ')})`,
      rows: rows.map(({ block, place, nth, key, values }) => [
        ...[block, place, nth],
        ...(isKeyed ? [key] : []),
        ...values.map((value) => stored(value, this.#dialect)),
      ]),
    })
  }

  async #remove(session: SqlSession, gone: readonly RecordPlace[]): Promise<void> {
    await inPieces(gone, (some) =>
      session.run(`DELETE FROM ${rowsOf(this.#form)} WHERE ${placesMatch(some)}`, ...flat(some)),
    )
  }

  async #writeKeyed(session: SqlSession, { gone, come }: RowChanges): Promise<void> {
    const removed: Row[] = []
    await inPieces(gone, async (some) => {
      const sql = `SELECT ${this.#selected} FROM ${rowsOf(this.#form)} WHERE ${placesMatch(some)}`
      removed.push(...(await session.all(sql, ...flat(some))).map((row) => this.#rowOf(row)))
    })
    if (removed.length > 0) await this.#remove(session, gone)
    await this.#insert(session, come)
    const touched = [...new Set([...removed, ...come].map(({ key }) => key))]
    if (touched.length === 0) return
    const current = await this.#current(session, touched)
    const changes = changesByKey(removed, come)
    const kept: Standing[] = []
    const ended: string[] = []
    for (const key of touched) {
      const change = changes.get(key) as KeyChange
      const next = await this.#next(session, current.get(key), change)
      if (next === undefined) ended.push(key)
      else kept.push(next)
    }
    await inPieces(ended, (some) =>
      session.run(`DELETE FROM ${tableOf(this.#form.name)} WHERE ${isOneOf(some)}`, ...some),
    )
    await this.#keep(session, kept)
  }

  /** What stands under keys now. */
  async #current(
    session: SqlSession,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, Standing>> {
    const found = new Map<string, Standing>()
    await inPieces(keys, async (some) => {
      const sql = `SELECT ${this.#selected}, qs_events FROM ${tableOf(this.#form.name)} WHERE ${isOneOf(some)}`
      for (const row of await session.all(sql, ...some)) {
        const last = this.#rowOf(row)
        found.set(last.key, { last, events: Number(row.qs_events) })
      }
    })
    return found
  }

  /** What stands under a key after a change; nothing where no row is left. */
  async #next(
    session: SqlSession,
    before: Standing | undefined,
    { removed, come }: KeyChange,
  ): Promise<Standing | undefined> {
    const events = (before?.events ?? 0) - removed.length + come.length
    if (events === 0) return undefined
    const isLastGone = before === undefined || removed.some((row) => isSamePlace(row, before.last))
    const newest = come.reduce<Row | undefined>(later, undefined)
    // Of what came before, only the history knows; it has the new rows already.
    const wasMore = before !== undefined && before.events > removed.length
    const last = isLastGone
      ? wasMore
        ? await this.#latest(session, before.last.key)
        : newest
      : later(before.last, newest ?? before.last)
    if (last === undefined) throw new Error(`no row is left under ${before?.last.key}`)
    const values = this.#form.columns.map(({ sum }, at) =>
      sum
        ? total(before?.last.values[at], come, at) - total(0n, removed, at)
        : (last.values[at] ?? null),
    )
    return { events, last: { ...last, values } }
  }

  async #latest(session: SqlSession, key: string): Promise<Row | undefined> {
    const order = placeColumns.map((name) => `${name} DESC`).join(', ')
    const sql = `SELECT ${this.#selected} FROM ${historyOf(this.#form.name)} WHERE qs_key = ? ORDER BY ${order} LIMIT 1`
    const row = await session.get(sql, key)
    return row && this.#rowOf(row)
  }

  async #keep(session: SqlSession, standings: readonly Standing[]): Promise<void> {
    const columns = [...placeColumns, 'qs_events', ...this.#columns]
    await bulkInsert(session, {
      into: `INSERT INTO ${tableOf(this.#form.name)} (qs_key, ${columns.join(', ')})`,
      after: `ON CONFLICT (qs_key) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`,
      rows: standings.map(({ events, last: { block, place, nth, key, values } }) => [
        ...[key, block, place, nth, events],
        ...values.map((value) => stored(value, this.#dialect)),
      ]),
    })
  }

  #rowOf(row: SqlRow): Row {
    return {
      ...{ block: Number(row.qs_block), place: Number(row.qs_place), nth: Number(row.qs_nth) },
      key: String(row.qs_key ?? ''),
      values: this.#form.columns.map(({ name, type }) =>
        loaded(row[name] ?? null, type, this.#dialect),
      ),
    }
  }
}

/** What stands under a key: its last row, in which sums are those of all of them. */
interface Standing {
  readonly last: Row
  readonly events: number
}

interface KeyChange {
  readonly removed: Row[]
  readonly come: Row[]
}

function changesByKey(
  removed: readonly Row[],
  come: readonly Row[],
): ReadonlyMap<string, KeyChange> {
  const changes = new Map<string, KeyChange>()
  const of = (key: string) => {
    const known = changes.get(key)
    if (known) return known
    const made: KeyChange = { removed: [], come: [] }
    changes.set(key, made)
    return made
  }
  for (const row of removed) of(row.key).removed.push(row)
  for (const row of come) of(row.key).come.push(row)
  return changes
}

/** A sum, to which an absent value adds nothing. */
function total(begin: SqlValue | undefined, rows: readonly Row[], at: number): bigint {
  const numberOf = (value: SqlValue | undefined) => BigInt((value ?? 0n) as bigint)
  return rows.reduce((sum, { values }) => sum + numberOf(values[at]), numberOf(begin))
}

const isSamePlace = (a: Row, b: Row) =>
  a.block === b.block && a.place === b.place && a.nth === b.nth

function later(a: Row | undefined, b: Row): Row {
  if (a === undefined) return b
  return (a.block - b.block || a.place - b.place || a.nth - b.nth) > 0 ? a : b
}

const placesMatch = (some: readonly RecordPlace[]) =>
  some.map(() => '(qs_block = ? AND qs_place = ?)').join(' OR ')
const flat = (some: readonly RecordPlace[]) => some.flatMap(({ block, place }) => [block, place])
const isOneOf = (keys: readonly string[]) => `qs_key IN (${keys.map(() => '?').join(', ')})`
