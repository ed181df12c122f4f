/** Tests that dead letters of the queue are shown, given out again and forgotten by REST. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createQueue, queueMigrations } from '../stream/open-queue.ts'
import { createApi } from './api.ts'
import type { ApiDependencies } from './api-dependencies.ts'

test('dead letters are given out again by their number, and forgotten', async (t) => {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(queueMigrations)
  const world = { sql, clock: systemClock, timer: systemTimer, logger: silentLogger }
  const queue = createQueue({ name: 'events', attempts: 1 }, world)
  await queue.start()
  const roles = [['worker'], ['listener', 'worker'], ['api']]
  const up = roles.map((of) => ({ roles: of, state: 'up' }))
  const processes = { list: async () => ({ items: [...up, { roles: ['worker'], state: 'gone' }] }) }
  const api = createApi(
    { host: '127.0.0.1', port: 0, version: '0', dev: true, uiFolder: import.meta.dirname },
    { ...world, queue, processes, chains: [], notifications: {} } as unknown as ApiDependencies,
  )
  await api.start()
  t.after(async () => {
    await api.stop()
    await queue.stop()
    await sql.close()
  })
  const ask = async <T>(path: string, method: 'GET' | 'POST' = 'GET') => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${api.url}/v1/queue${path}`, { method, headers })
    return { status: response.status, answer: (await response.json()) as T }
  }
  const letters = async () => {
    type Letters = { items: readonly { number: number; id: string; reason: string }[] }
    return (await ask<Letters>('/dead')).answer.items
  }
  const takeAndFail = async () => {
    const [message] = await queue.take(1, 1_000)
    assert.ok(message)
    await queue.fail(message, { reason: 'it cannot be done', retryAfterMs: 1 })
    return message
  }

  for (const id of ['a', 'b']) {
    await sql.transaction((session) => queue.put(session, { id, key: id, body: { id } }))
    queue.wake()
    await takeAndFail()
  }
  const dead = await letters()
  assert.deepEqual(
    dead.map(({ id, reason }) => [id, reason]),
    [
      ['b', 'it cannot be done'],
      ['a', 'it cannot be done'],
    ],
  )
  const number = dead[1]?.number
  const requeued = await ask<{ requeued: boolean }>(`/dead/${number}/requeue`, 'POST')
  assert.deepEqual(requeued, { status: 200, answer: { requeued: true } })
  assert.deepEqual((await ask(`/dead/${number}/requeue`, 'POST')).answer, { requeued: false })
  assert.equal((await ask('/dead/oops/requeue', 'POST')).status, 400)
  assert.equal((await takeAndFail()).id, 'a')
  assert.deepEqual((await ask('/dead/purge', 'POST')).answer, { purged: 2 })
  assert.deepEqual((await ask('/dead/purge', 'POST')).answer, { purged: 0 })
  assert.deepEqual(await letters(), [])
  assert.deepEqual((await ask<{ depth: number; dead: number }>('')).answer, {
    ...{ carrier: 'sqlite', depth: 0, capacity: 100_000, out: 0, dead: 0 },
    ...{ oldestAt: null, problem: null, consumers: 2 },
  })
})
