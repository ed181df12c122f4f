/** Tests that events from outside reach triggers and listening runs once, all of a batch or none. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { CloudEvent } from './durable-context.ts'
import { engineMigrations } from './engine/schema.ts'
import { createEventIntake, type EventIntake, intakeMigrations } from './event-intake.ts'
import { DurableWorld, written } from './test-world/durable-world.ts'

describe('the intake of events from outside', () => {
  let sql: SqlStore
  let world: DurableWorld
  let intake: EventIntake
  const open = () => createEventIntake({ sql, engine: world.engine, clock: world.time })
  const started = written('started', async (_, input) => input, {
    trigger: { on: { kind: 'one', wishes: [{ attributes: { type: 'order.paid' } }] } },
  })
  const event = (id: string, more: object = {}): CloudEvent => ({
    ...{ specversion: '1.0', id, source: '/shop', type: 'order.paid', ...more },
  })
  const runs = async () =>
    (await world.engine.list({ limit: 50, workflow: 'started' })).items.length

  beforeEach(async () => {
    sql = await openSqlite({ path: ':memory:' })
    await sql.migrate([...engineMigrations, ...intakeMigrations])
    world = new DurableWorld(sql)
    await world.engine.start()
    await world.deploy(started)
    intake = open()
  })
  afterEach(async () => {
    await world.engine.stop()
    await sql.close()
  })

  test('the same event starts one run, and is answered as it was, also after a restart; of another source it is another', async () => {
    const [first] = await intake.take([event('1')])
    assert.equal(first?.instances.length, 1)
    world.time.advance(1_000)
    assert.deepEqual(await intake.take([event('1', { data: 'other' })]), [first])
    await world.restart()
    intake = open()
    assert.deepEqual(await intake.take([event('1'), event('1')]), [first, first])
    const [other] = await intake.take([event('1', { source: '/other' })])
    assert.notDeepEqual(other?.instances, first?.instances)
    assert.equal(await runs(), 2)
  })

  test('a run that listens hears it once', async () => {
    await world.deploy(
      written('listens', async (context) => {
        const inbox = await context.listen('/do/0/hear', [{ attributes: { type: 'order.sent' } }])
        const both = [await inbox.next('/do/0/hear/0'), await inbox.next('/do/0/hear/1')]
        return both.map(({ id }) => id)
      }),
    )
    const id = await world.engine.begin({ name: 'listens' }, null)
    await world.until(id, ({ status }) => status === 'waiting')
    for (const name of ['a', 'a', 'b']) {
      const [taken] = await intake.take([event(name, { type: 'order.sent' })])
      assert.deepEqual(taken?.instances, [id])
    }
    const { output } = await world.until(id, ({ status }) => status === 'completed')
    assert.deepEqual(output, ['a', 'b'])
    const [unheard] = await intake.take([event('c', { type: 'order.sent' })])
    assert.deepEqual(unheard?.instances, [])
  })

  test('of a batch all are taken or none', async () => {
    const wrong = [
      event('3', { type: 'evm.log' }),
      event('3', { type: 'bitcoin.output' }),
      event('3', { source: '/chains/dev/0x1' }),
      event('3', { data: 'x'.repeat(300_000) }),
    ]
    for (const one of wrong) {
      await assert.rejects(intake.take([event('2'), one]), {
        code: /reserved-event|value-too-large/,
      })
    }
    assert.equal(await runs(), 0)
    await intake.take([event('2'), event('3')])
    assert.equal(await runs(), 2)
  })

  test('what is 30 days old is forgotten, and its run is not started again while it is there', async () => {
    const [first] = await intake.take([event('1')])
    world.time.advance(31 * 24 * 3_600_000)
    await intake.take([event('2')])
    const kept = await sql.all('SELECT id FROM outside_events')
    assert.deepEqual(
      kept.map(({ id }) => id),
      ['2'],
    )
    const [again] = await intake.take([event('1')])
    assert.notEqual(again?.takenAtMs, first?.takenAtMs)
    assert.equal(await runs(), 2)
  })
})
