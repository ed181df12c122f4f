/** Names the servers that queues are tested on, and takes away what a test left there. */

import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import type { SqlStore } from '../../src/store/sql.ts'

/** Settings of each queue that stands on a server of its own. */
export const queueServers = {
  redis: { redisAddress: process.env.QS_TEST_REDIS ?? 'redis://127.0.0.1:6379' },
  nats: { natsAddress: process.env.QS_TEST_NATS ?? 'nats://127.0.0.1:4222' },
} as const

/** Takes away what the queue of this database has left on servers that others use, too. */
export async function removeStreams(sql: Pick<SqlStore, 'get'>): Promise<void> {
  const row = await sql.get('SELECT queue, identity FROM queue_identities')
  if (row === undefined) return
  const name = `${row.queue}-${row.identity}`
  const redis = new Redis(queueServers.redis.redisAddress)
  await redis.del(`quantumstream:queue:${name}`)
  redis.disconnect()
  const connection = await connect({ servers: queueServers.nats.natsAddress })
  const manager = await jetstreamManager(connection)
  await manager.streams.delete(`quantumstream_${name}`).catch(() => {})
  await connection.close()
}
