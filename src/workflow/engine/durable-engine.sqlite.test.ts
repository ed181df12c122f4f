/** Runs the tests of durable engines on SQLite. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { openSqlite } from '../../store/sqlite.ts'
import { controlsSuite } from './controls.suite.ts'
import { deadlinesSuite } from './deadlines.suite.ts'
import { durableEngineSuite } from './durable-engine.suite.ts'
import { durableWaitsSuite } from './durable-waits.suite.ts'
import { migrationSuite } from './migration.suite.ts'
import { retractionsSuite } from './retractions.suite.ts'
import { runTimeSuite } from './run-time.suite.ts'
import { engineMigrations } from './schema.ts'
import { triggerSetsSuite } from './trigger-sets.suite.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'durable-engine-'))
let count = 0
after(() => rm(folder, { recursive: true, force: true }))

async function open() {
  count += 1
  const sql = await openSqlite({ path: path.join(folder, `${count}.sqlite`) })
  await sql.migrate(engineMigrations)
  return sql
}

durableEngineSuite('an engine on SQLite', open)
durableWaitsSuite('an engine on SQLite', open)
migrationSuite('an engine on SQLite', open)
retractionsSuite('an engine on SQLite', open)
triggerSetsSuite('an engine on SQLite', open)
runTimeSuite('an engine on SQLite', open)
deadlinesSuite('an engine on SQLite', open)
controlsSuite('an engine on SQLite', open)
