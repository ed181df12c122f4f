/** Reads instances with their journals; those that are wanted at once are read together. */

import { bulkSelect } from '../../store/bulk-select.ts'
import type { SqlRow, SqlSession } from '../../store/sql.ts'
import { Journal, journalRows } from './journal.ts'

/** An instance as it is stored. */
export interface StoredInstance {
  readonly found: SqlRow
  readonly journal: Journal
}

interface Waiting {
  readonly id: string
  resolve(stored: StoredInstance | undefined): void
  reject(error: unknown): void
}

/** Gives an instance by its id; `undefined` where there is none. */
export type ReadInstance = (id: string) => Promise<StoredInstance | undefined>

/**
 * A reader of instances: what is asked for in one turn takes two statements for each 64, on PostgreSQL a fraction of what
 * two for each cost.
 */
export function instanceReader(sql: SqlSession): ReadInstance {
  let waiting: Waiting[] = []
  const read = async () => {
    const asked = waiting
    waiting = []
    try {
      const give = await readAll(sql, [...new Set(asked.map(({ id }) => id))])
      for (const { id, resolve, reject } of asked) {
        // A journal that cannot be read is nobody else's trouble.
        try {
          resolve(give(id))
        } catch (error) {
          reject(error)
        }
      }
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
  return (id) =>
    new Promise((resolve, reject) => {
      waiting.push({ id, resolve, reject })
      if (waiting.length === 1) queueMicrotask(read)
    })
}

async function readAll(
  sql: SqlSession,
  values: readonly string[],
): Promise<(id: string) => StoredInstance | undefined> {
  const rows = await bulkSelect(sql, {
    query: (marks) => `SELECT * FROM instances WHERE id IN (${marks})`,
    values,
  })
  const lines = Map.groupBy(await journalRows(sql, values), (line) => String(line.instance_id))
  const found = new Map(rows.map((row) => [String(row.id), row]))
  return (id) => {
    const row = found.get(id)
    return row && { found: row, journal: Journal.of(id, lines.get(id) ?? []) }
  }
}
