/** Tests what every SQL store must do; each implementation runs it from its own test file. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SqlSession, SqlStore } from './sql.ts'

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
        ...(await store.all('SELECT * FROM facts ORDER BY name')),
        { name: 'last', value: 1 },
      ]
      const last = store.run('INSERT INTO facts VALUES (?, ?)', 'last', 1)
      const closing = store.close()
      await assert.rejects(store.all('SELECT 1'), { code: 'store/closed' })
      assert.equal(await last, 1, 'what was asked before is done before')
      await Promise.all([closing, store.close()])
      store = await open()
      assert.deepEqual(await store.all('SELECT * FROM facts ORDER BY name'), before)
    })
  })
}
