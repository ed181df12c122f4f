/** Projects into PostgreSQL. */

import { openPostgres } from '../store/postgres.ts'
import type { SqlStore } from '../store/sql.ts'
import { temporarySchema } from '../store/temporary-schema.ts'
import { chainDataSuite } from './chain-data.suite.ts'
import { changedDeclarationsSuite } from './changed-declarations.suite.ts'
import { madeContractsSuite } from './made-contracts.suite.ts'
import { projectionsSuite } from './projections.suite.ts'
import type { Test } from './test-bed/projecting.ts'

projectionsSuite('PostgreSQL', open, 2)
changedDeclarationsSuite('PostgreSQL', open)
madeContractsSuite('PostgreSQL', open)
chainDataSuite('PostgreSQL', open)

const schemas = new WeakMap<SqlStore, ReturnType<typeof temporarySchema>>()

async function open(t: Test, before?: SqlStore): Promise<SqlStore> {
  const known = before && schemas.get(before)
  const schema = known ?? temporarySchema()
  await before?.close()
  const sql = await openPostgres({ ...schema, poolSize: 4 })
  schemas.set(sql, schema)
  t.after(async () => {
    await sql.close()
    if (!known) await schema.remove()
  })
  return sql
}
