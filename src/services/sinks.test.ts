/** Sends what events and workflows tell through refusals, restarts and servers that are killed, and loses nothing. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { AppError } from '../base/app-error.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { freePort } from '../base/test-ports.ts'
import type { SqlStore } from '../store/sql.ts'
import { createGuardedHttp } from '../workflow/guarded-http.ts'
import type { Instance } from '../workflow/workflow.ts'
import type { Sink, SinkMessage } from './sink.ts'
import { createSinks, readSinkOptions, type Sinks } from './sinks.ts'
import { change, eventAt, sinkDatabase, until } from './test-bed/sink-world.ts'

type Test = { after(run: () => Promise<void> | void): void }

const http = createGuardedHttp()
after(() => http.stop())

/** A timer whose waits are over at once, but come one after the other. */
const hastyTimer = {
  after: (ms: number, run: () => void) => systemTimer.after(Math.min(ms, 2), run),
}

/** A sink that keeps what it took; `refuse` says why not. */
function keepingSink(refuse: (message: SinkMessage) => string | undefined = () => undefined) {
  const taken: SinkMessage[] = []
  const sink: Sink = {
    async send(messages) {
      const held = new Map<string, AppError>()
      return messages.map((message) => {
        const reason = refuse(message)
        if (reason !== undefined && !held.has(message.key)) {
          held.set(message.key, new AppError({ code: 'services/message-refused', message: reason }))
        }
        const verdict = held.get(message.key)
        if (verdict === undefined) taken.push(message)
        return verdict
      })
    },
    close: async () => {},
  }
  return { sink, taken }
}

/** Sinks that run until the test ends. */
async function started(
  t: Test,
  sql: SqlStore,
  options: Readonly<Record<string, Json>>,
  sink?: Sink,
): Promise<Sinks> {
  const kind = options.kind === undefined ? { kind: 'file', folder: '/nowhere' } : {}
  const read = readSinkOptions([{ name: 'out', ...kind, ...options }])
  const world = { clock: systemClock, timer: hastyTimer, logger: silentLogger, metrics: noMetrics }
  const make = sink && (() => sink)
  const sinks = createSinks(read, { ...world, sql, http }, make)
  t.after(() => sinks.stop())
  await sinks.start()
  return sinks
}

const told = (messages: readonly SinkMessage[]) =>
  messages.map(({ payload }) => {
    const { id, life, data } = JSON.parse(payload)
    return [id, life, data.args?.n]
  })

describe('sinks', () => {
  test('an event goes out once, at the life that is wanted, and again when it is taken back', async (t) => {
    const sql = await sinkDatabase(t)
    const { sink, taken } = keepingSink()
    const sinks = await started(t, sql, {}, sink)
    const event = eventAt(1)
    await change(sql, sinks, { ...event, state: 'pending' })
    await change(sql, sinks, event)
    await change(sql, sinks, { ...event, state: 'finalized' })
    await change(sql, sinks, { ...event, state: 'retracted' })
    await change(sql, sinks, { ...event, state: 'safe', blockNumber: 9 })
    await change(sql, sinks, { ...eventAt(2), state: 'pending' })
    await change(sql, sinks, { ...eventAt(2), state: 'retracted' })
    await change(sql, sinks, eventAt(3))
    await until(() => taken.length >= 4)
    assert.deepEqual(told(taken), [
      [event.id, 'confirmed', '1'],
      [`${event.id}/1`, 'retracted', '1'],
      [`${event.id}/2`, 'safe', '1'],
      [eventAt(3).id, 'confirmed', '3'],
    ])
    assert.equal(JSON.parse(taken[1]?.payload ?? '').eventid, event.id)
  })

  test('a sink that wants each life gets each, and retractions of a pending event too', async (t) => {
    const sql = await sinkDatabase(t)
    const { sink, taken } = keepingSink()
    const sinks = await started(t, sql, { life: 'pending', eachLife: true }, sink)
    for (const state of ['pending', 'confirmed', 'confirmed', 'safe', 'retracted'] as const) {
      await change(sql, sinks, { ...eventAt(1), state })
    }
    await until(() => taken.length >= 4)
    const lives = told(taken).map(([, life]) => life)
    assert.deepEqual(lives, ['pending', 'confirmed', 'safe', 'retracted'])
  })

  test('names, chains and the filter say what goes out', async (t) => {
    const sql = await sinkDatabase(t)
    const { sink, taken } = keepingSink()
    const filter = '.data.args == null or .data.args.n == "1" or .data.args.n == "31"'
    const options = { names: ['Paid', 'pay'], chains: ['test'], filter }
    const sinks = await started(t, sql, options, sink)
    await change(
      ...([sql, sinks, eventAt(1), eventAt(2), eventAt(11, { name: 'Other' })] as const),
      ...[eventAt(21, { chain: 'elsewhere' }), eventAt(31)],
    )
    const instance: Instance = {
      ...{
        namespace: 'default',
        parentId: undefined,
        traceparent: undefined,
        problem: undefined,
        compensated: false,
      },
      ...{ id: 'i1', workflow: 'pay', definitionHash: 'h', status: 'completed', step: undefined },
      ...{
        reason: undefined,
        eventId: 'e',
        createdAtMs: 1,
        updatedAtMs: 2,
        output: { paid: true },
      },
    }
    await sql.write(sinks.outcomeWrites(instance))
    await sql.write(sinks.outcomeWrites({ ...instance, id: 'i2', workflow: 'other' }))
    sinks.wake()
    await until(() => taken.length >= 3)
    assert.deepEqual(
      taken.map(({ id, route }) => [id, route]),
      [
        [eventAt(1).id, 'event/test/Paid/confirmed'],
        [eventAt(31).id, 'event/test/Paid/confirmed'],
        ['i1', 'outcome/pay/completed'],
      ],
    )
    const { type, data } = JSON.parse(taken[2]?.payload ?? '')
    assert.deepEqual([type, data.output], ['workflow.outcome', { paid: true }])
    await until(async () => (await sinks.list())[0]?.waiting === 0)
    assert.equal((await sinks.list())[0]?.sent, 3)
  })

  test('a refused message is dead after its attempts, holds its key until then, and can be requeued', async (t) => {
    const sql = await sinkDatabase(t)
    let isStrict = true
    let asked = 0
    const { sink, taken } = keepingSink(({ payload }) => {
      if (!isStrict || JSON.parse(payload).data.args.n !== '1') return undefined
      asked += 1
      return 'it is no good'
    })
    const sinks = await started(t, sql, { attempts: 2, key: '.contract' }, sink)
    const elsewhere = { address: `0x${'22'.repeat(20)}` } as const
    await change(sql, sinks, eventAt(1), eventAt(2), eventAt(3, elsewhere))
    await until(() => taken.length >= 1)
    assert.deepEqual(told(taken)[0]?.[2], '3')
    await until(() => taken.length >= 2)
    assert.equal(asked, 2)
    const dead = await sinks.deadMessages('out', { limit: 10 })
    const [one] = dead.items
    assert.deepEqual([one?.id, one?.attempts, one?.reason], [eventAt(1).id, 2, 'it is no good'])
    isStrict = false
    assert.equal(await sinks.requeue('out', one?.number), 1)
    await until(() => taken.length >= 3)
    assert.deepEqual(
      told(taken).map(([, , n]) => n),
      ['3', '2', '1'],
    )
    assert.equal((await sinks.list())[0]?.dead, 0)
    await assert.rejects(sinks.requeue('nobody'), { code: 'services/unknown-sink' })
  })

  test('what was not settled when the process ended is sent by the next one, with the same ids', async (t) => {
    const sql = await sinkDatabase(t)
    const { sink, taken } = keepingSink()
    const first = await started(t, sql, {}, sink)
    await change(sql, first, eventAt(1))
    await until(() => taken.length >= 1)
    await until(async () => (await first.list())[0]?.waiting === 0)
    await first.stop()
    // A crash between the sending and its being written down.
    await sql.write([
      { sql: "UPDATE sink_messages SET state = 'waiting', payload = '{\"x\":1}'", values: [] },
      ...first.eventWrites(eventAt(2)),
    ])
    const next = keepingSink()
    await started(t, sql, {}, next.sink)
    await until(() => next.taken.length >= 2)
    assert.deepEqual(
      next.taken.map(({ id }) => id),
      [eventAt(1).id, eventAt(2).id],
    )
  })

  test('nothing goes out when the transaction of the event did not end well', async (t) => {
    const sql = await sinkDatabase(t)
    const { sink, taken } = keepingSink()
    const sinks = await started(t, sql, {}, sink)
    const failing = { sql: 'UPDATE sinks SET sent = sent', values: [], changes: 7 }
    await assert.rejects(sql.write([...sinks.eventWrites(eventAt(1)), failing]))
    await change(sql, sinks, eventAt(2))
    await until(() => taken.length >= 1)
    assert.equal(taken[0]?.id, eventAt(2).id)
  })

  test('a paused sink keeps what comes, one that is full holds further events back', async (t) => {
    const sql = await sinkDatabase(t)
    const { sink, taken } = keepingSink()
    const sinks = await started(t, sql, { mostWaiting: 3 }, sink)
    await sinks.pause('out')
    await until(async () => (await sinks.list())[0]?.state === 'paused')
    await change(sql, sinks, eventAt(1), eventAt(2), eventAt(3))
    const isFull = () => {
      try {
        sinks.mustHaveRoom()
        return false
      } catch (error) {
        return error instanceof AppError && error.code === 'services/sinks-full'
      }
    }
    await until(isFull)
    assert.deepEqual([(await sinks.list())[0]?.waiting, taken.length], [3, 0])
    await sinks.resume('out')
    await until(() => taken.length >= 3)
    await until(() => !isFull())
    assert.equal((await sinks.list())[0]?.state, 'running')
  })

  test('two processes on one database: one sends, and the other when the first has ended', async (t) => {
    const sql = await sinkDatabase(t)
    const [one, two] = [keepingSink(), keepingSink()]
    const first = await started(t, sql, {}, one.sink)
    await change(sql, first, eventAt(1))
    await until(() => one.taken.length >= 1)
    const second = await started(t, sql, {}, two.sink)
    await until(async () => (await second.list())[0]?.state === 'elsewhere')
    await change(sql, second, eventAt(2))
    await until(() => one.taken.length >= 2)
    await first.stop()
    await change(sql, second, eventAt(3))
    await until(() => two.taken.length >= 1)
    assert.deepEqual([one.taken.length, two.taken.length], [2, 1])
  })

  test('a webhook that asks for a pause is given it, and one that refuses has its reason shown', async (t) => {
    const sql = await sinkDatabase(t)
    const statuses = [503, 429, 422, 422, 200]
    const got: string[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      got.push(JSON.parse(body).id)
      response.writeHead(statuses.shift() ?? 200, { 'retry-after': '0' }).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/?token=secret`
    const sinks = await started(t, sql, { kind: 'webhook', url, attempts: 2 })
    await change(sql, sinks, eventAt(1), eventAt(2))
    await until(async () => (await sinks.list())[0]?.sent === 1)
    const [first, second] = [eventAt(1).id, eventAt(2).id]
    assert.deepEqual(got, [first, first, first, first, second])
    const [dead] = (await sinks.deadMessages('out', { limit: 10 })).items
    assert.match(dead?.reason ?? '', /refused the message.*answered 422/)
    assert.ok(!JSON.stringify([dead, await sinks.list()]).includes('secret'))
  })

  test('a NATS server that is killed while events come gets all of them, none twice', async (t) => {
    const sql = await sinkDatabase(t)
    const server = await privateNats(t)
    const url = `nats://127.0.0.1:${server.port}`
    const options = { kind: 'nats', url, stream: 'OUT' }
    const sinks = await started(t, sql, options)
    for (let n = 0; n < 200; n += 1) {
      await change(sql, sinks, eventAt(n, { address: `0x${String(n % 5).repeat(40)}` }))
      if (n === 50) await server.kill()
      if (n === 150) await server.start()
    }
    await until(async () => (await sinks.list())[0]?.sent === 200)
    const connection = await connect({ servers: `127.0.0.1:${server.port}` })
    const { streams } = await jetstreamManager(connection)
    const { state } = await streams.info('OUT')
    const ids: string[] = []
    for (let seq = 1; seq <= state.last_seq; seq += 1) {
      ids.push((await streams.getMessage('OUT', { seq }))?.json<{ id: string }>().id ?? '')
    }
    await connection.close()
    assert.deepEqual(ids.sort(), Array.from({ length: 200 }, (_, n) => eventAt(n).id).sort())
  })
})

describe('the configuration of sinks', () => {
  const refusal = (section: Json) => {
    try {
      readSinkOptions(section, { RABBIT: 'amqp://127.0.0.1' })
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }
  const file = { name: 'a', kind: 'file', folder: 'x' }

  test('is refused with the place of what is wrong', () => {
    assert.equal(refusal([file]), undefined)
    assert.match(refusal({}) ?? '', /expected a list/)
    assert.match(refusal([file, file]) ?? '', /two of the name "a"/)
    assert.match(refusal([{ ...file, name: 'A b' }]) ?? '', /0\.name: expected 1 to 32/)
    assert.match(refusal([{ ...file, filter: '.a[' }]) ?? '', /0\.filter: expected a jq expression/)
    assert.match(refusal([{ ...file, colour: 'red' }]) ?? '', /colour/)
    assert.match(refusal([{ name: 'a', kind: 'nats', url: 'http://x' }]) ?? '', /0\.url: expected/)
    assert.match(refusal([{ name: 'a', kind: 'pigeon' }]) ?? '', /0\.kind/)
  })

  test('takes addresses from the environment', () => {
    const rabbit = { name: 'a', kind: 'amqp', url: 'env:RABBIT' }
    assert.equal(refusal([rabbit]), undefined)
    assert.match(refusal([{ ...rabbit, url: 'env:HARE' }]) ?? '', /HARE, which is not set/)
  })
})

/** A server of NATS with JetStream that only this test uses. */
async function privateNats(t: Test) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-nats-'))
  const port = await freePort()
  let child: ChildProcess | undefined
  const start = async () => {
    const words = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder, '-n', randomUUID()]
    child = spawn('nats-server', words, { stdio: 'ignore' })
    await until(async () => {
      const connection = await connect({ servers: `127.0.0.1:${port}`, reconnect: false }).catch(
        () => undefined,
      )
      await connection?.close()
      return connection !== undefined
    })
  }
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  await start()
  t.after(async () => {
    await kill()
    await rm(folder, { recursive: true })
  })
  return { port, start, kill }
}
