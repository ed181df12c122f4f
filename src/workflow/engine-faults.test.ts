/** Holds the engine against what goes wrong around it: cancels under way, lost functions, events too large, long waits. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createWorkflowEngine, workflowMigrations } from './engine.ts'
import type { EngineDependencies } from './engine-dependencies.ts'
import { alteredStore } from './test-world/altered-store.ts'
import { ManualTime } from './test-world/manual-time.ts'
import { until } from './test-world/until.ts'
import type { InstanceChange, InstanceDetail, StepFunction, WorkflowEngine } from './workflow.ts'

type Test = { after(run: () => Promise<void>): void }

const workflow = (steps: readonly Json[], name = 'pay'): Json => ({
  ...{ name, on: { event: 'Paid(address who, uint256 amount)', contract: 'shop' } },
  do: steps,
})

async function world(t: Test, functions: Record<string, StepFunction>) {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(workflowMigrations)
  const time = new ManualTime()
  const engines: WorkflowEngine[] = []
  const engineWith = (extra: Partial<EngineDependencies> = {}) => {
    const engine = createWorkflowEngine({
      ...{ sql, clock: time, timer: time, logger: silentLogger, metrics: noMetrics },
      ...{ random: () => 1, functions, ...extra },
    })
    engines.push(engine)
    return engine
  }
  t.after(async () => {
    for (const engine of engines) await engine.stop()
    await sql.close()
  })
  return { sql, time, engineWith }
}

async function appear(engine: WorkflowEngine, sql: SqlStore, data: Json = {}): Promise<string> {
  const event = { id: 'e1', name: 'Paid', data }
  const [id] = await sql.transaction((session) => engine.startFor(session, event))
  engine.wake()
  return id ?? ''
}

/** A function that is under way until it is told to end. */
function gated() {
  const keys: string[] = []
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const run: StepFunction = async (_, { idempotencyKey }) => {
    keys.push(idempotencyKey)
    await opened
    return { kind: 'done', output: keys.length }
  }
  return { run, keys, open: () => open() }
}

const cancel = async (engine: WorkflowEngine, sql: SqlStore) => {
  await sql.transaction((session) => engine.cancelFor(session, 'e1', 'its block left'))
  engine.wake()
}

describe('an instance that is cancelled', () => {
  test('while a step is under way keeps that result, and does not run it again when revived', async (t) => {
    const gate = gated()
    const { sql, engineWith } = await world(t, { gate: gate.run })
    const engine = engineWith()
    await engine.deploy(workflow([{ a: { call: 'gate' } }, { b: { set: 1 } }]))
    await engine.start()
    const id = await appear(engine, sql)
    await until(engine, id, () => gate.keys.length === 1)
    await cancel(engine, sql)
    gate.open()
    await until(engine, id, ({ journal }) => journal.some(({ kind }) => kind === 'completed'))
    assert.equal((await engine.get(id))?.status, 'cancelled')
    await appear(engine, sql)
    const done = await until(engine, id, ({ status }) => status === 'completed')
    assert.equal(gate.keys.length, 1)
    assert.deepEqual(
      done.journal.filter(({ kind }) => kind === 'completed').map(({ step }) => step),
      ['a', 'b'],
    )
  })

  test('after its last step had begun is completed all the same', async (t) => {
    const gate = gated()
    const { sql, engineWith } = await world(t, { gate: gate.run })
    const engine = engineWith()
    await engine.deploy(workflow([{ a: { call: 'gate' } }]))
    await engine.start()
    const id = await appear(engine, sql)
    await until(engine, id, () => gate.keys.length === 1)
    await cancel(engine, sql)
    gate.open()
    const done = await until(engine, id, ({ status }) => status === 'completed')
    assert.equal(done.output, 1)
    assert.equal(await appear(engine, sql), '')
  })

  test('has a line that says so, is told to subscribers, and its step is interrupted', async (t) => {
    const { sql, engineWith } = await world(t, {
      sleep: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('interrupted')))
        }),
    })
    const engine = engineWith()
    const told: InstanceChange[] = []
    engine.subscribe((change) => told.push(change))
    await engine.deploy(workflow([{ a: { call: 'sleep' } }]))
    await engine.start()
    const id = await appear(engine, sql)
    await until(engine, id, ({ journal }) => journal.length === 1)
    await cancel(engine, sql)
    for (let turn = 0; turn < 500 && told.length < 2; turn += 1) await pause(1)
    assert.deepEqual(
      told.map(({ entry, instance }) => [entry.kind, entry.seq, entry.error, instance.status]),
      [
        ['started', 1, undefined, 'running'],
        ['cancelled', 2, 'its block left', 'cancelled'],
      ],
    )
    const { journal } = (await engine.get(id)) as InstanceDetail
    assert.deepEqual(
      journal.map(({ kind }) => kind),
      ['started', 'cancelled'],
    )
  })

  test('in a transaction that is rolled back goes on, and nobody hears of it', async (t) => {
    const gate = gated()
    const { sql, engineWith } = await world(t, { gate: gate.run })
    const engine = engineWith()
    const told: string[] = []
    engine.subscribe(({ entry }) => told.push(entry.kind))
    await engine.deploy(workflow([{ a: { call: 'gate' } }]))
    await engine.start()
    const id = await appear(engine, sql)
    await until(engine, id, () => gate.keys.length === 1)
    const rolledBack = sql.transaction(async (session) => {
      await engine.cancelFor(session, 'e1', 'its block left')
      throw new Error('no')
    })
    await assert.rejects(rolledBack)
    engine.wake()
    gate.open()
    await until(engine, id, ({ status }) => status === 'completed')
    assert.deepEqual(told, ['started', 'completed'])
  })
})

describe('an engine', () => {
  test('whose function is gone lets the instance wait with the reason, without spinning', async (t) => {
    const gate = gated()
    const { sql, time, engineWith } = await world(t, { gate: gate.run })
    const first = engineWith({
      functions: {
        gate: async () => ({ kind: 'waiting', reason: 'closed', retryAfterMs: 1_000 }),
      },
    })
    await first.deploy(workflow([{ a: { call: 'gate' } }]))
    await first.start()
    const id = await appear(first, sql)
    await until(first, id, ({ status }) => status === 'waiting')
    await first.stop()
    let reads = 0
    const counted = alteredStore(sql, {
      all: (text, ...values) => {
        reads += 1
        return sql.all(text, ...values)
      },
    })
    const without = engineWith({ sql: counted, functions: {} })
    time.advance(2_000)
    await without.start()
    await until(without, id, ({ reason }) => /"gate" is not there/.test(reason ?? ''))
    await pause(50)
    assert.ok(reads < 50, `${reads} reads`)
    await without.stop()
    const again = engineWith()
    time.advance(60_000)
    gate.open()
    await again.start()
    await until(again, id, ({ status }) => status === 'completed')
  })

  test('whose database fails once rests, and then goes on', async (t) => {
    const { sql, time, engineWith } = await world(t, {})
    let failures = 0
    const flaky = alteredStore(sql, {
      transaction: (work) => {
        failures += 1
        return failures > 3 ? sql.transaction(work) : Promise.reject(new Error('disk full'))
      },
    })
    const engine = engineWith({ sql: flaky })
    await engine.deploy(workflow([{ a: { set: 5 } }]))
    await engine.start()
    const id = await appear(engine, sql)
    await pause(50)
    assert.equal(failures, 1)
    for (let second = 0; second < 10; second += 1) {
      time.advance(1_000)
      await pause(5)
    }
    assert.equal((await until(engine, id, ({ status }) => status === 'completed')).output, 5)
  })

  test('counts a wait for no attempt: failures after a long wait are still retried', async (t) => {
    let asked = 0
    const { sql, time, engineWith } = await world(t, {
      slow: async () => {
        asked += 1
        if (asked <= 40) return { kind: 'waiting', reason: 'no role', retryAfterMs: 1_000 }
        if (asked === 41) throw new AppError({ code: 't/x', message: 'lost', retry: 'later' })
        return { kind: 'done', output: asked }
      },
    })
    const engine = engineWith()
    await engine.deploy(workflow([{ a: { call: 'slow' } }]))
    await engine.start()
    const id = await appear(engine, sql)
    for (let turn = 0; turn < 400 && asked < 42; turn += 1) {
      await pause(1)
      time.advance(1_000)
    }
    const done = await until(engine, id, ({ status }) => status === 'completed')
    assert.deepEqual(
      done.journal.map(({ kind, attempt }) => `${kind} ${attempt}`),
      ['started 1', 'waiting 1', 'retrying 1', 'started 2', 'completed 2'],
    )
  })

  test('writes one line for each reason, also when reasons take turns', async (t) => {
    let asked = 0
    const { sql, time, engineWith } = await world(t, {
      torn: async () => {
        asked += 1
        return { kind: 'waiting', reason: `reason ${asked % 2}`, retryAfterMs: 1_000 }
      },
    })
    const engine = engineWith()
    await engine.deploy(workflow([{ a: { call: 'torn' } }]))
    await engine.start()
    const id = await appear(engine, sql)
    for (let turn = 0; turn < 200 && asked < 9; turn += 1) {
      await pause(1)
      time.advance(1_000)
    }
    const { journal } = (await engine.get(id)) as InstanceDetail
    assert.equal(journal.filter(({ kind }) => kind === 'waiting').length, 2)
  })

  test('is not held up by an event that is too large: its instance fails by name', async (t) => {
    const { sql, engineWith } = await world(t, {})
    const engine = engineWith()
    const told: InstanceChange[] = []
    engine.subscribe((change) => told.push(change))
    await engine.deploy(workflow([{ a: { set: 1 } }]))
    await engine.start()
    await appear(engine, sql, { payload: 'é'.repeat(140_000) })
    for (let turn = 0; turn < 500 && told.length < 1; turn += 1) await pause(1)
    const { items } = await engine.list({ limit: 5 })
    assert.equal(items.length, 1)
    assert.equal(items[0]?.status, 'failed')
    assert.match(items[0]?.reason ?? '', /over the limit of 262144 bytes/)
    assert.deepEqual(
      told.map(({ entry }) => entry.kind),
      ['failed'],
    )
    assert.equal(await appear(engine, sql, {}), '')
  })

  test('asks again by the pauses that a step names, and at once when told so', async (t) => {
    const asked: number[] = []
    const { sql, time, engineWith } = await world(t, {
      flaky: async () => {
        asked.push(time.nowMs())
        const retry = asked.length === 3 ? 'now' : 'later'
        throw new AppError({ code: 't/x', message: 'no', retry })
      },
    })
    const engine = engineWith()
    const retry = { attempts: 4, delayMs: 1_000, backoff: 3 }
    await engine.deploy(workflow([{ a: { call: 'flaky', retry } }]))
    await engine.start()
    const id = await appear(engine, sql)
    for (let turn = 0; turn < 400 && asked.length < 4; turn += 1) {
      await pause(1)
      time.advance(100)
    }
    await until(engine, id, ({ status }) => status === 'failed')
    const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0))
    assert.ok((gaps[0] ?? 0) >= 1_000 && (gaps[0] ?? 0) < 2_500, `first pause ${gaps[0]}`)
    assert.ok((gaps[1] ?? 0) >= 3_000, `second pause ${gaps[1]}`)
    assert.ok((gaps[2] ?? 0) <= 1_000, `third pause ${gaps[2]}`)
  })

  test('gives up on a step that takes too long, and asks it again', async (t) => {
    let asked = 0
    const { sql, time, engineWith } = await world(t, {
      deaf: () => {
        asked += 1
        return asked === 1 ? new Promise(() => {}) : Promise.resolve({ kind: 'done', output: 1 })
      },
    })
    const engine = engineWith()
    await engine.deploy(workflow([{ a: { call: 'deaf' } }]))
    await engine.start()
    const id = await appear(engine, sql)
    await until(engine, id, () => asked === 1)
    time.advance(600_000)
    await until(engine, id, ({ reason }) => /took longer than 600000 ms/.test(reason ?? ''))
    await pause(5)
    time.advance(60_000)
    await until(engine, id, ({ status }) => status === 'completed')
  })

  test('bounds what an instance gathers in its journal', async (t) => {
    const { sql, engineWith } = await world(t, {})
    const engine = engineWith()
    const set = '${ [.event.payload, .event.payload] }'
    await engine.deploy(workflow([{ a: { set, then: 'a' } }]))
    await engine.start()
    const id = await appear(engine, sql, { payload: 'x'.repeat(120_000) })
    const failed = await until(engine, id, ({ status }) => status === 'failed')
    assert.match(failed.reason ?? '', /bytes in its journal, over the limit of 16777216/)
  })

  test('fails a step whose input or output is no JSON of a size that can be kept', async (t) => {
    const deep = () => JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as Json
    const { sql, engineWith } = await world(t, {
      take: async () => ({ kind: 'done', output: 1 }),
      deep: async () => ({ kind: 'done', output: deep() }),
    })
    const engine = engineWith()
    await engine.start()
    const reasonOf = async (step: Json) => {
      await engine.deploy(workflow([{ a: step }], `w${Math.random()}`.replace('.', '')))
      const { items } = await engine.list({ limit: 1 })
      const event = {
        id: `e${items.length}${Math.random()}`,
        name: 'Paid',
        data: { p: 'x'.repeat(200_000) },
      }
      const ids = await sql.transaction((session) => engine.startFor(session, event))
      engine.wake()
      return (await until(engine, ids.at(-1) ?? '', ({ status }) => status === 'failed')).reason
    }
    const large = await reasonOf({ call: 'take', with: ['${ .event.p }', '${ .event.p }'] })
    assert.match(large ?? '', /input of "a" .* over the limit of 262144/)
    assert.match((await reasonOf({ call: 'deep' })) ?? '', /result of "a" is nested too deeply/)
  })

  test('goes on when a subscriber throws', async (t) => {
    const { sql, engineWith } = await world(t, {})
    const engine = engineWith()
    engine.subscribe(() => {
      throw new Error('mine')
    })
    await engine.deploy(workflow([{ a: { set: 1 } }]))
    await engine.start()
    const id = await appear(engine, sql)
    const done = await until(engine, id, ({ status }) => status === 'completed')
    assert.equal(done.journal.length, 2)
  })
})
