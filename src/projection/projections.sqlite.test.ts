/** Projects into SQLite. */

import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { chainDataSuite } from './chain-data.suite.ts'
import { changedDeclarationsSuite } from './changed-declarations.suite.ts'
import { madeContractsSuite } from './made-contracts.suite.ts'
import { projectionsSuite } from './projections.suite.ts'
import type { Test } from './test-bed/projecting.ts'

projectionsSuite('SQLite', open)
changedDeclarationsSuite('SQLite', open)
madeContractsSuite('SQLite', open)
chainDataSuite('SQLite', open)

async function open(t: Test, before?: SqlStore): Promise<SqlStore> {
  if (before) return before
  const sql = await openSqlite({ path: ':memory:' })
  t.after(() => sql.close())
  return sql
}
