/** Keeps the alarms of a listener until somebody has looked at them, and who that was. */

import type { Page, PageQuery } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { SqlRow, SqlSession, SqlStore } from '../../store/sql.ts'
import type { ListenerAlarm } from '../stream.ts'

/** Alarms of a chain that are kept. */
const maxKept = 1_000
/** Open alarms that the status shows, the newest. */
const maxShown = 16

/** What happened. */
export type NewAlarm = Pick<ListenerAlarm, 'kind' | 'detail' | 'atMs'>

/** The alarms of one chain, in a database with `streamMigrations`. */
export class Alarms {
  readonly #sql: SqlStore
  readonly #chain: string
  #open: readonly ListenerAlarm[] = []

  constructor(sql: SqlStore, chain: string) {
    this.#sql = sql
    this.#chain = chain
  }

  /** Those that nobody has acknowledged, oldest first, as far as they were read. */
  get open(): readonly ListenerAlarm[] {
    return this.#open
  }

  /** Reads what is open. */
  async look(): Promise<void> {
    const rows = await this.#sql.all(
      `${selected} AND acknowledged_at_ms IS NULL ORDER BY seq DESC LIMIT ?`,
      ...[this.#chain, maxShown],
    )
    this.#open = rows.map(alarmOf).reverse()
  }

  /** Writes one along with what it is about; `look` after the commit. One that is open already is not raised twice. */
  async raise(session: SqlSession, { kind, detail, atMs }: NewAlarm): Promise<void> {
    await session.run(
      `INSERT INTO listener_alarms (chain, kind, detail, at_ms) SELECT ?, ?, ?, CAST(? AS INTEGER) WHERE NOT EXISTS (
        SELECT 1 FROM listener_alarms WHERE chain = ? AND kind = ? AND detail = ? AND acknowledged_at_ms IS NULL)`,
      ...[this.#chain, kind, detail, atMs, this.#chain, kind, detail],
    )
    await session.run(
      `DELETE FROM listener_alarms WHERE chain = ? AND seq <= (SELECT seq FROM listener_alarms WHERE chain = ?
        ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
      ...[this.#chain, this.#chain, maxKept],
    )
  }

  /** Acknowledges one, or all that are open. @returns how many */
  async acknowledge(who: string, atMs: number, number?: number): Promise<number> {
    const one = number === undefined ? '' : ' AND seq = ?'
    const changed = await this.#sql.run(
      `UPDATE listener_alarms SET acknowledged_by = ?, acknowledged_at_ms = ? WHERE chain = ?
        AND acknowledged_at_ms IS NULL${one}`,
      ...[who, atMs, this.#chain, ...(number === undefined ? [] : [number])],
    )
    await this.look()
    return changed
  }

  /** All that are kept, newest first. */
  list(query: PageQuery): Promise<Page<ListenerAlarm>> {
    return sequencePage(this.#sql, {
      ...{ ...query, select: selected, values: [this.#chain], read: alarmOf },
    })
  }
}

const selected = 'SELECT * FROM listener_alarms WHERE chain = ?'

function alarmOf(row: SqlRow): ListenerAlarm {
  const by = row.acknowledged_by
  return {
    ...{ number: Number(row.seq), kind: row.kind as ListenerAlarm['kind'] },
    ...{ atMs: Number(row.at_ms), detail: String(row.detail) },
    acknowledged:
      by === null ? undefined : { by: String(by), atMs: Number(row.acknowledged_at_ms) },
  }
}
