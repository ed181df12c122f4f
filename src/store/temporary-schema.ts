/** A schema of its own for a test, on the PostgreSQL server that tests use. */

import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** `QS_TEST_POSTGRES`, or the server of this machine. */
export const postgresUrl = process.env.QS_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/test'

/** Where a store is opened; `remove` drops the schema with all that is in it. */
export function temporarySchema() {
  const schema = `qs_test_${randomBytes(6).toString('hex')}`
  return {
    ...{ url: postgresUrl, schema },
    remove: async () => {
      const client = new pg.Client({ connectionString: postgresUrl })
      await client.connect()
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await client.end()
    },
  }
}
