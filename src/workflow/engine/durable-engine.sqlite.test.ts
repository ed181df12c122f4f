/** Runs the tests of durable engines on SQLite. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSqlite } from '../../store/sqlite.ts'
import { durableEngineSuite } from './durable-engine.suite.ts'
import { engineMigrations } from './schema.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'durable-engine-'))
let count = 0

durableEngineSuite('an engine on SQLite', {
  open: async () => {
    count += 1
    const sql = await openSqlite({ path: path.join(folder, `${count}.sqlite`) })
    await sql.migrate(engineMigrations)
    return sql
  },
  end: () => rm(folder, { recursive: true, force: true }),
})
