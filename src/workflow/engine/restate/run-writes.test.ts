/** Tests that what an invocation writes is written once, and only while the instance is its own. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openPostgres } from '../../../store/postgres.ts'
import type { SqlStore } from '../../../store/sql.ts'
import { openSqlite } from '../../../store/sqlite.ts'
import { temporarySchema } from '../../../store/temporary-schema.ts'
import { insertion, lives } from '../instance-rows.ts'
import { Journal } from '../journal.ts'
import { engineMigrations } from '../schema.ts'
import { keepOnce, RunWrites } from './run-writes.ts'

describe('what an invocation writes', () => {
  let sql: SqlStore
  const opened = async (open: () => Promise<SqlStore>): Promise<SqlStore> => {
    const sql = await open()
    await sql.migrate(engineMigrations)
    await sql.run('CREATE TABLE facts (id TEXT NOT NULL)')
    const row = {
      ...{ id: 'i', namespace: 'n', workflow: 'w', definitionHash: 'h', owner: null, depth: 0 },
      ...{ eventId: undefined, parentId: undefined, traceparent: undefined, input: null },
      ...{ life: lives.length - 1, nowMs: 1 },
    }
    await sql.write([insertion(row, 'null')])
    return sql
  }
  beforeEach(async () => {
    sql = await opened(() => openSqlite({ path: ':memory:' }))
  })
  afterEach(() => sql.close())

  const told: string[] = []
  const writesOf = (number: number, onDisk = 0, on = sql) =>
    new RunWrites({
      ...{ sql: on, id: 'i', number, onDisk, nowMs: () => 1, written: () => {} },
      tell: ({ step }) => told.push(step),
    })
  const fact = { sql: 'INSERT INTO facts VALUES (?)', values: ['fact'] }
  const count = async (table: string) =>
    Number((await sql.get(`SELECT count(*) AS n FROM ${table}`))?.n)
  const line = (journal: Journal, step: string) => {
    const about = { step, kind: 'completed', action: 'act', attempt: 1, startedAtMs: 1, atMs: 1 }
    const { write, seq } = journal.add({ ...about, kind: 'completed', output: '1' }, 1, null)
    const entry = { ...about, seq, kind: 'completed', dropped: false } as const
    return { seq, line: write, entry: { ...entry, input: null, output: 1, error: undefined } }
  }

  test('a piece that was written before anybody heard of it is not written again', async () => {
    const first = writesOf(0)
    first.add({ ...line(new Journal('i'), '/a'), owed: [fact] })
    assert.equal(await first.write(first.take()), true)
    const replayed = writesOf(0)
    replayed.add({ ...line(new Journal('i'), '/a'), owed: [fact] })
    assert.equal(await replayed.write(replayed.take()), true)
    assert.deepEqual([await count('facts'), await count('journal')], [1, 1])
    await keepOnce(sql, '0x1', { id: 'i', writes: [fact] })
    await keepOnce(sql, '0x1', { id: 'i', writes: [fact] })
    assert.equal(await count('facts'), 2)
  })

  test('an invocation ends once, with the lines that nobody has seen, and the next one is due', async () => {
    told.length = 0
    const writes = writesOf(0)
    writes.add({ ...line(new Journal('i'), '/a'), owed: undefined })
    await sql.run('UPDATE instances SET wake_at_ms = NULL')
    assert.equal(await writes.end({ wakeAtMs: 7 }), true)
    assert.equal(await writes.end({ wakeAtMs: 8 }), true)
    const row = await sql.get('SELECT invocation, wake_at_ms AS at FROM instances')
    assert.deepEqual([row?.invocation, row?.at, told], [1, 7, ['/a']])
  })

  test('an invocation that the instance has left writes nothing more', async () => {
    const late = writesOf(0)
    late.add({ ...line(new Journal('i'), '/a'), owed: undefined })
    await sql.run('UPDATE instances SET invocation = 1')
    late.rest({ status: 'running', step: undefined, reason: undefined })
    late.add({ ...line(new Journal('i'), '/b'), owed: [fact] })
    assert.equal(await late.write(late.take()), false)
    await late.stop()
    assert.deepEqual([await count('facts'), await count('journal')], [0, 0])
  })

  test('a line is not shown where the instance is left meanwhile', async () => {
    const write: SqlStore['write'] = async (piece) => {
      await sql.run('UPDATE instances SET invocation = 1')
      return sql.write(piece)
    }
    const late = writesOf(
      0,
      0,
      new Proxy(sql, {
        get: (on, name) => (name === 'write' ? write : Reflect.get(on, name).bind(on)),
      }),
    )
    late.add({ ...line(new Journal('i'), '/a'), owed: undefined })
    late.rest({ status: 'running', step: undefined, reason: undefined })
    await late.stop()
    assert.equal(await count('journal'), 0)
  })

  test('on PostgreSQL a piece waits for who takes the instance away, and is refused then', async () => {
    await sql.close()
    const schema = temporarySchema()
    sql = await opened(() => openPostgres(schema))
    const other = await openPostgres(schema)
    try {
      const late = writesOf(0)
      late.add({ ...line(new Journal('i'), '/a'), owed: [fact] })
      let writing: Promise<boolean> | undefined
      await other.transaction(async (session) => {
        await session.run('UPDATE instances SET invocation = 1')
        writing = late.write(late.take())
        await Promise.race([writing, pause(100)])
      })
      assert.equal(await writing, false)
      assert.deepEqual([await count('facts'), await count('journal')], [0, 0])
    } finally {
      await other.close()
      await schema.remove()
    }
  })

  test('what is refused keeps what was there before it: plain lines are written at the end', async () => {
    const writes = writesOf(0)
    const journal = new Journal('i')
    writes.add({ ...line(journal, '/a'), owed: undefined })
    writes.add({ ...line(journal, '/b'), owed: [{ ...fact, changes: 2 }] })
    assert.equal(await writes.end({ wakeAtMs: 7 }), false)
    assert.equal(await writes.endPlain({ wakeAtMs: 7 }), true)
    assert.deepEqual([await count('facts'), await count('journal')], [0, 1])
  })

  test('lines are told once, in order, also where a replay brings them again', async () => {
    told.length = 0
    const writes = writesOf(0, 1)
    const journal = new Journal('i')
    for (const step of ['/a', '/b']) writes.add({ ...line(journal, step), owed: undefined })
    writes.rest({ status: 'running', step: '/b', reason: undefined })
    writes.tellNext({ ...line(new Journal('i'), '/c').entry })
    await writes.stop()
    assert.deepEqual(told, ['/b', '/c'])
  })
})
