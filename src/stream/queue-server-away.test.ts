/** Stops and empties the server that carries a queue's messages, under load. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { openSqlite } from '../store/sqlite.ts'
import { natsCarrier } from './nats-carrier.ts'
import { createQueue, queueMigrations } from './open-queue.ts'
import type { Carrier } from './queue-carrier.ts'
import { createQueueConsumer } from './queue-consumer.ts'
import { redisCarrier } from './redis-carrier.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20)
}

interface PrivateServer {
  readonly port: number
  start(): Promise<void>
  /** Ends it at once; what it had is gone. */
  lose(): Promise<void>
}

async function privateServer(
  t: TestContext,
  program: string,
  flags: (port: number, folder: string) => readonly string[],
): Promise<PrivateServer> {
  const port = await freePort()
  let child: ChildProcess | undefined
  let folder = ''
  const start = async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'qs-carrier-'))
    child = spawn(program, flags(port, folder), { cwd: folder, stdio: 'ignore' })
    await until(() => answers(port))
  }
  const lose = async () => {
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    child = undefined
    await rm(folder, { recursive: true })
  }
  t.after(lose)
  await start()
  return { port, start, lose }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  return new Promise((resolve) => {
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
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
  const stopped = consumer.stop()
  queue.wake()
  await stopped
  await queue.stop()
  await sql.close()
}

test('a Redis that is lost and comes back empty is filled again, and nothing is lost', async (t) => {
  const server = await privateServer(t, 'redis-server', (port) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
  ])
  await losesNothing(server, redisCarrier({ url: `redis://127.0.0.1:${server.port}` }))
})

test('a NATS that is lost and comes back empty is filled again, and nothing is lost', async (t) => {
  const server = await privateServer(t, 'nats-server', (port, folder) => [
    ...['-p', String(port), '-a', '127.0.0.1', '-js', '-sd', folder],
  ])
  await losesNothing(server, natsCarrier({ url: `nats://127.0.0.1:${server.port}` }))
})
