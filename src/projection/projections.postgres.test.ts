/** Projects into PostgreSQL. */

import { openPostgres } from '../store/postgres.ts'
import type { SqlStore } from '../store/sql.ts'
import { temporarySchema } from '../store/temporary-schema.ts'
import { projectionsSuite } from './projections.suite.ts'
import type { Test } from './test-bed/projecting.ts'

projectionsSuite('PostgreSQL', open, 2)

async function open(t: Test): Promise<SqlStore> {
  const schema = temporarySchema()
  const sql = await openPostgres({ ...schema, poolSize: 4 })
  t.after(async () => {
    await sql.close()
    await schema.remove()
  })
  return sql
}
