/** Takes the database away from a consumer while it has messages. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '../base/app-error.ts'
import { silentLogger } from '../base/logger.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createQueue, queueMigrations } from './open-queue.ts'
import { createQueueConsumer } from './queue-consumer.ts'

test('what was out when the database went away comes again at once when it is back', async (t) => {
  const real = await openSqlite({ path: ':memory:' })
  t.after(() => real.close())
  await real.migrate(queueMigrations)
  let isAway = false
  const sql = new Proxy(real, {
    get:
      (of, name) =>
      async (...given: unknown[]) => {
        await nextTurn()
        if (isAway) throw new AppError({ code: 'store/busy', message: 'away', retry: 'later' })
        return (Reflect.get(of, name) as (...values: unknown[]) => unknown).apply(of, given)
      },
  }) as SqlStore
  let nowMs = 1_000
  let pauses = 0
  const clock = { nowMs: () => nowMs }
  const timer = {
    after(delayMs: number, run: () => void) {
      pauses += 1
      if (pauses === 3) isAway = false
      setImmediate(() => {
        nowMs += delayMs
        run()
      })
      return () => {}
    },
  }
  const world = { sql, clock, timer, logger: silentLogger }
  // Not started: nothing but its consumer brings a message back.
  const queue = createQueue({ name: 'q' }, world)
  await real.transaction((session) => queue.put(session, { id: 'a', key: 'a', body: 1 }))
  const attempts: number[] = []
  const handled = Promise.withResolvers<void>()
  const consumer = createQueueConsumer(
    {
      queue,
      async handle(_, { attempt }) {
        attempts.push(attempt)
        if (attempt > 1) return
        isAway = true
        throw new Error('the connection is cut')
      },
      handled: () => handled.resolve(),
    },
    world,
  )
  consumer.start()
  await handled.promise
  await consumer.stop()
  assert.deepEqual(attempts, [1, 2])
  assert.ok(nowMs < 5_000)
})
