/** Stops a PostgreSQL server under a store that is in use. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import { openPostgres } from './postgres.ts'
import { privatePostgres } from './test-store/private-postgres.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('a server that goes away under use: callers are told to come later, and nothing is lost', async (t) => {
  const server = await privatePostgres()
  t.after(() => server.remove())
  const store = await openPostgres({ url: server.url, poolSize: 4 })
  t.after(() => store.close())
  const statement = 'INSERT INTO facts VALUES (?, 1) ON CONFLICT (name) DO NOTHING'
  await store.migrate([
    { id: 'test/001', statements: ['CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER)'] },
  ])
  const ways = [
    (name: string) => store.write([{ sql: statement, values: [name] }]),
    (name: string) => store.run(statement, name),
    (name: string) => store.transaction((session) => session.run(statement, name)),
  ]
  const told = new Set<string>()
  let [written, isBack] = [0, false]
  const refused = Promise.withResolvers<void>()
  const caller = async (at: number) => {
    for (let n = 0; n < 40 || !isBack; n += 1) {
      for (let isWritten = false; !isWritten; ) {
        try {
          await ways[at % ways.length]?.(`${at} ${n}`)
          isWritten = true
          written += 1
        } catch (error) {
          if (!(error instanceof AppError) || error.retry !== 'later') throw error
          told.add(`${at % ways.length} ${error.code}`)
          if (told.size === ways.length) refused.resolve()
          await pause(5)
        }
      }
    }
  }
  let notices = 0
  let hear = () => {}
  store.listen('facts', () => {
    notices += 1
    hear()
  })
  const callers = Promise.all(Array.from({ length: 9 }, (_, at) => caller(at)))
  while (written < 100 || notices === 0) await pause(5)
  await server.crash()
  await refused.promise
  const heard = new Promise<void>((resolve) => {
    hear = resolve
  })
  await server.start()
  await heard
  isBack = true
  await callers
  assert.deepEqual(
    [...told].sort(),
    [0, 1, 2].map((way) => `${way} store/unreachable`),
  )
  assert.equal((await store.get('SELECT count(*) AS n FROM facts'))?.n, written)
})
