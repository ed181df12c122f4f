/** Routes functions to providers, holds them to their limits, and looks at what is remembered of their runs. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { type Metrics, noMetrics, type Reading } from '../base/metrics.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createFunctionRegistry, type FunctionRegistryOptions } from './function-registry.ts'
import type { FunctionManagement, FunctionProvider, Invocation } from './functions.ts'
import { functionMigrations } from './functions-schema.ts'
import { ManualTime } from './test-world/manual-time.ts'

type Answer = (name: string, payload: Json, invocation: Invocation) => Promise<Json>

/** A provider that answers as it is told, and knows what it was asked. */
function scripted(answer: Answer, management?: FunctionManagement) {
  const asked: string[] = []
  const provider: FunctionProvider = {
    kind: 'http',
    ...(management && { management }),
    invoke: (name, payload, invocation) => {
      asked.push(name)
      return answer(name, payload, invocation)
    },
    stop: async () => {},
  }
  return { provider, asked }
}

/** Counts what is added and observed, by name and labels, and reads what is observed. */
function recordedMetrics() {
  const counts: Record<string, number> = {}
  const reads: (() => void)[] = []
  const keyOf = (name: string, labels: object = {}) =>
    [name.replace('quantumstream_function_', ''), ...Object.values(labels)].join(' ')
  const add = (name: string, labels?: object) => {
    counts[keyOf(name, labels)] = (counts[keyOf(name, labels)] ?? 0) + 1
  }
  const metrics: Metrics = {
    ...noMetrics,
    counter: (name) => ({ add: (_, labels) => add(name, labels) }),
    histogram: (name) => ({ observe: (_, labels) => add(name, labels) }),
    observed: (name, _, __, read) => {
      reads.push(() => {
        for (const { value, labels } of read() as Iterable<Reading>)
          counts[keyOf(name, labels)] = value
      })
      return () => {}
    },
  }
  const all = () => {
    for (const read of reads) read()
    return counts
  }
  return { ...metrics, all }
}

const failed = new AppError({ code: 'workflow/function-failed', message: 'down', retry: 'later' })
const refused = new AppError({ code: 'workflow/function-refused', message: 'no' })

async function open(
  t: { after(run: () => Promise<void>): void },
  options: FunctionRegistryOptions,
) {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(functionMigrations)
  const time = new ManualTime()
  const metrics = recordedMetrics()
  const world = { sql, clock: time, timer: time, metrics, logger: silentLogger }
  const registry = createFunctionRegistry(options, world)
  t.after(async () => {
    await registry.stop()
    await sql.close()
  })
  const call = (name: string, given: Partial<Invocation> = {}) => {
    const { signal } = new AbortController()
    return registry.invoke(name, {}, { idempotencyKey: '0x01', signal, ...given })
  }
  return { registry, sql, time, metrics, call }
}

describe('routes of functions', () => {
  test('lead where the settings say, else where it was deployed, else to the default', async (t) => {
    const here = scripted(async () => 'here')
    const there = scripted(async (name) => `there ${name}`)
    const { call } = await open(t, {
      providers: { here: here.provider, there: there.provider },
      defaultProvider: 'here',
      names: { kyc: { provider: 'there', target: 'prod-kyc' } },
    })
    assert.equal(await call('other'), 'here')
    assert.equal(await call('kyc'), 'there prod-kyc')
  })

  test('follow a deployment, also in another process', async (t) => {
    const deployed: string[] = []
    const one = { name: 'f', version: '1', runtime: 'x', deployedAtMs: 1, state: 'active' }
    const management: FunctionManagement = {
      list: async () => [one],
      describe: async () => ({ ...one, versions: [] }),
      deploy: async (name) => {
        deployed.push(name)
        return one
      },
      remove: async () => {},
    }
    const here = scripted(async () => 'here')
    const there = scripted(async () => 'there', management)
    const options = {
      providers: { here: here.provider, there: there.provider },
      defaultProvider: 'here',
      names: { fixed: { provider: 'here' } },
    }
    const { registry, call, sql, time } = await open(t, options)
    const other = createFunctionRegistry(options, {
      ...{ sql, clock: time, timer: time, metrics: noMetrics, logger: silentLogger },
    })
    const source = { files: new Map(), manifest: {} }
    const elsewhere = () =>
      other.invoke('f', {}, { idempotencyKey: '1', signal: new AbortController().signal })
    assert.equal(await elsewhere(), 'here')
    await registry.deploy('f', source, 'there')
    assert.equal(await call('f'), 'there')
    time.advance(1_000)
    assert.equal(await elsewhere(), 'there')
    await assert.rejects(registry.deploy('fixed', source, 'there'), { message: /the settings/ })
    await assert.rejects(registry.deploy('g', source, 'nowhere'), { code: 'workflow/no-provider' })
    await assert.rejects(registry.deploy('g', source), { code: 'workflow/unmanaged-function' })
    assert.deepEqual(deployed, ['f'])
    await registry.remove('f')
    assert.equal(await call('f'), 'here')
  })

  test('give a call the time that its function has', async (t) => {
    const { provider } = scripted(async (_, __, { deadlineMs = 0 }) => deadlineMs)
    const { call, time } = await open(t, {
      providers: { one: provider },
      defaultProvider: 'one',
      names: { quick: { provider: 'one', timeoutMs: 500 } },
    })
    assert.equal(await call('quick'), time.nowMs() + 500)
    assert.equal(await call('quick', { deadlineMs: 7 }), 7)
    assert.equal(await call('other'), 0, 'none')
  })
})

describe('a function that fails again and again', () => {
  test('is not asked until a probe went well, and each function for itself', async (t) => {
    let mood: AppError | undefined = failed
    const { provider, asked } = scripted(async (name) => {
      if (mood && name === 'f') throw mood
      return 1
    })
    const { call, time, registry } = await open(t, {
      providers: { one: provider },
      defaultProvider: 'one',
      names: { f: { provider: 'one' } },
      guard: { failures: 3, openMs: 1_000 },
    })
    const circuit = async () => (await registry.describe('f')).circuit
    for (const _ of [1, 2, 3]) await assert.rejects(call('f'), failed)
    assert.equal(await circuit(), 'open')
    time.advance(400)
    await assert.rejects(call('f'), {
      code: 'workflow/function-circuit-open',
      retry: 'later',
      data: { retryAfterMs: 600 },
    })
    assert.equal(asked.length, 3, 'it was not asked')
    assert.equal(await call('g'), 1)
    time.advance(600)
    assert.equal(await circuit(), 'half-open')
    await assert.rejects(call('f'), failed)
    assert.equal(await circuit(), 'open', 'the probe failed')
    time.advance(1_000)
    mood = undefined
    assert.equal(await call('f'), 1)
    assert.equal(await circuit(), 'closed')
  })

  test('has one probe at a time', async (t) => {
    let probe = Promise.withResolvers<Json>()
    let fails = true
    const { provider, asked } = scripted(async () => {
      if (fails) throw failed
      return probe.promise
    })
    const guard = { failures: 1, openMs: 1_000 }
    const { call, time } = await open(t, {
      providers: { one: provider },
      defaultProvider: 'one',
      guard,
    })
    await assert.rejects(call('f'), failed)
    time.advance(1_000)
    fails = false
    const probing = call('f')
    await assert.rejects(call('f'), { code: 'workflow/function-circuit-open' })
    probe.reject(new AppError({ code: 'workflow/function-cancelled', message: 'x' }))
    await assert.rejects(probing, { code: 'workflow/function-cancelled' })
    probe = Promise.withResolvers<Json>()
    probe.resolve(7)
    assert.equal(await call('f'), 7, 'a probe that was interrupted leaves room for another')
    assert.equal(asked.length, 3)
  })

  test('is told from one that refuses', async (t) => {
    const { provider, asked } = scripted(async () => {
      throw refused
    })
    const { call } = await open(t, {
      providers: { one: provider },
      defaultProvider: 'one',
      guard: { failures: 2 },
    })
    for (const _ of [1, 2, 3, 4]) await assert.rejects(call('f'), refused)
    assert.equal(asked.length, 4)
  })
})

describe('calls of one function', () => {
  test('run so many at once, wait so many, and no longer than that', async (t) => {
    const gates: PromiseWithResolvers<Json>[] = []
    const { provider } = scripted(() => {
      const gate = Promise.withResolvers<Json>()
      gates.push(gate)
      return gate.promise
    })
    const { call, time, registry } = await open(t, {
      providers: { one: provider },
      defaultProvider: 'one',
      names: { f: { provider: 'one', concurrency: 2 } },
      guard: { mostWaiting: 3, longestWaitMs: 5_000 },
    })
    const order: number[] = []
    const under = new AbortController()
    const all = [1, 2, 3, 4, 5].map((n) =>
      call('f', n === 4 ? { signal: under.signal } : {}).then(() => order.push(n)),
    )
    await new Promise(setImmediate)
    const { running, waiting } = await registry.describe('f')
    assert.deepEqual([running, waiting, gates.length], [2, 3, 2])
    const busy = { code: 'workflow/function-busy', retry: 'later' }
    await assert.rejects(call('f'), busy)
    under.abort()
    await assert.rejects(all[3] ?? fail(), { code: 'workflow/function-cancelled' })
    gates[0]?.resolve(1)
    await all[0]
    await new Promise(setImmediate)
    assert.equal(gates.length, 3, 'the third took the place of the first')
    time.advance(5_000)
    await assert.rejects(all[4] ?? fail(), busy)
    for (const gate of gates) gate.resolve(1)
    await Promise.all([all[1], all[2]])
    assert.deepEqual(order, [1, 2, 3])
    assert.equal((await registry.describe('f')).running, 0)
  })

  test('are remembered with time, outcome, error and log, the last 200 of them', async (t) => {
    const { provider } = scripted(async (name, _, { log, idempotencyKey }) => {
      time.advance(name === 'slow' ? 40 : 2)
      log?.({ atMs: 5, level: 'info', text: `key ${idempotencyKey} ${'x'.repeat(20_000)}` })
      if (name === 'bad') throw refused
      if (name === 'absent') throw new AppError({ code: 'workflow/no-function', message: 'none' })
      return null
    })
    const { call, registry, time, metrics, sql } = await open(t, {
      providers: { one: provider },
      defaultProvider: 'one',
      names: { slow: { provider: 'one' }, bad: { provider: 'one' } },
    })
    for (let n = 0; n < 210; n += 1) await call('slow', { idempotencyKey: `0x${n}` })
    await assert.rejects(call('bad'), refused)
    await assert.rejects(call('absent'), { code: 'workflow/no-function' })
    const first = await registry.runs('slow', { limit: 150 })
    const rest = await registry.runs('slow', { limit: 150, cursor: first.next })
    const runs = [...first.items, ...rest.items]
    assert.equal(runs.length, 200)
    assert.deepEqual([runs[0]?.idempotencyKey, runs[199]?.idempotencyKey], ['0x209', '0x10'])
    assert.deepEqual([runs[0]?.ms, runs[0]?.outcome, runs[0]?.provider], [40, 'ok', 'one'])
    assert.equal(runs[0]?.log[0]?.text.length, 16_384)

    const { items } = await registry.list({ limit: 10 })
    assert.deepEqual(
      items.map(({ name }) => name),
      ['bad', 'slow'],
    )
    const { runs: count, errors, lastError } = items[0]?.figures ?? {}
    assert.deepEqual([count, errors, lastError], [1, 1, 'no'])
    assert.equal(items[1]?.figures.medianMs, 40)
    const kept = await sql.all('SELECT DISTINCT name FROM function_runs ORDER BY name')
    assert.deepEqual(
      kept.map(({ name }) => name),
      ['bad', 'slow'],
      'a name that is none leaves no run',
    )
    assert.deepEqual(metrics.all(), {
      'calls_total slow one ok': 210,
      'calls_total bad one function-refused': 1,
      'calls_total  one no-function': 1,
      'seconds slow one': 210,
      'seconds bad one': 1,
      'seconds  one': 1,
      'circuit slow': 0,
      'circuit bad': 0,
      'waiting slow': 0,
      'waiting bad': 0,
    })
  })

  test('are written down a second later though nobody looks', async (t) => {
    const { provider } = scripted(async () => null)
    const { call, time, sql } = await open(t, {
      providers: { one: provider },
      defaultProvider: 'one',
    })
    await call('f')
    const rows = () => sql.all('SELECT seq FROM function_runs')
    assert.equal((await rows()).length, 0)
    time.advance(1_000)
    // A database elsewhere takes a while.
    for (let turn = 0; turn < 1_000 && (await rows()).length === 0; turn += 1) {
      await new Promise(setImmediate)
    }
    assert.equal((await rows()).length, 1)
  })
})

test('a provider that does not answer is a line on the list, and the others are there', async (t) => {
  const management = { list: async () => Promise.reject(new Error('no cloud')) }
  const cloud = scripted(async () => 1, management as unknown as FunctionManagement)
  const other = scripted(async () => 1)
  const { registry } = await open(t, {
    providers: { cloud: cloud.provider, other: other.provider },
    defaultProvider: 'other',
    names: { f: { provider: 'other' }, g: { provider: 'other' } },
  })
  const first = await registry.list({ limit: 1 })
  assert.deepEqual(first.problems, ['cloud: no cloud'])
  assert.deepEqual(
    first.items.map(({ name, isCalled }) => [name, isCalled]),
    [['f', true]],
  )
  const second = await registry.list({ limit: 1, cursor: first.next })
  assert.equal(second.items[0]?.name, 'g')
  assert.equal(second.next, undefined)
  assert.deepEqual(registry.providers[0], { name: 'other', kind: 'http' })
})

function fail(): never {
  assert.fail('there is no such call')
}
