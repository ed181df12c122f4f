/** Runs workflows on a real database: branches, crashes at every boundary, retries, waits, cancels, limits. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createWorkflowEngine, workflowMigrations } from './engine.ts'
import type { StepPoint } from './engine-dependencies.ts'
import { ManualTime } from './test-world/manual-time.ts'
import { until } from './test-world/until.ts'
import type { InstanceDetail, StepFunction, WorkflowEngine } from './workflow.ts'

type Test = { after(run: () => Promise<void>): void }

const definition = (extra: object = {}): Json => ({
  ...{ name: 'pay', on: { event: 'Paid(address who, uint256 amount)', contract: 'shop' } },
  do: [
    { first: { call: 'note', with: { text: 'got ${ .event.args.amount }' } } },
    {
      choose: {
        switch: [
          { big: { when: '.event.args.amount == "9"', then: 'second' } },
          { small: { then: 'end' } },
        ],
      },
    },
    {
      second: {
        call: 'note',
        with: { text: 'after ${ .steps.first.text }', ref: '${ .event.reference }' },
      },
    },
    { last: { set: { done: '${ .steps.second.text }' } } },
  ],
  ...extra,
})

async function database(t: Test): Promise<() => Promise<SqlStore>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-engine-'))
  t.after(() => rm(folder, { recursive: true }))
  return async () => {
    const sql = await openSqlite({ path: path.join(folder, 'engine.sqlite') })
    const notes = { id: 'test/001', statements: ['CREATE TABLE notes (key TEXT, text TEXT)'] }
    await sql.migrate([...workflowMigrations, notes])
    return sql
  }
}

/** Writes a row with the journal line: what must happen exactly once. */
const note: StepFunction = async (input, { idempotencyKey }) => ({
  kind: 'done',
  output: input,
  commit: async (session) => {
    const { text } = input as { text: string }
    await session.run('INSERT INTO notes VALUES (?, ?)', idempotencyKey, text)
  },
})

interface World {
  readonly sql: SqlStore
  readonly time?: ManualTime
  readonly functions?: Record<string, StepFunction>
  readonly observe?: (point: StepPoint, instanceId: string, step: string) => void
}

function engineOn({
  sql,
  time = new ManualTime(),
  functions = { note },
  observe,
}: World): WorkflowEngine {
  return createWorkflowEngine({
    ...{ sql, clock: time, timer: time, logger: silentLogger, metrics: noMetrics, random: () => 1 },
    ...{ functions, ...(observe ? { observe } : {}) },
  })
}

async function pay(
  engine: WorkflowEngine,
  sql: SqlStore,
  amount = '9',
  id = 'e1',
): Promise<string> {
  const event = { id, name: 'Paid', data: { id, args: { amount } } }
  const [started] = await sql.transaction((session) => engine.startFor(session, event))
  engine.wake()
  return started ?? ''
}

const ended = ({ status }: InstanceDetail) => status === 'completed' || status === 'failed'
const texts = async (sql: SqlStore) =>
  (await sql.all('SELECT text FROM notes')).map(({ text }) => text)
const lines = ({ journal }: InstanceDetail) => journal.map(({ step, kind }) => `${step} ${kind}`)

describe('the workflow engine', () => {
  test('runs the steps in order, each with the results before it', async (t) => {
    const sql = await (await database(t))()
    const engine = engineOn({ sql })
    await engine.deploy(definition())
    await engine.start()
    const done = await until(engine, await pay(engine, sql), ended)
    assert.deepEqual(done.output, { done: 'after got 9' })
    assert.deepEqual(await texts(sql), ['got 9', 'after got 9'])
    assert.match(
      JSON.stringify(done.journal[5]?.output ?? done.journal.map(({ output }) => output)),
      /0x[0-9a-f]{64}/,
    )
    assert.deepEqual(
      lines(done),
      ['first', 'choose', 'second', 'last'].flatMap((step) => [
        `${step} started`,
        `${step} completed`,
      ]),
    )
    await engine.stop()
    await sql.close()
  })

  test('takes the other branch, and starts once for an event', async (t) => {
    const sql = await (await database(t))()
    const engine = engineOn({ sql })
    await engine.deploy(definition())
    await engine.start()
    const done = await until(engine, await pay(engine, sql, '1'), ended)
    assert.deepEqual(done.output, { case: 'small' })
    assert.equal(await pay(engine, sql, '1'), '')
    const other = await sql.transaction((session) =>
      engine.startFor(session, { id: 'x', name: 'Other', data: {} }),
    )
    assert.deepEqual(other, [])
    assert.deepEqual((await engine.counts()).completed, 1)
    await engine.stop()
    await sql.close()
  })

  const boundaries = ['first', 'choose', 'second', 'last'].flatMap((step) =>
    (['started', 'performed', 'journaled'] as const).map((point) => ({ step, point })),
  )
  for (const { step, point } of boundaries) {
    test(`goes on after a stop when "${step}" is ${point}, each effect once`, async (t) => {
      const open = await database(t)
      const sql = await open()
      let reached: () => void = () => {}
      const stopped = new Promise<void>((resolve) => {
        reached = resolve
      })
      const first = engineOn({
        sql,
        observe: (at, _id, name) => {
          if (at !== point || name !== step) return
          // The process is gone from here on: nothing more reaches the disk.
          sql.transaction = () => new Promise(() => {})
          reached()
        },
      })
      await first.deploy(definition())
      await first.start()
      const id = await pay(first, sql)
      await stopped
      const again = await open()
      const second = engineOn({ sql: again })
      await second.deploy(definition())
      await second.start()
      const done = await until(second, id, ended)
      assert.equal(done.status, 'completed')
      assert.deepEqual(await texts(again), ['got 9', 'after got 9'])
      assert.equal(done.journal.filter(({ kind }) => kind === 'completed').length, 4)
      await second.stop()
      await again.close()
    })
  }

  test('asks again later with the same key, ever more slowly, and then goes on', async (t) => {
    const sql = await (await database(t))()
    const time = new ManualTime()
    const asked: { key: string; attempt: number; atMs: number }[] = []
    const flaky: StepFunction = async (input, { idempotencyKey: key, attempt }) => {
      asked.push({ key, attempt, atMs: time.nowMs() })
      if (attempt < 4)
        throw new AppError({ code: 'test/later', message: 'not now', retry: 'later' })
      return { kind: 'done', output: input }
    }
    const engine = engineOn({ sql, time, functions: { note: flaky } })
    await engine.deploy(definition())
    await engine.start()
    const id = await pay(engine, sql, '1')
    for (const [at, wait] of [250, 500, 1_000].entries()) {
      const retries = ({ journal }: InstanceDetail) =>
        journal.filter(({ kind }) => kind === 'retrying').length
      await until(engine, id, (one) => retries(one) === at + 1)
      // The alarm is set a few turns after the line is on disk.
      await new Promise((resolve) => setTimeout(resolve, 5))
      time.advance(wait - 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
      assert.equal(asked.length, at + 1, `asked before ${wait} ms`)
      time.advance(1)
    }
    await until(engine, id, ended)
    assert.deepEqual(
      asked.map(({ attempt }) => attempt),
      [1, 2, 3, 4],
    )
    assert.equal(new Set(asked.map(({ key }) => key)).size, 1)
    await engine.stop()
    await sql.close()
  })

  test('fails for good on what cannot pass, and after the attempts that a step allows', async (t) => {
    const sql = await (await database(t))()
    const functions = {
      never: async () => {
        throw new AppError({ code: 'test/never', message: 'no, never' })
      },
    }
    const engine = engineOn({ sql, functions })
    await engine.deploy(definition({ do: [{ only: { call: 'never' } }] }))
    await engine.start()
    const failed = await until(engine, await pay(engine, sql), ended)
    assert.deepEqual(
      [failed.status, failed.reason, lines(failed).at(-1)],
      ['failed', 'no, never', 'only failed'],
    )
    await engine.stop()
    await sql.close()
  })

  test('waits with one line for each reason, and goes on when the reason is gone', async (t) => {
    const sql = await (await database(t))()
    const time = new ManualTime()
    let reason: string | undefined = 'no key'
    let asked = 0
    const waits: StepFunction = async () => {
      asked += 1
      return reason === undefined
        ? { kind: 'done', output: 'sent' }
        : { kind: 'waiting', reason, retryAfterMs: 100 }
    }
    const engine = engineOn({ sql, time, functions: { waits } })
    await engine.deploy(definition({ do: [{ only: { call: 'waits' } }] }))
    await engine.start()
    const id = await pay(engine, sql)
    const askAgain = async () => {
      const before = asked
      for (let turn = 0; turn < 500 && asked === before; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        time.advance(100)
      }
    }
    const waiting = await until(engine, id, ({ status }) => status === 'waiting')
    assert.equal(waiting.reason, 'no key')
    await askAgain()
    await askAgain()
    reason = 'no role'
    await askAgain()
    await until(engine, id, (one) => one.reason === 'no role')
    reason = undefined
    await askAgain()
    const done = await until(engine, id, ended)
    assert.deepEqual(
      done.journal.filter(({ kind }) => kind === 'waiting').map(({ error }) => error),
      ['no key', 'no role'],
    )
    assert.equal(done.status, 'completed')
    await engine.stop()
    await sql.close()
  })

  test('cancels an unfinished instance with its reason, and takes it up again when the event comes back', async (t) => {
    const sql = await (await database(t))()
    const time = new ManualTime()
    let open = false
    const gate: StepFunction = async () =>
      open ? { kind: 'done', output: 1 } : { kind: 'waiting', reason: 'closed', retryAfterMs: 10 }
    const engine = engineOn({ sql, time, functions: { gate } })
    await engine.deploy(definition({ do: [{ only: { call: 'gate' } }] }))
    await engine.start()
    const id = await pay(engine, sql)
    await until(engine, id, ({ status }) => status === 'waiting')
    await sql.transaction((session) => engine.cancelFor(session, 'e1', 'its block left'))
    open = true
    time.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 10))
    const cancelled = await engine.get(id)
    assert.deepEqual([cancelled?.status, cancelled?.reason], ['cancelled', 'its block left'])
    assert.equal(await pay(engine, sql), id)
    assert.equal((await until(engine, id, ended)).status, 'completed')
    await engine.stop()
    await sql.close()
  })

  test('ends a running instance on the definition it began with', async (t) => {
    const sql = await (await database(t))()
    const time = new ManualTime()
    let open = false
    const gate: StepFunction = async () =>
      open ? { kind: 'done', output: 1 } : { kind: 'waiting', reason: 'closed', retryAfterMs: 10 }
    const engine = engineOn({ sql, time, functions: { gate } })
    const version = (value: number) =>
      definition({ do: [{ only: { call: 'gate' } }, { then_: { set: { value } } }] })
    await engine.deploy(version(1))
    await engine.start()
    const id = await pay(engine, sql)
    await until(engine, id, ({ status }) => status === 'waiting')
    await engine.deploy(version(2))
    open = true
    const other = await pay(engine, sql, '9', 'e2')
    time.advance(1_000)
    engine.wake()
    assert.deepEqual((await until(engine, id, ended)).output, { value: 1 })
    assert.deepEqual((await until(engine, other, ended)).output, { value: 2 })
    await engine.stop()
    await sql.close()
  })

  test('bounds results, loops and events', async (t) => {
    const sql = await (await database(t))()
    const big: StepFunction = async () => ({ kind: 'done', output: 'x'.repeat(300_000) })
    const engine = engineOn({ sql, functions: { big } })
    await engine.deploy(definition({ do: [{ only: { call: 'big' } }] }))
    await engine.start()
    const large = await until(engine, await pay(engine, sql), ended)
    assert.match(large.reason ?? '', /over the limit of 262144/)
    await engine.deploy(definition({ do: [{ a: { set: { n: 1 }, then: 'a' } }] }))
    const looped = await until(engine, await pay(engine, sql, '9', 'e2'), ended)
    assert.match(looped.reason ?? '', /1000 steps, which is the limit/)
    const huge = { id: 'e3', name: 'Paid', data: 'x'.repeat(300_000) }
    const [refused] = await sql.transaction((session) => engine.startFor(session, huge))
    const failed = await until(engine, refused ?? '', ended)
    assert.match(failed.reason ?? '', /event e3 has .* over the limit of 262144 bytes/)
    assert.deepEqual(lines(failed), ['a failed'])
    await engine.stop()
    await sql.close()
  })

  test('refuses a bad definition by its place', async (t) => {
    const sql = await (await database(t))()
    const engine = engineOn({ sql })
    const refused = (extra: object, message: RegExp) =>
      assert.rejects(engine.deploy(definition(extra)), { code: 'workflow/bad-definition', message })
    await refused({ do: [] }, /do: must be a list/)
    await refused({ do: [{ a: { call: 'nothing' } }] }, /do\[0\]\.a\.call: "nothing" is unknown/)
    await refused(
      { do: [{ a: { call: 'note', with: '${ .x' } }] },
      /do\[0\]\.a\.with: .*not closed/,
    )
    await refused(
      { do: [{ a: { set: 1 } }, { a: { set: 2 } }] },
      /do\[1\]\.a: has the name of another/,
    )
    await refused({ do: [{ a: { set: 1, then: 'z' } }] }, /goes to "z"/)
    await refused({ do: [{ a: { set: 1, surprise: 2 } }] }, /unknown member "surprise"/)
    await refused({ do: [{ a: { set: 1, call: 'note' } }] }, /exactly one of/)
    await refused({ do: [{ a: { switch: [{ x: {} }, { y: {} }] } }] }, /can never be reached/)
    await refused({ do: [{ a: { call: 'note', retry: { attempts: 0 } } }] }, /retry\.attempts/)
    await refused({ on: { event: 'Paid', contract: 'shop' } }, /on\.event/)
    await refused({ name: 'Not Good' }, /name: must be/)
    await refused({ extra: 1 }, /unknown member "extra"/)
    await sql.close()
  })
})
