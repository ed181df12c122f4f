/** Projects records of a chain into the table of one declaration, and keeps those that failed with the reason. */

import type { Clock } from '../../base/clock.ts'
import type { Counter } from '../../base/metrics.ts'
import { bulkInsert } from '../../store/bulk-insert.ts'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { Declaration } from '../declaration.ts'
import { inPieces } from '../tables/pieces.ts'
import { type RecordPlace, TableWriter } from '../tables/writes.ts'
import { type ChainRecord, type MakeRows, type Row, rowMaker } from './mapping.ts'

/** Most failures that are kept of one projection; further ones are counted only. */
const mostFailures = 10_000
/** Longest reason that is kept, in characters. */
const maxReason = 1_000

/** What counts. */
export interface ProjectionMeasures {
  readonly rows: Counter
  readonly failures: Counter
}

/** What a table works with. */
export interface ProjectedTableParts {
  readonly dialect: SqlStore['dialect']
  readonly clock: Clock
  readonly measures: ProjectionMeasures
}

interface Failure extends RecordPlace {
  readonly record: string
  readonly reason: string
}

/** The table of a declaration. */
export class ProjectedTable {
  readonly #name: string
  readonly #make: MakeRows
  readonly #writer: TableWriter
  readonly #with: ProjectedTableParts

  constructor(declaration: Declaration, parts: ProjectedTableParts) {
    this.#name = declaration.name
    this.#make = rowMaker(declaration)
    this.#writer = new TableWriter(declaration, parts.dialect)
    this.#with = parts
  }

  /** Lets nobody else write into the table until the end of the transaction; on SQLite nobody can. */
  async lock(session: SqlSession): Promise<void> {
    if (this.#with.dialect === 'sqlite') return
    await session.get('SELECT name FROM projections WHERE name = ? FOR UPDATE', this.#name)
  }

  /** Takes back the rows of records that are gone, then adds those of records that come. */
  async apply(
    session: SqlSession,
    { gone, come }: { gone: readonly RecordPlace[]; come: readonly ChainRecord[] },
  ): Promise<void> {
    const rows: Row[] = []
    const failures: Failure[] = []
    for (const record of come) {
      try {
        rows.push(...this.#make(record))
      } catch (error) {
        // Whatever an expression does, the chain goes on.
        const reason = error instanceof Error ? error.message : String(error)
        failures.push({ ...record, record: record.id, reason: reason.slice(0, maxReason) })
      }
    }
    if (gone.length > 0) await this.#forget(session, gone)
    if (gone.length > 0 || rows.length > 0) await this.#writer.write(session, { gone, come: rows })
    if (failures.length > 0) await this.#keep(session, failures)
    const { measures } = this.#with
    if (rows.length > 0) measures.rows.add(rows.length, { projection: this.#name })
  }

  /** Takes back what records behind a block made. */
  async dropAbove(session: SqlSession, block: number): Promise<void> {
    await this.#writer.write(session, { gone: await this.#writer.above(session, block), come: [] })
    await session.run(
      'DELETE FROM projection_failures WHERE projection = ? AND block > ?',
      ...[this.#name, block],
    )
  }

  async #forget(session: SqlSession, gone: readonly RecordPlace[]): Promise<void> {
    await inPieces(gone, (some) => {
      const places = some.map(() => '(block = ? AND place = ?)').join(' OR ')
      return session.run(
        `DELETE FROM projection_failures WHERE projection = ? AND (${places})`,
        ...[this.#name, ...some.flatMap(({ block, place }) => [block, place])],
      )
    })
  }

  async #keep(session: SqlSession, failures: readonly Failure[]): Promise<void> {
    this.#with.measures.failures.add(failures.length, { projection: this.#name })
    const kept = await session.get(
      'SELECT count(*) AS n FROM projection_failures WHERE projection = ?',
      this.#name,
    )
    const room = Math.max(0, mostFailures - Number(kept?.n ?? 0))
    const atMs = this.#with.clock.nowMs()
    await bulkInsert(session, {
      into: 'INSERT INTO projection_failures (projection, block, place, record, reason, at_ms)',
      after:
        'ON CONFLICT (projection, block, place) DO UPDATE SET record = excluded.record, reason = excluded.reason',
      rows: failures
        .slice(0, room)
        .map(({ block, place, record, reason }) => [
          this.#name,
          block,
          place,
          record,
          reason,
          atMs,
        ]),
    })
  }
}
