/** Holds the engine to its bounds: it stops, rests, retries and gives way to others, whatever steps and disks do. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createWorkflowEngine, workflowMigrations } from './engine.ts'
import { ManualTime } from './test-world/manual-time.ts'
import { until } from './test-world/until.ts'
import type { InstanceDetail, StepFunction } from './workflow.ts'

type Test = { after(run: () => Promise<void>): void }

const workflow = (steps: readonly Json[]): Json => ({
  ...{ name: 'pay', on: { event: 'Paid(address who, uint256 amount)', contract: 'shop' } },
  do: steps,
})

async function world(t: Test, functions: Record<string, StepFunction>) {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate([
    ...workflowMigrations,
    { id: 'test/001', statements: ['CREATE TABLE notes (text TEXT NOT NULL)'] },
  ])
  const time = new ManualTime()
  const engine = createWorkflowEngine({
    ...{ clock: time, timer: time, logger: silentLogger, metrics: noMetrics },
    ...{ random: () => 1, functions, sql },
  })
  t.after(async () => {
    await engine.stop()
    await sql.close()
  })
  const appear = async (id: string) => {
    const event = { id, name: 'Paid', data: {} }
    const [started] = await sql.transaction((session) => engine.startFor(session, event))
    engine.wake()
    return started ?? ''
  }
  return { sql, time, engine, appear }
}

const completed = ({ status }: InstanceDetail) => status === 'completed'
const failed = ({ status }: InstanceDetail) => status === 'failed'
const kinds = ({ journal }: InstanceDetail) => journal.map(({ kind }) => kind)

describe('an engine that is stopped', () => {
  test('leaves a function that is deaf to its signal after 5 seconds, and asks it again later', async (t) => {
    let asked = 0
    const { engine, time, appear } = await world(t, {
      deaf: () => {
        asked += 1
        return asked === 1 ? new Promise(() => {}) : Promise.resolve({ kind: 'done', output: 1 })
      },
    })
    await engine.deploy(workflow([{ a: { call: 'deaf' } }]))
    await engine.start()
    const id = await appear('e1')
    await until(engine, id, () => asked === 1)
    let stopped = false
    const stopping = engine.stop().then(() => {
      stopped = true
    })
    time.advance(4_999)
    await pause(10)
    assert.equal(stopped, false)
    time.advance(1)
    await stopping
    assert.deepEqual(kinds((await engine.get(id)) as InstanceDetail), ['started'])
    await engine.start()
    await until(engine, id, completed)
  })

  test('keeps what a function gives although it was told to end', async (t) => {
    const { engine, appear } = await world(t, {
      late: (_, { signal }) =>
        new Promise((resolve) => {
          const end = () => setImmediate(resolve, { kind: 'done', output: 'late' } as const)
          signal.addEventListener('abort', end)
        }),
    })
    await engine.deploy(workflow([{ a: { call: 'late' } }, { b: { set: 1 } }]))
    await engine.start()
    const id = await appear('e1')
    await until(engine, id, ({ journal }) => journal.length === 1)
    await engine.stop()
    const stopped = (await engine.get(id)) as InstanceDetail
    assert.deepEqual(kinds(stopped), ['started', 'completed'])
    assert.deepEqual([stopped.status, stopped.step], ['running', 'b'])
  })
})

describe('an instance that cannot go on', () => {
  test('waits with the reason when its definition no longer compiles, and holds up no other', async (t) => {
    const { engine, sql, time, appear } = await world(t, {})
    await engine.deploy(workflow([{ a: { set: 5 } }]))
    await sql.run(`INSERT INTO definitions VALUES ('old', 'old', '{"no":"workflow"}')`)
    const columns = 'id, workflow, definition_hash, status, step, event_id, input'
    for (let at = 0; at < 200; at += 1) {
      await sql.run(
        `INSERT INTO instances (${columns}, wake_at_ms, created_at_ms, updated_at_ms)
          VALUES (?, 'old', 'old', 'running', 'a', ?, '{}', 0, 0, 0)`,
        ...[`old${at}`, `x${at}`],
      )
    }
    await engine.start()
    await until(engine, await appear('e1'), completed)
    const old = await until(engine, 'old199', ({ status }) => status === 'waiting')
    assert.match(old.reason ?? '', /its definition cannot be used: bad workflow/)
    time.advance(30_000)
    await pause(20)
    assert.deepEqual(kinds((await engine.get('old0')) as InstanceDetail), ['waiting'])
  })

  test('because its row is damaged rests, and holds up no other', async (t) => {
    let reads = 0
    const { engine, sql, time, appear } = await world(t, {})
    await engine.deploy(workflow([{ a: { set: 5 } }]))
    const damaged = await appear('e1')
    await sql.run(`UPDATE instances SET input = '{' WHERE id = ?`, damaged)
    const get = sql.get.bind(sql)
    sql.get = (text, ...values) => {
      reads += 1
      return get(text, ...values)
    }
    await engine.start()
    await until(engine, await appear('e2'), completed)
    await pause(30)
    assert.ok(reads < 50, `${reads} reads`)
    const row = await sql.get(
      'SELECT status, reason, wake_at_ms FROM instances WHERE id = ?',
      damaged,
    )
    assert.equal(row?.wake_at_ms, time.nowMs() + 1_000)
    assert.match(String(row?.reason), /JSON/)
  })

  test('since the disk takes no writes is looked at once a second', async (t) => {
    let writes = 0
    let isFull = true
    const { engine, sql, time, appear } = await world(t, {})
    const refuse = () => {
      writes += 1
      return Promise.reject(new Error('disk full'))
    }
    await engine.deploy(workflow([{ a: { set: 5 } }]))
    const id = await appear('e1')
    const [run, transaction] = [sql.run.bind(sql), sql.transaction.bind(sql)]
    sql.run = (...all) => (isFull ? refuse() : run(...all))
    sql.transaction = (work) => (isFull ? refuse() : transaction(work))
    await engine.start()
    await pause(30)
    assert.equal(writes, 2)
    time.advance(1_000)
    await pause(30)
    assert.equal(writes, 4)
    isFull = false
    time.advance(1_000)
    await until(engine, id, completed)
  })
})

describe('a subscriber', () => {
  test('hears of a cancel once, and of everything in order', async (t) => {
    const told: string[] = []
    let asked = 0
    const { engine, sql, appear } = await world(t, {
      late: (_, { signal }) =>
        new Promise((resolve) => {
          asked += 1
          signal.addEventListener('abort', () => resolve({ kind: 'done', output: asked }))
        }),
    })
    engine.subscribe(({ entry, instance }) => {
      told.push(`${entry.seq} ${entry.kind} ${instance.status}`)
    })
    await engine.deploy(workflow([{ a: { call: 'late' } }, { b: { set: 1 } }]))
    await engine.start()
    const id = await appear('e1')
    await until(engine, id, () => asked === 1)
    const cancelled = (ends: () => void) =>
      sql.transaction(async (session) => {
        await engine.cancelFor(session, 'e1', 'left')
        ends()
      })
    await assert.rejects(
      cancelled(() => {
        throw new Error('no')
      }),
    )
    await cancelled(() => {})
    engine.wake()
    engine.wake()
    await until(engine, id, ({ journal }) => journal.length === 3)
    await appear('e1')
    await until(engine, id, completed)
    await pause(5)
    assert.deepEqual(told, [
      '1 started running',
      '2 cancelled cancelled',
      '3 completed cancelled',
      '4 started running',
      '5 completed completed',
    ])
  })
})

describe('a step', () => {
  test('that is to be asked again at once is, as often as it may', async (t) => {
    let asked = 0
    const { engine, appear } = await world(t, {
      hasty: async () => {
        asked += 1
        throw new AppError({ code: 't/x', message: 'again', retry: 'now' })
      },
    })
    await engine.deploy(workflow([{ a: { call: 'hasty', retry: { attempts: 5 } } }]))
    await engine.start()
    await until(engine, await appear('e1'), failed)
    assert.equal(asked, 5)
  })

  test('that would not rest between two waits does', async (t) => {
    let asked = 0
    const { engine, appear } = await world(t, {
      restless: async () => {
        asked += 1
        return { kind: 'waiting', reason: `the ${asked}.`, retryAfterMs: Number.NaN }
      },
    })
    await engine.deploy(workflow([{ a: { call: 'restless' } }]))
    await engine.start()
    await until(engine, await appear('e1'), ({ status }) => status === 'waiting')
    await pause(30)
    assert.equal(asked, 1)
  })

  test('that waits for ever new reasons has a hundred lines', async (t) => {
    let asked = 0
    const { engine, time, appear } = await world(t, {
      fickle: async () => {
        asked += 1
        return { kind: 'waiting', reason: `balance ${asked}`, retryAfterMs: 10 }
      },
    })
    await engine.deploy(workflow([{ a: { call: 'fickle' } }]))
    await engine.start()
    const id = await appear('e1')
    for (let turn = 0; turn < 1_000 && asked < 110; turn += 1) {
      time.advance(10)
      await pause(1)
    }
    const { journal, reason } = await until(engine, id, (one) => one.reason === 'balance 110')
    assert.equal(journal.length, 101)
    assert.equal(reason, 'balance 110')
  })

  test('whose own writing fails is asked again, and nothing of it is written', async (t) => {
    let asked = 0
    const { engine, sql, time, appear } = await world(t, {
      writes: async () => {
        asked += 1
        const text = asked === 1 ? null : 'second'
        return {
          ...{ kind: 'done', output: asked },
          commit: async (session) => {
            await session.run(`INSERT INTO notes VALUES ('before')`)
            await session.run('INSERT INTO notes VALUES (?)', text)
          },
        }
      },
    })
    await engine.deploy(workflow([{ a: { call: 'writes' } }]))
    await engine.start()
    const id = await appear('e1')
    await until(engine, id, (one) => kinds(one).includes('retrying'))
    await pause(5)
    time.advance(250)
    const done = await until(engine, id, completed)
    assert.deepEqual(kinds(done), ['started', 'retrying', 'started', 'completed'])
    const notes = await sql.all('SELECT text FROM notes')
    assert.deepEqual(
      notes.map(({ text }) => text),
      ['before', 'second'],
    )
  })

  test('says how it is tried again within bounds, each part on its own', async (t) => {
    const { engine } = await world(t, { note: async () => ({ kind: 'done', output: 1 }) })
    const deploy = (retry: Json) => engine.deploy(workflow([{ a: { call: 'note', retry } }]))
    for (const retry of [{}, { delayMs: 5 }, { backoff: 1.5 }, { attempts: 1_000 }]) {
      await deploy(retry)
    }
    const refused = (retry: Json, message: RegExp) =>
      assert.rejects(deploy(retry), { code: 'workflow/bad-definition', message })
    await refused({ attempts: 1_001 }, /retry\.attempts: must be a whole number from 1 to 1000/)
    await refused({ delayMs: 0 }, /retry\.delayMs: must be a whole number from 1 to 3600000/)
    await refused({ delayMs: 1.5 }, /retry\.delayMs: must be a whole number/)
    await refused({ backoff: 11 }, /retry\.backoff: must be a number from 1 to 10/)
    await refused({ backoff: '2' }, /retry\.backoff: must be a number/)
    await refused({ pause: 1 }, /unknown member "pause"/)
    await refused([], /retry: must be an object/)
  })
})
