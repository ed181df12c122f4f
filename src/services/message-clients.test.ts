/** Publishes and subscribes on the real servers as tasks of workflows do. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { Redis } from 'ioredis'
import type { IncomingMessage } from '../workflow/message-clients.ts'
import { createMessageClients } from './message-clients.ts'
import { until } from './test-bed/sink-world.ts'

const clients = createMessageClients({ allowHosts: ['127.0.0.0/8'] })
after(() => clients.stop())

/** A stream of Redis stays otherwise. */
async function forget(stream: string): Promise<void> {
  const client = new Redis('redis://127.0.0.1:6379')
  await client.del(stream)
  client.disconnect()
}

const basic = { basic: { username: 'guest', password: 'guest' } }
const servers = [
  { protocol: 'amqp', server: 'amqp://127.0.0.1:5672', authentication: basic },
  {
    protocol: 'mqtt',
    server: 'mqtt://127.0.0.1:1883',
    authentication: undefined,
  },
  {
    protocol: 'nats',
    server: 'nats://127.0.0.1:4222',
    authentication: undefined,
  },
  { protocol: 'redis', server: '127.0.0.1:6379', authentication: undefined },
]

for (const server of servers) {
  test(`${server.protocol}: what is published is there for who subscribed, until it has enough`, async (t) => {
    const place = { ...server, channel: `qs-${randomUUID().slice(0, 8)}` }
    t.after(() => forget(place.channel))
    const enough = new AbortController()
    const came: IncomingMessage[] = []
    const reading = (async () => {
      for await (const one of clients.subscribe({ ...place, signal: enough.signal })) came.push(one)
    })()
    const publish = (text: string) =>
      clients.publish({
        ...{ ...place, payload: Buffer.from(text), contentType: 'text/plain' },
        ...{ headers: { trace: 'a b' }, id: `id-${text}`, signal: new AbortController().signal },
      })
    // Nobody says when a subscription has begun: the first that comes does.
    await until(async () => {
      await publish('probe')
      return came.length > 0
    })
    for (const text of ['ä', '2', '3']) await publish(text)
    const texts = () => came.map(({ payload }) => Buffer.from(payload).toString())
    await until(() => texts().includes('3'))
    enough.abort()
    await reading
    assert.deepEqual(
      texts().filter((text) => text !== 'probe'),
      ['ä', '2', '3'],
    )
    const last = came.at(-1)
    assert.equal(last?.contentType, 'text/plain')
    assert.deepEqual({ ...last?.headers }, { trace: 'a b' })
  })
}

test('a server that is away may be there later; what cannot be is refused', async () => {
  const message = {
    ...{
      channel: 'a',
      authentication: undefined,
      payload: Buffer.from('x'),
      contentType: 'text/plain',
    },
    ...{ headers: {}, id: 'i', signal: new AbortController().signal },
  }
  for (const protocol of ['amqp', 'mqtt', 'nats', 'redis']) {
    const server = `${protocol}://127.0.0.1:1`
    const away = { code: 'services/broker-away', retry: 'later' }
    await assert.rejects(clients.publish({ ...message, protocol, server }), away)
  }
  const pigeon = clients.publish({ ...message, protocol: 'pigeon', server: 'x' })
  await assert.rejects(pigeon, { code: 'services/unknown-protocol', retry: 'never' })
  const token = { ...message, authentication: { bearer: { token: 'x' } } }
  const bearer = clients.publish({ ...token, protocol: 'nats', server: '127.0.0.1:4222' })
  await assert.rejects(bearer, { code: 'services/bad-authentication' })
})

test('servers of the own network are not asked unless they are allowed', async () => {
  const strict = createMessageClients()
  const place = { protocol: 'redis', channel: 'a', authentication: undefined }
  for (const server of [
    '127.0.0.1:6379',
    'localhost:6379',
    'redis://[::1]:6379',
    '169.254.169.254',
  ]) {
    const subscription = strict.subscribe({
      ...place,
      server,
      signal: new AbortController().signal,
    })
    const first = subscription[Symbol.asyncIterator]().next()
    await assert.rejects(first, { code: 'services/forbidden-host' })
  }
  await strict.stop()
})
