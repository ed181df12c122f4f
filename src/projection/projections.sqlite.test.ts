/** Projects into SQLite. */

import { openSqlite } from '../store/sqlite.ts'
import { projectionsSuite } from './projections.suite.ts'

projectionsSuite('SQLite', async (t) => {
  const sql = await openSqlite({ path: ':memory:' })
  t.after(() => sql.close())
  return sql
})
