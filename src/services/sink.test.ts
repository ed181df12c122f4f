/** Sends to a webhook, RabbitMQ, an MQTT server, NATS, Redis and files, each by the suite of sinks. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'
import { connect as connectAmqp } from 'amqplib'
import { Redis } from 'ioredis'
import { connectAsync } from 'mqtt'
import { systemClock } from '../base/clock.ts'
import { createGuardedHttp } from '../workflow/guarded-http.ts'
import { isSignedWebhook } from '../workflow/webhook-signature.ts'
import { sinkSuite } from './sink.suite.ts'
import type { SinkMessage } from './sink.ts'
import { createSink } from './sinks/sink-kinds.ts'
import { readSinkOptions } from './sinks/sink-options.ts'
import { createGate } from './test-bed/gate.ts'
import { messageOf } from './test-bed/sink-world.ts'

type Test = { after(run: () => Promise<void> | void): void }
type Came = Pick<SinkMessage, 'id' | 'payload'>

const http = createGuardedHttp()
after(() => http.stop())

function sinkOf(options: Record<string, string | number>, clock = systemClock) {
  const [read] = readSinkOptions([{ name: 'out', ...options }])
  assert.ok(read)
  return createSink(read, { clock, http })
}

/** Puts a sink and its gate on the list of what ends. */
function ending(t: Test, ...ends: { close(): Promise<void> | void }[]): void {
  t.after(async () => {
    for (const one of ends) await one.close()
  })
}

const ownName = () => `qs-${randomUUID().slice(0, 8)}`

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

sinkSuite('webhook', async (t) => {
  const came: Came[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const headers = request.headers as Record<string, string | undefined>
    const isSigned = isSignedWebhook([secret], headers, { body, nowMs: Date.now() })
    if (isSigned) came.push({ id: String(headers['webhook-id']), payload: body })
    response.writeHead(isSigned ? 204 : 401).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const gate = await createGate((server.address() as AddressInfo).port)
  const url = `http://127.0.0.1:${gate.port}/hook`
  const sink = sinkOf({ kind: 'webhook', url, secret })
  ending(t, sink, gate, { close: () => void server.close() })
  return { sink, received: async () => came, shut: gate.shut, open: gate.open }
})

sinkSuite('amqp', async (t) => {
  const gate = await createGate(5672)
  const exchange = ownName()
  const url = `amqp://guest:guest@127.0.0.1:${gate.port}`
  const sink = sinkOf({ kind: 'amqp', url, exchange, queue: exchange })
  const came: Came[] = []
  const model = await connectAmqp('amqp://guest:guest@127.0.0.1:5672')
  const channel = await model.createChannel()
  await channel.assertExchange(exchange, 'topic', { durable: true })
  await channel.assertQueue(exchange, { durable: true })
  await channel.bindQueue(exchange, exchange, 'event.test.*.confirmed')
  await channel.consume(
    exchange,
    (one) => one && came.push({ id: one.properties.messageId, payload: String(one.content) }),
    { noAck: true },
  )
  ending(t, sink, gate, {
    async close() {
      await channel.deleteQueue(exchange)
      await channel.deleteExchange(exchange)
      await model.close()
    },
  })
  return { sink, received: async () => came, shut: gate.shut, open: gate.open }
})

sinkSuite('mqtt', async (t) => {
  const gate = await createGate(1883)
  const topic = ownName()
  const sink = sinkOf({ kind: 'mqtt', url: `mqtt://127.0.0.1:${gate.port}`, topic })
  const came: Came[] = []
  const client = await connectAsync('mqtt://127.0.0.1:1883', { protocolVersion: 5 })
  client.on('message', (_, payload, packet) => {
    const { id } = { ...packet.properties?.userProperties }
    came.push({ id: String(id), payload: String(payload) })
  })
  await client.subscribeAsync(`${topic}/event/test/+/confirmed`, { qos: 1 })
  ending(t, sink, gate, { close: () => client.endAsync() })
  return { sink, received: async () => came, shut: gate.shut, open: gate.open }
})

sinkSuite('nats', async (t) => {
  const gate = await createGate(4222)
  const subject = ownName()
  const url = `nats://127.0.0.1:${gate.port}`
  const sink = sinkOf({ kind: 'nats', url, subject, stream: subject })
  const connection = await connectNats({ servers: '127.0.0.1:4222' })
  const { streams } = await jetstreamManager(connection)
  ending(t, sink, gate, {
    async close() {
      await streams.delete(subject)
      await connection.close()
    },
  })
  const received = async () => {
    const { state } = await streams.info(subject)
    const came: Came[] = []
    for (let seq = 1; seq <= state.last_seq; seq += 1) {
      const one = await streams.getMessage(subject, { seq })
      if (one) came.push({ id: one.header.get('Nats-Msg-Id'), payload: one.string() })
    }
    return came
  }
  return { sink, received, shut: gate.shut, open: gate.open }
})

sinkSuite('redis', async (t) => {
  const gate = await createGate(6379)
  const stream = ownName()
  const sink = sinkOf({ kind: 'redis', url: `redis://127.0.0.1:${gate.port}`, stream })
  const client = new Redis('redis://127.0.0.1:6379')
  ending(t, sink, gate, {
    async close() {
      await client.del(stream)
      client.disconnect()
    },
  })
  const received = async () => {
    const entries = await client.xrange(stream, '-', '+')
    return entries.map(([, fields]) => ({ id: fields[1] ?? '', payload: fields[7] ?? '' }))
  }
  return { sink, received, shut: gate.shut, open: gate.open }
})

async function filesOf(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).sort()
  return Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
}

async function ownFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-files-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

sinkSuite('file', async (t) => {
  const folder = path.join(await ownFolder(t), 'a')
  const sink = sinkOf({ kind: 'file', folder, maxBytes: 2_048 })
  ending(t, sink)
  return {
    sink,
    async received() {
      const lines = (await filesOf(folder)).join('').split('\n').filter(Boolean)
      return lines.map((payload) => ({ id: JSON.parse(payload).id as string, payload }))
    },
    // A file where the folder is to be; whoever runs tests as root may write everywhere else.
    async shut() {
      await sink.close()
      await rename(folder, `${folder}-away`)
      await writeFile(folder, '')
    },
    async open() {
      await rm(folder)
      await rename(`${folder}-away`, folder)
    },
  }
})

test('file: a line that a crash tore is cut off, and the next one stands on its own', async (t) => {
  const folder = await ownFolder(t)
  const clock = { nowMs: () => Date.parse('2026-03-04T12:00:00Z') }
  const before = sinkOf({ kind: 'file', folder }, clock)
  await before.send([messageOf(1), messageOf(2)])
  await before.close()
  const file = path.join(folder, 'out-2026-03-04-0001.jsonl')
  const whole = await readFile(file, 'utf8')
  await writeFile(file, `${whole}{"specversion":"1.0","id":"m3","te`)
  const sink = sinkOf({ kind: 'file', folder }, clock)
  await sink.send([messageOf(3)])
  await sink.close()
  assert.equal(await readFile(file, 'utf8'), `${whole}${messageOf(3).payload}\n`)
})

test('file: a day and a full file begin another one, and the oldest go', async (t) => {
  const folder = await ownFolder(t)
  let nowMs = Date.parse('2026-03-04T23:59:59Z')
  const options = { kind: 'file', folder, maxBytes: 1_024, keepFiles: 3 }
  const sink = sinkOf(options, { nowMs: () => nowMs })
  await sink.send(Array.from({ length: 40 }, (_, n) => messageOf(n)))
  nowMs += 1_000
  await sink.send([messageOf(40)])
  await sink.close()
  const names = (await readdir(folder)).sort()
  assert.deepEqual(names, [
    ...['out-2026-03-04-0002.jsonl', 'out-2026-03-04-0003.jsonl'],
    'out-2026-03-05-0001.jsonl',
  ])
  for (const text of await filesOf(folder)) assert.ok(Buffer.byteLength(text) <= 1_024)
})
