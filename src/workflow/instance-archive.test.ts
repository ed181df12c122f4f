/** Tests that instances that ended long ago leave the tables once, are found again, and start nothing again. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { archiveMigrations, createArchive } from '../store/archive.ts'
import { openPostgres } from '../store/postgres.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { temporarySchema } from '../store/temporary-schema.ts'
import { engineMigrations } from './engine/schema.ts'
import { createInstanceArchive } from './instance-archive.ts'
import { alteredStore } from './test-world/altered-store.ts'
import { chainEvent, DurableWorld, written } from './test-world/durable-world.ts'

const base = await mkdtemp(path.join(tmpdir(), 'instance-archive-'))
const schemas: ReturnType<typeof temporarySchema>[] = []
after(async () => {
  await rm(base, { recursive: true, force: true })
  for (const { remove } of schemas) await remove()
})
let count = 0
const dayMs = 86_400_000

async function openWorld(open: () => Promise<SqlStore>) {
  count += 1
  const sql = await open()
  await sql.migrate([...archiveMigrations, ...engineMigrations])
  const world = new DurableWorld(sql)
  const act = written('act', async (context, input) => [
    input,
    await world.effects.act(context, '/do/0/act'),
  ])
  const naps = written('naps', async (context) => {
    await context.sleep('/do/0/nap', 100 * dayMs)
    return 'rested'
  })
  const metadata = (retention: string) => ({ document: { metadata: { retention } } })
  const short = { ...act, name: 'short', hash: 'short', document: metadata('PT1H') }
  const kept = { ...act, name: 'kept', hash: 'kept', document: metadata('forever') }
  const on = { on: { kind: 'one' as const, wishes: [{ attributes: { type: 'evm.log' } }] } }
  const triggered = { ...act, name: 'triggered', hash: 'triggered', trigger: on }
  const parent = written('parent', async (context) => {
    const child = { namespace: 'test', name: 'act', version: 'latest', input: 1, awaited: true }
    await context.child('/do/0/child', child)
    await context.sleep('/do/1/nap', 100 * dayMs)
    return null
  })
  await world.engine.start()
  await world.deploy(act, naps, short, kept, triggered, parent)
  const folder = path.join(base, String(count))
  const archiveOver = (store = sql) =>
    createInstanceArchive({
      ...{ sql: store, clock: world.time, retentionMs: 30 * dayMs },
      archive: createArchive(store, folder),
    })
  const ended = async (name: string, id: string) => world.engine.run({ name }, id, { id })
  const left = async () =>
    (await sql.all('SELECT id FROM instances ORDER BY seq')).map(({ id }) => String(id))
  const archived = async (of = archiveOver()) =>
    (await of.list({ limit: 50 })).items.map(({ id }) => id).sort()
  return { sql, world, archiveOver, ended, left, archived }
}

async function all(archive: { moveSome(): Promise<boolean> }): Promise<void> {
  for (let turn = 0; turn < 20 && (await archive.moveSome()); turn += 1) {
    // Until nothing is left.
  }
}

const stores = {
  SQLite: () => openSqlite({ path: ':memory:' }),
  PostgreSQL: () => {
    const schema = temporarySchema()
    schemas.push(schema)
    return openPostgres(schema)
  },
}

for (const [name, open] of Object.entries(stores)) {
  describe(`the archive of instances on ${name}`, () => {
    test('takes those whose time is over, each by its definition, and has them when asked', async () => {
      const { sql, world, archiveOver, ended, left, archived } = await openWorld(open)
      for (const id of ['a', 'b']) await ended('act', id)
      await ended('short', 's')
      await ended('kept', 'k')
      const sleeper = await world.engine.begin({ name: 'naps' }, null, { id: 'n' })
      const parent = await world.engine.begin({ name: 'parent' }, null, { id: 'p' })
      for (const id of [sleeper, parent]) await world.until(id, (one) => one.status === 'waiting')
      const [, child] = await sql.all(
        `SELECT id FROM instances WHERE workflow = 'act' ORDER BY seq DESC`,
      )
      assert.ok(child !== undefined)
      const before = await world.engine.get('a')
      const archive = archiveOver()
      world.time.advance(2 * 3_600_000)
      await all(archive)
      assert.deepEqual(await archived(), ['s'])
      world.time.advance(31 * dayMs)
      await all(archive)
      assert.deepEqual(await archived(), ['a', 'b', 's'])
      // The child's parent has not ended.
      assert.equal((await left()).length, 4)
      assert.deepEqual(await archive.get('a'), before)
      assert.equal(await archive.get('k'), undefined)
      for (const id of ['a', 's']) {
        const journal = await sql.all('SELECT * FROM journal WHERE instance_id = ?', id)
        assert.equal(journal.length, 0)
      }
      await world.engine.stop()
      await sql.close()
    })

    test('an id that is archived starts nothing again, by hand or by its event', async () => {
      const { sql, world, archiveOver, ended, archived } = await openWorld(open)
      await ended('act', 'a')
      const event = chainEvent('dev:0x1:0')
      const [id = ''] = await world.give(event, 'pending')
      await world.until(id, ({ status }) => status === 'completed')
      const gone = chainEvent('dev:0x2:0')
      const [other = ''] = await world.give(gone, 'pending')
      await world.until(other, ({ status }) => status === 'completed')
      await sql.transaction((session) => world.engine.retract(session, gone.id))
      world.engine.wake()
      await world.until(other, ({ status }) => status === 'retracted')
      world.time.advance(31 * dayMs)
      await all(archiveOver())
      // Its event is not final yet.
      assert.deepEqual(await archived(), ['a'])
      await sql.transaction((session) => world.engine.advance(session, [event.id], 'finalized'))
      await all(archiveOver())
      assert.deepEqual(await archived(), ['a', id].sort())
      assert.deepEqual(await world.give(event, 'finalized'), [])
      await assert.rejects(ended('act', 'a'), { code: 'workflow/archived' })
      await world.engine.begin({ name: 'act' }, 'a', { id: 'a' })
      assert.equal(await world.engine.get('a'), undefined)
      const calls = world.effects.calls.length
      // One that left may come back, however late.
      assert.deepEqual(await world.give(gone, 'finalized'), [other])
      await world.until(other, ({ status }) => status === 'completed')
      assert.equal(world.effects.calls.length, calls)
      await world.engine.stop()
      await sql.close()
    })

    test('cut off at any write, before or after it is on disk, each is moved once', async () => {
      for (const when of ['before', 'after'] as const) {
        for (let at = 1; at <= 3; at += 1) {
          const { sql, world, archiveOver, ended, left, archived } = await openWorld(open)
          for (const id of ['a', 'b', 'c']) await ended('act', id)
          world.time.advance(31 * dayMs)
          let writes = 0
          const cut = async <T>(work: () => Promise<T>): Promise<T> => {
            writes += 1
            if (writes < at) return work()
            if (when === 'after') await work()
            throw new Error('cut off')
          }
          const failing = alteredStore(sql, {
            write: (piece) => cut(() => sql.write(piece)),
            transaction: (work, options) =>
              cut(() =>
                sql.transaction(async (session) => {
                  const result = await work(session)
                  // The piece is in the file, and nothing of it in the database.
                  if (when === 'before' && writes === at) throw new Error('cut off')
                  return result
                }, options),
              ),
          })
          await all(archiveOver(failing)).catch(() => {})
          await all(archiveOver())
          assert.deepEqual(await left(), [], `${when} ${at}`)
          const archive = archiveOver()
          assert.deepEqual(await archived(archive), ['a', 'b', 'c'])
          for (const id of ['a', 'b', 'c']) assert.equal((await archive.get(id))?.id, id)
          const pieces = await sql.all('SELECT * FROM archive_pieces')
          assert.equal(pieces.length, 1)
          await world.engine.stop()
          await sql.close()
        }
      }
    })

    test('one to which something happens between its mark and its move stays', async () => {
      const { sql, world, archiveOver, ended, left, archived } = await openWorld(open)
      for (const id of ['a', 'b']) await ended('act', id)
      world.time.advance(31 * dayMs)
      const stopping = alteredStore(sql, {
        transaction: () => Promise.reject(new Error('cut off')),
      })
      await all(archiveOver(stopping)).catch(() => {})
      assert.equal((await sql.all('SELECT * FROM archived_instances WHERE is_gone = 0')).length, 2)
      await world.engine.retry('b', '/do/0/act')
      await world.until('b', ({ status }) => status === 'completed')
      await sql.run(`UPDATE instances SET status = 'running' WHERE id = 'b'`)
      await all(archiveOver())
      assert.deepEqual([await left(), await archived()], [['b'], ['a']])
      assert.equal((await sql.all('SELECT * FROM archived_instances')).length, 1)
      await world.engine.stop()
      await sql.close()
    })
  })
}
