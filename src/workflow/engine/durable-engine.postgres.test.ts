/** Runs the tests of durable engines on PostgreSQL, and lets several workers share a database. */

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openPostgres } from '../../store/postgres.ts'
import type { SqlStore } from '../../store/sql.ts'
import { temporarySchema } from '../../store/temporary-schema.ts'
import { alteredStore } from '../test-world/altered-store.ts'
import { DurableWorld, written } from '../test-world/durable-world.ts'
import { controlsSuite } from './controls.suite.ts'
import { deadlinesSuite } from './deadlines.suite.ts'
import { durableEngineSuite } from './durable-engine.suite.ts'
import { durableWaitsSuite } from './durable-waits.suite.ts'
import { migrationSuite } from './migration.suite.ts'
import { retractionsSuite } from './retractions.suite.ts'
import { runTimeSuite } from './run-time.suite.ts'
import { engineMigrations } from './schema.ts'
import { triggerSetsSuite } from './trigger-sets.suite.ts'

const schemas: ReturnType<typeof temporarySchema>[] = []
after(async () => {
  for (const { remove } of schemas) await remove()
})

async function open(): Promise<SqlStore> {
  const one = temporarySchema()
  schemas.push(one)
  const sql = await openPostgres(one)
  await sql.migrate(engineMigrations)
  return sql
}

durableEngineSuite('an engine on PostgreSQL', open)
durableWaitsSuite('an engine on PostgreSQL', open)
migrationSuite('an engine on PostgreSQL', open)
retractionsSuite('an engine on PostgreSQL', open)
runTimeSuite('an engine on PostgreSQL', open)
deadlinesSuite('an engine on PostgreSQL', open)
controlsSuite('an engine on PostgreSQL', open)
triggerSetsSuite('an engine on PostgreSQL', open)

describe('workers on one PostgreSQL', () => {
  /** Two engines, each with a world of its own, on one database. */
  async function two() {
    const first = temporarySchema()
    schemas.push(first)
    const stores = [await openPostgres(first), await openPostgres(first)] as const
    await stores[0].migrate(engineMigrations)
    let isAsleep = false
    const gate = async () => {
      while (isAsleep) await pause(1)
    }
    const sleepy = alteredStore(stores[0], {
      write: async (piece) => {
        await gate()
        return stores[0].write(piece)
      },
      run: async (sql, ...values) => {
        await gate()
        return stores[0].run(sql, ...values)
      },
      all: async <Row>(sql: string, ...values: Parameters<SqlStore['all']>[1][]) => {
        await gate()
        return stores[0].all(sql, ...values) as Promise<Row[]>
      },
    })
    const [one, other] = [new DurableWorld(sleepy), new DurableWorld(stores[1])]
    const sleep = (asleep: boolean) => {
      isAsleep = asleep
    }
    const end = async () => {
      isAsleep = false
      await Promise.all([one.engine.stop(), other.engine.stop()])
      await Promise.all(stores.map((sql) => sql.close()))
    }
    return { one, other, sleep, end }
  }

  const steps = (world: DurableWorld, hold: () => Promise<void>) =>
    written('shared', async (context) => {
      await world.effects.act(context, '/do/0/first')
      world.effects.answers.set('/do/1/second', async () => {
        await hold()
        return { kind: 'done', output: 2 }
      })
      await world.effects.act(context, '/do/1/second')
      return 'done'
    })

  test('each instance is run by one of them, all are run', async () => {
    const { one, other, end } = await two()
    const workflow = (world: DurableWorld) =>
      written('many', async (context) => world.effects.act(context, '/do/0/act'))
    await one.deploy(workflow(one))
    await other.deploy(workflow(other))
    await one.engine.start()
    await other.engine.start()
    const ids = await Promise.all(
      Array.from({ length: 60 }, (_, at) =>
        (at % 2 ? one : other).engine.begin({ name: 'many' }, at),
      ),
    )
    one.engine.wake()
    other.engine.wake()
    for (const id of ids) await one.until(id, ({ status }) => status === 'completed')
    assert.equal(one.effects.calls.length + other.effects.calls.length, 60)
    await end()
  })

  test('a worker that slept past its lease can write nothing more; another one has taken what it had', async () => {
    const { one, other, sleep, end } = await two()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await one.deploy(steps(one, () => held))
    await other.deploy(steps(other, async () => {}))
    await one.engine.start()
    const id = await one.engine.begin({ name: 'shared' }, null)
    await one.until(id, () => one.effects.calls.length === 2)
    sleep(true)
    await other.engine.start()
    other.time.advance(16_000)
    await other.until(id, ({ status }) => status === 'completed')
    release()
    sleep(false)
    await one.until(id, ({ journal }) => journal.length === 2)
    assert.deepEqual(other.effects.steps(), ['/do/1/second'])
    assert.equal(other.effects.calls[0]?.key, one.effects.calls[1]?.key)
    one.time.advance(16_000)
    await one.until(id, ({ journal, status }) => journal.length === 2 && status === 'completed')
    const again = await one.engine.begin({ name: 'shared' }, null)
    await other.until(again, ({ status }) => status === 'completed')
    await end()
  })

  test('one that waits in the memory of a worker goes on by the definition that another process gave it', async () => {
    const { one, other, end } = await two()
    const order = (world: DurableWorld, version: string, last: string) =>
      written(
        'order',
        async (context) => {
          await world.effects.act(context, '/do/0/first')
          await context.ask('/do/1/approve', { kind: 'approval', title: 'Pay?' })
          return world.effects.act(context, last)
        },
        { version },
      )
    for (const world of [one, other]) {
      await world.deploy(order(world, '2.0.0', '/do/2/new'), order(world, '1.0.0', '/do/2/old'))
    }
    // Only the one runs workflows.
    await one.engine.start()
    const id = await one.engine.begin({ name: 'order' }, null)
    await one.until(id, ({ status }) => status === 'waiting')
    const { hash } = order(other, '2.0.0', '')
    await other.engine.migrate(id, hash)
    one.engine.wake()
    const asked = async () =>
      (await other.engine.questions({ limit: 1, status: 'open' })).items[0]?.id
    let question: string | undefined
    for (let turn = 0; turn < 1_000 && question === undefined; turn += 1) {
      await pause(1)
      question = await asked()
    }
    await other.engine.answer(question ?? '', 'ada', true)
    one.engine.wake()
    const ended = await one.until(id, ({ status }) => status === 'completed')
    assert.equal(ended.definitionHash, hash)
    assert.deepEqual(one.effects.steps(), ['/do/0/first', '/do/2/new'])
    await end()
  })

  test('what waits is woken by whoever is there, and its end is heard by whoever asked', async () => {
    const { one, other, end } = await two()
    const asks = written('asks', (context) =>
      context.ask('/do/0/ask', { kind: 'signal', title: 'Go on?' }),
    )
    await one.deploy(asks)
    await other.deploy(asks)
    await one.engine.start()
    await other.engine.start()
    const answer = one.engine.run({ name: 'asks' }, null, { id: 'q' })
    await one.until('q', ({ status }) => status === 'waiting')
    const { items } = await other.engine.questions({ limit: 1, status: 'open' })
    await other.engine.answer(items[0]?.id ?? '', 'ann', 'yes')
    for (const { time } of [other, one]) time.advance(500)
    assert.equal(await answer, 'yes')
    await end()
  })
})
