/** Tests that what is moved into the archive is moved once, whatever is cut off. */

import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { archiveMigrations, createArchive, type Move } from './archive.ts'
import { openPostgres } from './postgres.ts'
import type { SqlStore } from './sql.ts'
import { openSqlite } from './sqlite.ts'
import { temporarySchema } from './temporary-schema.ts'

const base = await mkdtemp(path.join(tmpdir(), 'archive-'))
const schema = temporarySchema()
after(async () => {
  await rm(base, { recursive: true, force: true })
  await schema.remove()
})

/** Moves two of the numbers at a time. */
function numbers(pieces: (number | null)[], fails = false): Move<readonly number[]> {
  return {
    file: 'numbers-2026-01-01',
    async find(session) {
      const rows = await session.all('SELECT n FROM numbers ORDER BY n LIMIT 2')
      return rows.length === 0 ? undefined : rows.map(({ n }) => Number(n))
    },
    lines: (found) => found.map(String),
    async remove(session, found, piece) {
      for (const n of found) await session.run('DELETE FROM numbers WHERE n = ?', n)
      if (fails) throw new Error('cut off')
      pieces.push(piece)
    },
  }
}

let count = 0
async function world(sql: SqlStore) {
  count += 1
  const folder = path.join(base, String(count))
  await sql.migrate(archiveMigrations)
  await sql.run('CREATE TABLE numbers (n INTEGER NOT NULL)')
  for (let n = 1; n <= 5; n += 1) await sql.run('INSERT INTO numbers VALUES (?)', n)
  return { folder, file: path.join(folder, 'numbers-2026-01-01.jsonl.gz') }
}

const stores = {
  SQLite: () => openSqlite({ path: ':memory:' }),
  PostgreSQL: () => openPostgres(schema),
}

for (const [name, open] of Object.entries(stores)) {
  test(`on ${name}, rows go piece by piece, and a piece that was cut off goes once`, async () => {
    const sql = await open()
    const { folder, file } = await world(sql)
    const pieces: (number | null)[] = []
    const archive = createArchive(sql, folder)
    assert.equal(await archive.move(numbers(pieces)), true)
    // The file has the piece, the database does not know of it.
    await assert.rejects(archive.move(numbers(pieces, true)), /cut off/)
    const torn = (await stat(file)).size
    await appendFile(file, 'half a piece')
    const again = createArchive(sql, folder)
    while (await again.move(numbers(pieces))) {
      // Until nothing is left.
    }
    assert.ok((await stat(file)).size > torn)
    const lines = []
    for (const piece of pieces) lines.push(...(await again.read(piece ?? 0)))
    assert.deepEqual(lines, ['1', '2', '3', '4', '5'])
    assert.deepEqual((await readdir(folder)).sort(), ['archive-id', 'numbers-2026-01-01.jsonl.gz'])
    await sql.close()
  })
}

test('damage, a shorter file and another folder are told', async () => {
  const sql = await stores.SQLite()
  const { folder, file } = await world(sql)
  const pieces: (number | null)[] = []
  const archive = createArchive(sql, folder)
  await archive.move(numbers(pieces))
  const piece = pieces[0] ?? 0
  const elsewhere = createArchive(sql, path.join(base, 'elsewhere'))
  await assert.rejects(elsewhere.read(piece), { code: 'store/archived-elsewhere' })
  await assert.rejects(createArchive(sql, undefined).read(piece), {
    code: 'store/archived-elsewhere',
  })
  await writeFile(file, 'xx', { flag: 'r+' })
  await assert.rejects(archive.read(piece), { code: 'store/damaged-archive' })
  await truncate(file, 3)
  await assert.rejects(archive.move(numbers(pieces)), { code: 'store/damaged-archive' })
  assert.equal((await sql.all('SELECT * FROM numbers')).length, 3)
  await sql.close()
})

test('without a folder rows are only taken away', async () => {
  const sql = await stores.SQLite()
  await world(sql)
  const pieces: (number | null)[] = []
  await createArchive(sql, undefined).move(numbers(pieces))
  assert.deepEqual(pieces, [null])
  assert.equal((await sql.all('SELECT * FROM numbers')).length, 3)
  await sql.close()
})
