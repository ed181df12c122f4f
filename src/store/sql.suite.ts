/** Tests what every SQL store must do; each implementation runs it from its own test file. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SqlRow, SqlSession, SqlStore, SqlWrite } from './sql.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(2)
}

/** Declares the tests; `open` gives the same store again, whether or not it was closed before. */
export function sqlSuite(name: string, open: () => Promise<SqlStore>): void {
  describe(`${name} is an SQL store`, () => {
    let store: SqlStore
    const values = {
      id: 'test/003',
      statements: [
        `CREATE TABLE "values?" (id INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB, fraction REAL,
          note TEXT DEFAULT 'a BLOB of INTEGER')`,
      ],
    }
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

    test('transactions that want to be alone run one after the other', async () => {
      const addAlone = async (session: SqlSession, value: number) => {
        const query = 'SELECT value FROM facts WHERE name = ?'
        const row = await session.get<{ value: number }>(query, 'a')
        await new Promise((resolve) => setImmediate(resolve))
        const sum = (row?.value ?? 0) + value
        await session.run('UPDATE facts SET value = ? WHERE name = ?', sum, 'a')
      }
      const add = (value: number) =>
        store.transaction((session) => addAlone(session, value), { alone: 'sum' })
      const addLocked = (value: number) =>
        store.transaction(async (session) => {
          await session.get('SELECT value FROM facts WHERE name = ? FOR UPDATE', 'a')
          await addAlone(session, value)
        })
      const value = async () =>
        Number((await store.get('SELECT value FROM facts WHERE name = ?', 'a'))?.value)
      const first = await value()
      await Promise.all([add(1), add(2), add(3), add(4)])
      assert.equal((await value()) - first, 10)
      await Promise.all([addLocked(1), addLocked(2), addLocked(3)])
      assert.equal((await value()) - first, 16)
    })

    test('a query sees what was committed, also while a transaction is under way', async () => {
      const before = await count()
      const [isThere, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const writing = store.transaction(async (session) => {
        await session.run('INSERT INTO facts VALUES (?, ?)', 'under way', 1)
        isThere.resolve()
        await goOn.promise
      })
      await isThere.promise
      assert.equal(await count(), before)
      goOn.resolve()
      await writing
      assert.equal(await count(), before + 1)
    })

    test('values come back as they were: bytes, fractions, truths and question marks', async () => {
      await store.migrate([...migrations, values])
      const bytes = Uint8Array.of(0, 1, 254, 255)
      await store.run(
        `INSERT INTO "values?" (bytes, fraction, note) VALUES (?, ?, 'why? "it''s"') -- ?`,
        ...[bytes, 0.1],
      )
      const row = await store.get(
        'SELECT *, fraction < ? AS truth, CAST(? AS INTEGER) AS cast_value FROM "values?" WHERE (? IS NULL OR note = ?) /* ? */',
        ...[1, 2 ** 42, null, null],
      )
      assert.deepEqual(row, {
        id: 1,
        bytes,
        fraction: 0.1,
        note: `why? "it's"`,
        truth: 1,
        cast_value: 2 ** 42,
      })
      const [added] = await store.all(
        'INSERT INTO "values?" (note) VALUES (?) RETURNING id, bytes',
        'x',
      )
      assert.deepEqual(added, { id: 2, bytes: null })
      assert.deepEqual(await store.get('SELECT count(*) AS n, sum(id) AS s FROM "values?"'), {
        n: 2,
        s: 3,
      })
    })

    test('who listens hears notices, and no more after the end of it', async () => {
      let heard = 0
      const first = Promise.withResolvers<void>()
      const end = store.listen('things', () => {
        heard += 1
        first.resolve()
      })
      const other = Promise.withResolvers<void>()
      store.listen('other', other.resolve)
      await until(async () => {
        await store.notify('things')
        return heard > 0
      })
      await first.promise
      end()
      const before = heard
      await store.notify('things')
      await until(async () => {
        await store.notify('other')
        return Promise.race([other.promise.then(() => true), pause(5).then(() => false)])
      })
      assert.equal(heard, before)
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
      await store.migrate([...migrations, values])
      const changed = [{ id: 'test/001', statements: ['CREATE TABLE facts (other TEXT)'] }]
      await assert.rejects(store.migrate([...changed, values]), { code: 'store/migration-differs' })
      const half = { id: 'test/002', statements: ['CREATE TABLE more (x TEXT)', 'NO SQL AT ALL'] }
      await assert.rejects(store.migrate([...migrations, values, half]), /NO|syntax/)
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
        () => store.notify('things'),
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
