/** Has sinks told where runs of a real engine stand, through pauses, failures, retries and restarts. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { archiveMigrations } from '../store/archive.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createWorkflowEngine, workflowMigrations } from '../workflow/engine.ts'
import { createGuardedHttp } from '../workflow/guarded-http.ts'
import { readDefinition } from '../workflow/read-definition.ts'
import type { InstanceStatus, StepFunction } from '../workflow/workflow.ts'
import { servicesMigrations } from './services-schema.ts'
import { createSinks, readSinkOptions } from './sinks.ts'
import { until } from './test-bed/sink-world.ts'

const http = createGuardedHttp()
after(() => http.stop())

const order = `
document: {dsl: '1.0.3', namespace: shop, name: order, version: '1.2.0'}
do:
  - pay: {call: pay, metadata: {retry: {attempts: 1}}}
  - paid: {listen: {to: {one: {with: {type: paid}}}}, output: {as: '{paid: true}'}}`

async function world(
  t: { after(run: () => Promise<void>): void },
  { text = order, ...options }: { readonly text?: string; readonly [option: string]: unknown },
) {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate([...workflowMigrations, ...servicesMigrations, ...archiveMigrations])
  const parts = { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics }
  const section = [{ name: 'out', kind: 'file', folder: '/nowhere', ...(options as object) }]
  const sinks = createSinks(readSinkOptions(section), { ...parts, sql, http }, () => ({
    send: async (messages) => messages.map(() => undefined),
    close: async () => {},
  }))
  let isPaying = true
  const pay: StepFunction = async () => {
    if (!isPaying) throw new Error('no money')
    return { kind: 'done', output: 1 }
  }
  const refuse: StepFunction = async () => {
    throw new Error('always')
  }
  const functions = { pay, refuse }
  const create = () =>
    createWorkflowEngine({
      ...{ ...parts, sql, functions, random: () => 0.5 },
      ...{ ended: (one) => sinks.outcomeWrites(one), lifecycle: sinks.lifecycleWrites },
    })
  let engine = create()
  const start = async () => {
    await engine.deploy(readDefinition(text, { functions }))
    await engine.start()
  }
  await start()
  t.after(async () => {
    await engine.stop()
    await sinks.stop()
    await sql.close()
  })
  return {
    sinks,
    engine: () => engine,
    async restart() {
      await engine.stop()
      engine = create()
      await start()
    },
    pays: (does: boolean) => {
      isPaying = does
    },
    reaches: (id: string, status: InstanceStatus) =>
      until(async () => (await engine.get(id))?.status === status),
    async give() {
      const event = { specversion: '1.0', id: 'e', source: '/s', type: 'paid', data: 1 }
      await sql.transaction((session) => engine.deliver(session, event))
      engine.wake()
    },
    /** What waits for the sink, oldest first. */
    async told() {
      const rows = await sql.all(
        'SELECT subject, nth, route, order_key, payload FROM sink_messages ORDER BY seq',
      )
      return rows.map((row) => ({ ...row, ...JSON.parse(String(row.payload)) }))
    },
  }
}

const typesOf = (told: readonly { readonly type: string }[]) =>
  told.map(({ type }) => type.replace(/^io\.serverlessworkflow\.workflow\.(.*)\.v1$/, '$1'))

test('a run is told from start to end, each step once, in the form of the specification', async (t) => {
  const { engine, told, reaches, give, restart } = await world(t, {
    ...{ events: false, outcomes: false, lifecycle: true },
  })
  await engine().begin({ name: 'order' }, null, { id: 'a' })
  await engine().begin({ name: 'order' }, null, { id: 'a' })
  await reaches('a', 'waiting')
  await restart()
  await engine().pause('a')
  await restart()
  await engine().resume('a')
  await assert.rejects(engine().resume('a'), { code: 'workflow/wrong-status' })
  await give()
  await reaches('a', 'completed')
  const all = await told()
  assert.deepEqual(typesOf(all), ['started', 'suspended', 'resumed', 'completed'])
  assert.deepEqual(
    all.map(({ subject, nth, route, order_key }) => [subject, nth, route, order_key]),
    [
      ['a', 0, 'lifecycle/order/started', 'a'],
      ['a', 1, 'lifecycle/order/suspended', 'a'],
      ['a', 2, 'lifecycle/order/resumed', 'a'],
      ['a', 3, 'lifecycle/order/completed', 'a'],
    ],
  )
  const [started, suspended, , completed] = all
  const name = 'order-a.shop'
  const definition = { name: 'order', namespace: 'shop', version: '1.2.0' }
  assert.deepEqual(started.data, { name, startedAt: started.time, definition })
  assert.deepEqual(suspended.data, { name, suspendedAt: suspended.time })
  assert.deepEqual(completed.data, { name, completedAt: completed.time, output: { paid: true } })
  assert.equal(new Date(completed.time).toISOString(), completed.time)
})

test('a failure has its error, a retry goes on, and a cancelled run is told as such', async (t) => {
  const { engine, told, reaches, pays } = await world(t, { events: false, lifecycle: true })
  pays(false)
  await engine().begin({ name: 'order' }, null, { id: 'b' })
  await reaches('b', 'failed')
  await engine().retry('b')
  await reaches('b', 'failed')
  await until(async () => (await told()).length >= 5)
  pays(true)
  await engine().retry('b')
  await reaches('b', 'waiting')
  await engine().cancel('b', 'no longer wanted')
  await reaches('b', 'cancelled')
  const all = (await told()).filter(({ type }) => type !== 'workflow.outcome')
  assert.deepEqual(typesOf(all), [
    ...['started', 'faulted', 'resumed', 'faulted', 'resumed', 'cancelled'],
  ])
  const { error } = all[1].data
  assert.match(error.detail ?? error.title, /no money/)
  assert.equal(typeof error.status, 'number')
})

test('tasks that call something are told by their place, with output or error, once each', async (t) => {
  const text = `
document: {dsl: '1.0.3', namespace: shop, name: order, version: '1.3.0'}
do:
  - each:
      for: {in: '[1, 2]'}
      do: [{pay: {call: pay, metadata: {compensate: [{payBack: {call: pay}}]}}}]
  - nap: {wait: {milliseconds: 1}}
  - again:
      try: [{refuse: {call: refuse, metadata: {retry: {attempts: 2, delayMs: 1}}}}]
      catch: {do: [{note: {set: {caught: true}}}]}
  - last: {raise: {error: {type: 'https://example.com/no', status: 409}}}`
  const { engine, told, reaches, restart } = await world(t, {
    ...{ events: false, outcomes: false, tasks: true, text },
  })
  await engine().begin({ name: 'order' }, null, { id: 'd' })
  await reaches('d', 'failed')
  await restart()
  const all = await told()
  const short = all.map(({ type, data }) => [type.split('.')[3], data.task])
  assert.deepEqual(short, [
    ['completed', '/do/0/each/do/0/pay'],
    ['completed', '/do/0/each/do/0/pay'],
    ['retried', '/do/2/again/try/0/refuse'],
    ['faulted', '/do/2/again/try/0/refuse'],
    ['completed', '/do/0/each/do/0/pay/metadata/compensate/0/payBack'],
    ['completed', '/do/0/each/do/0/pay/metadata/compensate/0/payBack'],
  ])
  const [paid, , retried, refused] = all
  const workflow = 'order-d.shop'
  const task = '/do/0/each/do/0/pay'
  assert.equal(paid.type, 'io.serverlessworkflow.task.completed.v1')
  assert.deepEqual(paid.data, { workflow, task, completedAt: paid.time, output: 1 })
  assert.equal(retried.data.retriedAt, retried.time)
  assert.match(refused.data.error.detail, /always/)
  assert.equal(paid.route, 'task/order/completed')
})

test('a sink that does not ask is told of ends alone, and nothing is asked of the engine', async (t) => {
  const { sinks, engine, told, reaches, give } = await world(t, {})
  assert.equal(sinks.lifecycleWrites, undefined)
  await engine().begin({ name: 'order' }, null, { id: 'c' })
  await reaches('c', 'waiting')
  await engine().pause('c')
  await engine().resume('c')
  await give()
  await reaches('c', 'completed')
  assert.deepEqual(typesOf(await told()), ['workflow.outcome'])
})
