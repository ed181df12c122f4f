/** Stops and empties the server that carries a queue's messages, under load. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { openSqlite } from '../store/sqlite.ts'
import { natsCarrier } from './nats-carrier.ts'
import { createQueue, queueMigrations } from './open-queue.ts'
import type { Carrier } from './queue-carrier.ts'
import { createQueueConsumer } from './queue-consumer.ts'
import { redisCarrier } from './redis-carrier.ts'
import { type PrivateServer, privateNats, privateRedis } from './test-queue/private-server.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20)
}

/** Puts and handles messages while the server is lost and comes back empty. */
async function losesNothing(server: PrivateServer, carrier: Carrier) {
  const sql = await openSqlite({ path: ':memory:' })
  const handled = { id: 'test/001', statements: ['CREATE TABLE handled (id TEXT PRIMARY KEY)'] }
  await sql.migrate([...queueMigrations, handled])
  const world = { sql, clock: systemClock, timer: systemTimer, logger: silentLogger }
  const queue = createQueue({ name: 'lossy', leaseMs: 5_000 }, { ...world, carrier })
  await queue.start()
  let count = 0
  const gate = Promise.withResolvers<void>()
  const consumer = createQueueConsumer(
    {
      ...{ queue, atOnce: 8 },
      handle: async (session, { id }) => {
        await session.run('INSERT INTO handled VALUES (?)', id)
      },
      handled: () => {
        count += 1
        if (count === 60) gate.resolve()
      },
    },
    world,
  )
  const put = async (from: number, to: number) => {
    await sql.transaction(async (session) => {
      for (let n = from; n < to; n += 1)
        await queue.put(session, { id: String(n), key: String(n % 40), body: n })
    })
    queue.wake()
  }
  await put(0, 300)
  consumer.start()
  await gate.promise
  await server.lose()
  await put(300, 400)
  await until(async () => (await queue.status()).problem !== undefined)
  const problem = (await queue.status()).problem
  assert.match(String(problem), new RegExp(carrier.name))
  await server.start()
  await until(() => count >= 400)
  assert.equal((await sql.get('SELECT count(*) AS n FROM handled'))?.n, 400)
  await until(async () => (await queue.status()).problem === undefined)
  assert.deepEqual([(await queue.status()).depth, (await queue.status()).dead], [0, 0])
  await Promise.all([consumer.stop(), queue.stop()])
  await sql.close()
}

test('a Redis that is lost and comes back empty is filled again, and nothing is lost', async (t) => {
  const server = await privateRedis(t)
  await losesNothing(server, redisCarrier({ url: `redis://127.0.0.1:${server.port}` }))
})

test('a NATS that is lost and comes back empty is filled again, and nothing is lost', async (t) => {
  const server = await privateNats(t)
  await losesNothing(server, natsCarrier({ url: `nats://127.0.0.1:${server.port}` }))
})
