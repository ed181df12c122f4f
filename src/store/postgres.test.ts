/** Runs the suite of SQL stores on PostgreSQL, and shows what a wrong address is told. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openPostgres } from './postgres.ts'
import { sqlSuite } from './sql.suite.ts'
import { postgresUrl, temporarySchema } from './temporary-schema.ts'

const schema = temporarySchema()
after(() => schema.remove())

sqlSuite('PostgreSQL', () => openPostgres(schema))

test('an address that leads nowhere is told in words', async () => {
  const at = (change: (url: URL) => void) => {
    const url = new URL(postgresUrl)
    change(url)
    return openPostgres({ url: String(url) })
  }
  await assert.rejects(
    at((url) => {
      url.port = '1'
    }),
    {
      code: 'store/unreachable',
      retry: 'later',
      message: /127\.0\.0\.1:1\/test cannot be reached/,
    },
  )
  await assert.rejects(
    at((url) => {
      url.pathname = '/absent'
    }),
    { code: 'store/unknown-database', message: /absent.*create it/ },
  )
  await assert.rejects(
    at((url) => {
      url.username = 'nobody-there'
    }),
    { code: 'store/access-denied', message: /refuses the user/ },
  )
  await assert.rejects(openPostgres({ url: 'mysql://x/y' }), { code: 'store/bad-address' })
  await assert.rejects(openPostgres({ url: postgresUrl, schema: 'x; DROP' }), {
    code: 'store/bad-address',
  })
})

test('pieces that a deadlock ended are written after all, and those behind them too', async () => {
  const place = temporarySchema()
  const stores = await Promise.all([openPostgres(place), openPostgres(place)])
  const [one, other] = stores as [(typeof stores)[0], (typeof stores)[0]]
  try {
    await one.run('CREATE TABLE sums (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)')
    await one.run('INSERT INTO sums VALUES (1, 0), (2, 0)')
    const sql = 'UPDATE sums SET n = n + ? WHERE id = ?'
    const piece = [1, 2].map((id) => ({ sql, values: [1, id], changes: 1 }))
    let written: Promise<void> | undefined
    await other.transaction(async (session) => {
      await session.run(sql, 10, 2)
      written = one.write(piece)
      await session.get('SELECT pg_sleep(0.1)')
      // Whoever began to wait first finds the deadlock, and is ended.
      await session.run(sql, 10, 1)
    })
    await written
    await one.write(piece)
    assert.deepEqual(
      (await one.all('SELECT n FROM sums ORDER BY id')).map(({ n }) => n),
      [12, 12],
    )
  } finally {
    await Promise.all(stores.map((store) => store.close()))
    await place.remove()
  }
})

test('two stores on one database: alone is alone, and notices are heard by both', async () => {
  const other = temporarySchema()
  const stores = await Promise.all([openPostgres(other), openPostgres(other)])
  const [one, two] = stores
  await Promise.all(stores.map((store) => store.migrate([counter])))
  await one?.run('INSERT INTO counter VALUES (0)')
  const rounds = Array.from({ length: 20 }, (_, n) =>
    stores[n % 2]?.transaction(
      async (session) => {
        const row = await session.get('SELECT n FROM counter')
        await session.run('UPDATE counter SET n = ?', Number(row?.n) + 1)
      },
      { alone: 'counter' },
    ),
  )
  await Promise.all(rounds)
  assert.deepEqual(await two?.all('SELECT n FROM counter'), [{ n: 20 }])
  const heard = Promise.withResolvers<void>()
  const end = two?.listen('counter', heard.resolve)
  await one?.notify('counter')
  await heard.promise
  end?.()
  await Promise.all(stores.map((store) => store.close()))
  await other.remove()
})

const counter = { id: 'test/counter', statements: ['CREATE TABLE counter (n INTEGER)'] }
