/** Opens a schema of PostgreSQL for each path that a test opens as SQLite; `on-postgres.ts` puts it in the place of that. */

import { randomBytes } from 'node:crypto'
import { openPostgres } from '../../src/store/postgres.ts'
import type { SqlStore } from '../../src/store/sql.ts'
import { temporarySchema } from '../../src/store/temporary-schema.ts'

const schemas = new Map<string, ReturnType<typeof temporarySchema>>()

/** See `src/store/sqlite.ts`. */
export async function openSqlite({ path }: { readonly path: string }): Promise<SqlStore> {
  const name = path === ':memory:' ? randomBytes(8).toString('hex') : path
  const schema = schemas.get(name) ?? temporarySchema()
  schemas.set(name, schema)
  return openPostgres({ ...schema, poolSize: 4 })
}

/** Drops all that was opened. */
export async function removeSchemas(): Promise<void> {
  for (const schema of schemas.values()) await schema.remove()
}
