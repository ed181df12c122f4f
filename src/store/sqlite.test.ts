/** Runs the suite of SQL stores on SQLite, and opens files that are none. */

import assert from 'node:assert/strict'
import { type FileHandle, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, type TestContext, test } from 'node:test'
import { sqlSuite } from './sql.suite.ts'
import { openSqlite } from './sqlite.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'qs-sqlite-'))
after(() => rm(folder, { recursive: true }))

sqlSuite('SQLite', () => openSqlite({ path: path.join(folder, 'test.sqlite') }))

test('a file that is no database is refused by name', async () => {
  const file = path.join(folder, 'broken.sqlite')
  await writeFile(file, 'this is no database at all, but long enough to look at'.repeat(100))
  await assert.rejects(openSqlite({ path: file }), {
    code: 'store/damaged-database',
    message: /broken\.sqlite is damaged/,
  })
  await assert.rejects(openSqlite({ path: path.join(folder, 'absent', 'x.sqlite') }), {
    code: 'store/unwritable-folder',
    message: /absent.*make sure that its folder exists/,
  })
})

test('pages of a long log are copied beside the thread that writes, and the log stays bounded', async () => {
  const file = path.join(folder, 'busy.sqlite')
  const store = await openSqlite({ path: file })
  await store.run('CREATE TABLE facts (n INTEGER PRIMARY KEY, text TEXT)')
  const row = 'x'.repeat(1_000)
  const written = 60_000
  for (let n = 0; n < written; n += 2_000) {
    await store.run(
      `INSERT INTO facts WITH RECURSIVE n (n) AS (VALUES (?) UNION ALL SELECT n + 1 FROM n LIMIT 2000)
        SELECT n, ? FROM n`,
      ...[n, row],
    )
  }
  const megabytes = async (name: string) => (await stat(name)).size / 2 ** 20
  const [log, copied] = [await megabytes(`${file}-wal`), await megabytes(file)]
  assert.ok(copied > 15, `the file has ${copied} MiB while the store is open`)
  assert.ok(log < 60, `the log has ${log} MiB, for 60 MiB written`)
  await store.close()
  const again = new DatabaseSync(file)
  assert.deepEqual({ ...again.prepare('SELECT count(*) AS n FROM facts').get() }, { n: written })
  again.close()
})

test('what is written is told when it is on disk, and references are held to be there', async (t) => {
  const store = await openSqlite({ path: path.join(folder, 'settings.sqlite') })
  const setting = async (name: string) =>
    Object.values((await store.get(`PRAGMA ${name}`)) ?? {})[0]
  const normal = 1
  assert.deepEqual(
    [await setting('journal_mode'), await setting('synchronous'), await setting('foreign_keys')],
    ['wal', normal, 1],
    'the log is synced by the store, see decision 38',
  )
  await store.run('CREATE TABLE facts (n INTEGER)')
  const insert = 'INSERT INTO facts VALUES (?)'
  const ways = [
    () => store.run(insert, 1),
    () => store.write([{ sql: insert, values: [2] }]),
    () => store.transaction((session) => session.run(insert, 3)),
  ]
  for (const way of ways) {
    const sync = await heldSync(t)
    let isTold = false
    const written = way().then(() => {
      isTold = true
    })
    await sync.begun
    assert.ok(!isTold)
    sync.end()
    await written
  }
  await store.close()
})

/** Holds the next sync of a file until `end`. */
async function heldSync(t: TestContext) {
  const handle = await open(import.meta.filename)
  const files = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const mock = t.mock.method(files, 'datasync', async () => {
    mock.mock.restore()
    begun.resolve()
    await held.promise
  })
  return { begun: begun.promise, end: held.resolve, fail: held.reject }
}

test('a disk that fails to take the log ends all writing, not the reading', async (t) => {
  const store = await openSqlite({ path: path.join(folder, 'failing.sqlite') })
  await store.run('CREATE TABLE facts (n INTEGER)')
  const sync = await heldSync(t)
  const written = store.run('INSERT INTO facts VALUES (1)')
  sync.fail(new Error('EIO'))
  const told = { code: 'store/unwritable-folder', message: /failing\.sqlite.*disk/ }
  await assert.rejects(written, told)
  await assert.rejects(store.write([]), told)
  await store.all('SELECT * FROM facts')
  await store.close()
})

test('a file that can only be read is refused when it is opened', async () => {
  const file = path.join(folder, 'read-only.sqlite')
  await (await openSqlite({ path: file })).close()
  await assert.rejects(openSqlite({ path: `file:${file}?mode=ro` }), {
    code: 'store/unwritable-folder',
  })
  await (await openSqlite({ path: file })).close()
})

test('a disk that can no longer be written is told with the file', async () => {
  const store = await openSqlite({ path: path.join(folder, 'full.sqlite') })
  await store.run('CREATE TABLE facts (text TEXT)')
  await store.run('PRAGMA max_page_count = 3')
  const fill = store.transaction(async (session) => {
    for (let n = 0; n < 10; n += 1)
      await session.run('INSERT INTO facts VALUES (?)', 'x'.repeat(4_000))
  })
  await assert.rejects(fill, { code: 'store/unwritable-folder', message: /full\.sqlite.*full/ })
  assert.deepEqual(await store.all('SELECT * FROM facts'), [])
  await store.close()
})

test('damage that is met later is told with the file', async () => {
  const file = path.join(folder, 'later.sqlite')
  const store = await openSqlite({ path: file })
  await store.run('CREATE TABLE facts (text TEXT)')
  for (let n = 0; n < 100; n += 1)
    await store.run('INSERT INTO facts VALUES (?)', `${n}`.repeat(500))
  await store.close()
  const bytes = await readFile(file)
  await writeFile(file, bytes.fill(0x5a, 8_192))
  const damaged = await openSqlite({ path: file })
  const told = { code: 'store/damaged-database', message: /later\.sqlite is damaged.*backup/ }
  await assert.rejects(damaged.all('SELECT * FROM facts'), told)
  await damaged.close()
  await writeFile(file, bytes.subarray(0, 6_000))
  await assert.rejects(openSqlite({ path: file }), told)
})

test('a database that another process writes to is told as in use', async () => {
  const file = path.join(folder, 'used.sqlite')
  const other = new DatabaseSync(file)
  other.exec('PRAGMA journal_mode = WAL; CREATE TABLE facts (x TEXT); BEGIN EXCLUSIVE')
  await assert.rejects(openSqlite({ path: file, busyTimeoutMs: 20 }), {
    code: 'store/busy',
    retry: 'later',
  })
  other.close()
})

test('more statements than are kept prepared all work', async () => {
  const store = await openSqlite({ path: ':memory:' })
  for (let n = 0; n < 500; n += 1) {
    const row = await store.get(`SELECT ${n} AS n, ? AS given`, 2n ** 53n + 1n)
    assert.deepEqual(row, { n, given: 2n ** 53n + 1n })
  }
  await store.close()
})
