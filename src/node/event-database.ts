/** Opens the database of events and workflows. */

import path from 'node:path'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { Composition } from './composition.ts'

/** A PostgreSQL server if one is set, else a file in the folder of data; it is closed with the other stops. */
export async function openEventDatabase({ values, stops }: Composition): Promise<SqlStore> {
  const sql = await open(values)
  stops.push(() => sql.close())
  return sql
}

async function open({ database, databaseSchema, data }: Composition['values']): Promise<SqlStore> {
  if (database === undefined) return openSqlite({ path: path.join(data, 'events.sqlite') })
  // The driver is loaded only where it is needed: every start would wait for it.
  const { openPostgres } = await import('../store/postgres.ts')
  return openPostgres({ url: database, schema: databaseSchema ?? 'public' })
}
