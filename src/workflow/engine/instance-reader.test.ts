/** Reads several instances at once, one of which cannot be read. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSqlite } from '../../store/sqlite.ts'
import { instanceReader } from './instance-reader.ts'
import { insertion, lives } from './instance-rows.ts'
import { Journal } from './journal.ts'
import { engineMigrations } from './schema.ts'

test('an instance that cannot be read keeps no other one from being read', async (t) => {
  const sql = await openSqlite({ path: ':memory:' })
  t.after(() => sql.close())
  await sql.migrate(engineMigrations)
  for (const id of ['good', 'bad']) {
    const row = {
      ...{ id, namespace: 'n', workflow: 'w', definitionHash: 'h', owner: null, depth: 0 },
      ...{ eventId: undefined, parentId: undefined, traceparent: undefined, input: null },
      ...{ life: lives.length - 1, nowMs: 1 },
    }
    const about = { step: '/a', action: 'act', attempt: 1, startedAtMs: 1, atMs: 1 }
    const line = { ...about, kind: 'completed', output: id === 'good' ? '7' : '{' } as const
    await sql.write([insertion(row, 'null'), new Journal(id).add(line, 7, null).write])
  }
  const read = instanceReader(sql)
  const ids = ['bad', 'good', 'none', 'good']
  const [bad, good, none, again] = await Promise.allSettled(ids.map(read))
  assert.equal(bad?.status, 'rejected')
  assert.deepEqual(none, { status: 'fulfilled', value: undefined })
  const journals = [good, again].map((one) =>
    one?.status === 'fulfilled' ? one.value?.journal : assert.fail(),
  )
  assert.deepEqual(
    journals.map((journal) => journal?.get('/a')?.output),
    [7, 7],
  )
  // Each is of a run of its own.
  assert.notEqual(journals[0], journals[1])
})
