/** Tests what every SQL store must do; each implementation runs it from its own test file. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SqlRow, SqlSession, SqlStore, SqlWrite } from './sql.ts'

/** Declares the tests; `open` gives the same store again, whether or not it was closed before. */
export function sqlSuite(name: string, open: () => Promise<SqlStore>): void {
  describe(`${name} is an SQL store`, () => {
    let store: SqlStore
    const migrations = [
      { id: 'test/001', statements: ['CREATE TABLE facts (name TEXT PRIMARY KEY, value BIGINT)'] },
    ]
    before(async () => {
      store = await open()
      await store.migrate(migrations)
    })
    after(() => store.close())
    const count = async () => (await store.all('SELECT * FROM facts')).length

    test('rows are written, counted and read back, integers exactly', async () => {
      const written = await store.run(
        'INSERT INTO facts VALUES (?, ?), (?, ?)',
        'a',
        1,
        'b',
        2n ** 62n,
      )
      assert.equal(written, 2)
      assert.deepEqual(await store.get('SELECT * FROM facts WHERE name = ?', 'a'), {
        name: 'a',
        value: 1,
      })
      const [big] = await store.all('SELECT value FROM facts WHERE name = ?', 'b')
      assert.equal(big?.value, 2n ** 62n)
      assert.equal(await store.get('SELECT * FROM facts WHERE name = ?', 'z'), undefined)
    })

    test('a transaction that fails leaves nothing', async () => {
      const before = await count()
      const failing = store.transaction(async (session) => {
        await session.run('INSERT INTO facts VALUES (?, ?)', 'c', 3)
        throw new Error('no')
      })
      await assert.rejects(failing, /no/)
      assert.equal(await count(), before)
    })

    test('transactions run one after the other, and nothing falls between', async () => {
      const add = (value: number) =>
        store.transaction(async (session) => {
          const row = await session.get<{ value: number }>(
            'SELECT value FROM facts WHERE name = ?',
            'a',
          )
          await new Promise((resolve) => setImmediate(resolve))
          await session.run(
            'UPDATE facts SET value = ? WHERE name = ?',
            (row?.value ?? 0) + value,
            'a',
          )
        })
      const [first] = await store.all<{ value: number }>(
        'SELECT value FROM facts WHERE name = ?',
        'a',
      )
      const between = store.run('UPDATE facts SET value = value + 1000 WHERE name = ?', 'a')
      await Promise.all([add(1), add(2), between, add(3)])
      const [last] = await store.all<{ value: number }>(
        'SELECT value FROM facts WHERE name = ?',
        'a',
      )
      assert.equal((last?.value ?? 0) - (first?.value ?? 0), 1_006)
    })

    test('a session is worth nothing after its transaction', async () => {
      const session = await store.transaction(async (one) => one)
      await assert.rejects(session.run('DELETE FROM facts'), { code: 'store/ended-session' })
    })

    const insert = (name: string, value: number): SqlWrite => {
      return { sql: 'INSERT INTO facts VALUES (?, ?)', values: [name, value], changes: 1 }
    }
    const found = async (prefix: string) => {
      const sql = 'SELECT name FROM facts WHERE name LIKE ? ORDER BY name'
      return (await store.all(sql, `${prefix}%`)).map(({ name }) => name)
    }

    test('pieces are written whole or not at all, each for itself', async () => {
      await store.write([insert('w-known', 1)])
      const change = 'UPDATE facts SET value = 2 WHERE name = ?'
      const outcomes = await Promise.allSettled([
        store.write([insert('w-1', 1), insert('w-2', 1)]),
        store.write([insert('w-3', 1), { sql: change, values: ['w-absent'], changes: 1 }]),
        store.write([{ sql: change, values: ['w-absent'], changes: 1 }, insert('w-4', 1)]),
        store.write([insert('w-5', 1), insert('w-known', 1)]),
        store.write([{ sql: change, values: ['w-1'], changes: 1 }]),
        store.write([{ sql: change, values: ['w-absent'] }]),
        store.write([]),
      ])
      const told = outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'written'))
      assert.deepEqual(told.toSpliced(3, 1), [
        ...['written', 'store/unexpected-rows', 'store/unexpected-rows'],
        ...['written', 'written', 'written'],
      ])
      assert.equal(outcomes[3]?.status, 'rejected')
      assert.deepEqual(await found('w-'), ['w-1', 'w-2', 'w-known'])
      assert.equal((await store.get('SELECT value FROM facts WHERE name = ?', 'w-1'))?.value, 2)
    })

    test('pieces are written in the order of their calls, and are seen once they are', async () => {
      await store.write([insert('o', 0)])
      const set = 'UPDATE facts SET value = ? WHERE name = ? AND value = ?'
      const seen: unknown[] = []
      const look = async () =>
        seen.push((await store.get('SELECT value FROM facts WHERE name = ?', 'o'))?.value)
      const steps = Array.from({ length: 1_500 }, (_, n) =>
        store.write([{ sql: set, values: [n + 1, 'o', n], changes: 1 }]).then(look),
      )
      await Promise.all(steps)
      assert.equal(seen.length, 1_500)
      assert.ok(seen.every((value, n) => Number(value) > n))
      assert.equal(seen.at(-1), 1_500)
    })

    test('more pieces than can wait are refused, and come through later', async () => {
      const pieces = Array.from({ length: 10_001 }, () => store.write([]))
      const outcomes = await Promise.allSettled(pieces)
      const refused = outcomes.filter((one) => one.status === 'rejected')
      assert.deepEqual(
        refused.map(({ reason }) => [reason.code, reason.retry]),
        [['store/busy', 'later']],
      )
      await store.write([])
    })

    test('a migration runs once, and a changed one is refused', async () => {
      await store.migrate(migrations)
      const changed = [{ id: 'test/001', statements: ['CREATE TABLE facts (other TEXT)'] }]
      await assert.rejects(store.migrate(changed), { code: 'store/migration-differs' })
      const half = { id: 'test/002', statements: ['CREATE TABLE more (x TEXT)', 'NO SQL AT ALL'] }
      await assert.rejects(store.migrate([...migrations, half]), /NO|syntax/)
      await assert.rejects(store.all('SELECT * FROM more'))
    })

    test('a database of a newer program is refused, and left as it is', async () => {
      const older = [{ id: 'test/000', statements: ['CREATE TABLE more (x TEXT)'] }]
      await assert.rejects(store.migrate(older), {
        code: 'store/newer-database',
        message: /test\/001/,
      })
      await assert.rejects(store.all('SELECT * FROM more'))
    })

    test('whoever would wait for the own transaction is told so', async () => {
      const before = await count()
      const attempts: readonly ((session: SqlSession) => Promise<unknown>)[] = [
        () => store.transaction(async () => {}),
        () => store.get('SELECT 1'),
        () => store.write([]),
        () => store.close(),
        async (session) => {
          await session.run('INSERT INTO facts VALUES (?, ?)', 'nested', 1)
          await new Promise((resolve) => setImmediate(resolve))
          await store.run('DELETE FROM facts')
        },
      ]
      for (const attempt of attempts) {
        await assert.rejects(store.transaction(attempt), { code: 'store/nested-transaction' })
      }
      assert.equal(await count(), before)
      let later: Promise<unknown> | undefined
      await store.transaction(async () => {
        later = new Promise((resolve) => setTimeout(() => resolve(count()), 5))
      })
      assert.equal(await later, before, 'what outlives the transaction that began it is outside')
    })

    test('what was committed is there after closing and opening', async () => {
      const before = [
        ...(await store.all('SELECT * FROM facts')),
        { name: 'last', value: 1 },
        { name: 'last-piece', value: 1 },
      ]
      const last = store.run('INSERT INTO facts VALUES (?, ?)', 'last', 1)
      const piece = store.write([insert('last-piece', 1)])
      const closing = store.close()
      await assert.rejects(store.all('SELECT 1'), { code: 'store/closed' })
      await assert.rejects(store.write([]), { code: 'store/closed' })
      assert.equal(await last, 1, 'what was asked before is done before')
      await piece
      await Promise.all([closing, store.close()])
      store = await open()
      const order = (rows: readonly SqlRow[]) =>
        rows.toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1))
      assert.deepEqual(order(await store.all('SELECT * FROM facts')), order(before))
    })
  })
}
