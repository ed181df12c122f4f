/** Runs the suite of queues on SQLite, PostgreSQL, Redis and NATS. */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { openPostgres } from '../store/postgres.ts'
import { openSqlite } from '../store/sqlite.ts'
import { temporarySchema } from '../store/temporary-schema.ts'
import { natsCarrier } from './nats-carrier.ts'
import { queueSuite } from './queue.suite.ts'
import { redisCarrier } from './redis-carrier.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'qs-queue-'))
const own = `qs-test-${randomBytes(6).toString('hex')}`
after(() => rm(folder, { recursive: true }))

const redisUrl = process.env.QS_TEST_REDIS ?? 'redis://127.0.0.1:6379'
const natsUrl = process.env.QS_TEST_NATS ?? 'nats://127.0.0.1:4222'
const fileOf = (name: string) => openSqlite({ path: path.join(folder, `${name}.sqlite`) })

queueSuite('embedded', { open: () => fileOf('embedded') })

const schema = temporarySchema()
queueSuite('PostgreSQL', { open: () => openPostgres(schema) })
after(() => schema.remove())

queueSuite('Redis', {
  open: () => fileOf('redis'),
  carrier: () => redisCarrier({ url: redisUrl, prefix: own }),
})
after(async () => {
  const client = new Redis(redisUrl)
  const keys = await client.keys(`${own}:*`)
  if (keys.length > 0) await client.del(keys)
  client.disconnect()
})

queueSuite('NATS', {
  open: () => fileOf('nats'),
  carrier: () => natsCarrier({ url: natsUrl, prefix: own }),
})
after(async () => {
  const connection = await connect({ servers: natsUrl })
  const manager = await jetstreamManager(connection)
  const names: string[] = []
  for await (const { config } of manager.streams.list())
    if (config.name.startsWith(own)) names.push(config.name)
  for (const name of names) await manager.streams.delete(name)
  await connection.close()
})
