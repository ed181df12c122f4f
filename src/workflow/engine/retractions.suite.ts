/** Tests what durable engines do when an event leaves its chain that an instance took while it ran. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore } from '../../store/sql.ts'
import { readDefinition } from '../read-definition.ts'
import { chainEvent, DurableWorld, type WorldOn, written } from '../test-world/durable-world.ts'
import { Effects } from '../test-world/effects.ts'

/** Before the event, at it, and behind it; each but the last can be undone. */
const order = (last: string) => `
document: {dsl: 1.0.3, namespace: test, name: order, version: 1.0.0}
do:
  - open: {call: open, with: {}, metadata: {compensate: [{shut: {call: shut, with: {}}}]}}
  - paid: {listen: {to: {one: {with: {type: evm.log}}}}}
  - ship: {call: ship, with: {paid: '\${ .[0].amount }'}, metadata: {compensate: [{recall: {call: recall, with: {}}}]}}
  - last: ${last}
`
const ends = '{call: tell, with: {}}'
const waits = '{wait: {hours: 1}}'

/** Declares the tests; `open` gives an empty store with the engine's tables, `worldOn` an engine on one. */
export function retractionsSuite(
  name: string,
  open: () => Promise<SqlStore>,
  worldOn: WorldOn = (sql, more) => new DurableWorld(sql, more),
): void {
  describe(`${name}, when an event leaves that was taken`, () => {
    let world: DurableWorld
    let sql: SqlStore
    let effects: Effects
    beforeEach(async () => {
      sql = await open()
      world = worldOn(sql)
      effects = new Effects()
      await world.engine.start()
    })
    afterEach(async () => {
      await world.engine.stop()
      await sql.close()
    })
    const [paid, other] = [
      chainEvent('dev:0x1:a', { amount: 5 }),
      chainEvent('dev:0x2:b', { amount: 7 }),
    ]
    const completed = (id: string) => world.until(id, ({ status }) => status === 'completed')
    const atListen = (id: string) =>
      world.until(
        id,
        (one) => one.status === 'waiting' && one.step?.startsWith('/do/1/paid') === true,
      )
    const begin = async (
      last: string,
      answers: Record<string, (call: number) => Promise<Json>> = {},
    ) => {
      const names = ['open', 'shut', 'ship', 'recall', 'tell']
      const functions = Object.fromEntries(
        names.map((one) => [
          one,
          effects.function(one, async (_, call) => (await answers[one]?.(call)) ?? one),
        ]),
      )
      await world.deploy(readDefinition(order(last), { functions }))
      const id = await world.engine.begin({ name: 'order' }, {})
      await atListen(id)
      return id
    }
    const retract = async (id: string, more: () => Promise<unknown> = async () => {}) => {
      await sql.transaction(async (session) => {
        await world.engine.retract(session, id)
      })
      await more()
      world.engine.wake()
    }

    test('what followed from it is undone, what was before stays, and another event is waited for', async () => {
      const id = await begin(ends)
      await world.give(paid, 'pending')
      await completed(id)
      assert.deepEqual(effects.calls, ['open', 'ship', 'tell'])
      await retract(paid.id)
      await atListen(id)
      assert.deepEqual(effects.calls.slice(3), ['recall'])
      await world.restart()
      await world.give(other, 'pending')
      await completed(id)
      assert.deepEqual(effects.calls.slice(4), ['ship', 'tell'])
      assert.deepEqual(
        effects.list().filter((one) => one.startsWith('ship')),
        ['ship {"paid":5}', 'ship {"paid":7}'],
      )
      const keys = [...effects.done].filter(([, { name: of }]) => of === 'tell')
      assert.equal(keys.length, 2)
    })

    test('it is taken once more when it comes back, once', async () => {
      const id = await begin(waits)
      await world.give(paid, 'pending')
      await world.until(id, ({ status, step }) => status === 'waiting' && step === '/do/3/last')
      await retract(paid.id)
      await atListen(id)
      await world.give(paid, 'pending')
      await world.give(paid, 'pending')
      await world.until(id, ({ status, step }) => status === 'waiting' && step === '/do/3/last')
      world.time.advance(3_600_000)
      await completed(id)
      assert.deepEqual(effects.calls, ['open', 'ship', 'recall', 'ship'])
      assert.equal((await sql.all('SELECT * FROM subscriptions')).length, 0)
    })

    test('one that leaves and comes back at once disturbs nothing, nor does a second delivery', async () => {
      const id = await begin(ends)
      await world.give(paid, 'pending')
      await completed(id)
      await sql.transaction(async (session) => {
        await world.engine.retract(session, paid.id)
        await world.engine.deliver(session, paid, 'pending')
      })
      world.engine.wake()
      await world.give(paid, 'pending')
      assert.equal((await world.engine.get(id))?.status, 'completed')
      assert.deepEqual(effects.calls, ['open', 'ship', 'tell'])
      for (const table of ['subscriptions', 'messages']) {
        assert.deepEqual(await sql.all(`SELECT * FROM ${table}`), [], table)
      }
    })

    test('one that waits in an inbox is taken away', async () => {
      const id = await begin(ends)
      await world.engine.stop()
      await world.give(paid, 'pending')
      await retract(paid.id)
      await world.restart()
      await atListen(id)
      await world.give(other, 'pending')
      await completed(id)
      assert.equal(effects.list().includes('ship {"paid":7}'), true)
    })

    test('an instance that was off while it left goes back when it is on again', async () => {
      const id = await begin(waits)
      await world.give(paid, 'pending')
      await world.until(id, ({ status, step }) => status === 'waiting' && step === '/do/3/last')
      await world.engine.stop()
      await retract(paid.id)
      await world.restart()
      await atListen(id)
      assert.deepEqual(effects.calls, ['open', 'ship', 'recall'])
    })

    test('where the event that began it leaves meanwhile, too, all of it is undone', async () => {
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      const functions = Object.fromEntries(
        ['open', 'shut', 'ship', 'recall'].map((one) => [
          one,
          effects.function(one, async () => {
            if (one === 'recall') await held
            return one
          }),
        ]),
      )
      const text = order(waits)
        .replace('do:\n', 'schedule: {on: {one: {with: {type: evm.log, event: Began}}}}\ndo:\n')
        .replace('{type: evm.log}}}}', '{type: evm.log, event: Deposited}}}}')
      await world.deploy(readDefinition(text, { functions }))
      const first = { ...chainEvent('dev:0x3:c'), event: 'Began' }
      const [id = ''] = await world.give(first, 'finalized')
      await atListen(id)
      await world.give(paid, 'finalized')
      await world.until(id, ({ status, step }) => status === 'waiting' && step === '/do/3/last')
      await retract(paid.id)
      await world.until(id, () => effects.calls.includes('recall'))
      await retract(first.id)
      release()
      await world.until(id, ({ status }) => status === 'retracted')
      assert.deepEqual(effects.calls, ['open', 'ship', 'recall', 'shut'])
    })

    test('other events that were taken since are taken again', async () => {
      const two = written('two', async (context) => {
        const inbox = await context.listen('/do/0/in', [{ attributes: { type: 'evm.log' } }])
        const [one, next] = [await inbox.next('/do/0/in/0'), await inbox.next('/do/0/in/1')]
        await context.sleep('/do/1/nap', 1_000)
        await context.end()
        return [one.id, next.id]
      })
      await world.deploy(two)
      const id = await world.engine.begin({ name: 'two' }, null)
      await world.until(id, ({ status }) => status === 'waiting')
      await world.give(paid, 'pending')
      await world.give(other, 'pending')
      await world.until(id, ({ step, status }) => status === 'waiting' && step === '/do/1/nap')
      await retract(paid.id)
      await world.until(id, ({ step, status }) => status === 'waiting' && step === '/do/0/in/1')
      await world.give(paid, 'pending')
      await world.until(id, ({ step, status }) => status === 'waiting' && step === '/do/1/nap')
      world.time.advance(1_000)
      assert.deepEqual((await completed(id)).output, [other.id, paid.id])
    })
  })

  describe(`${name}, when an event cannot be kept`, () => {
    test('its instance has failed, and who is told of ends is told', async () => {
      const sql = await open()
      const told: string[] = []
      const world = worldOn(sql, {
        ended: ({ status, reason }) => {
          told.push(`${status} ${reason}`)
          return []
        },
      })
      const on = (kind: 'one' | 'all') => ({
        trigger: {
          on: { kind, wishes: ['evm.log', 'other'].map((type) => ({ attributes: { type } })) },
        },
      })
      await world.deploy(
        written('large', async () => null, on('one')),
        written('set', async () => null, on('all')),
        written('listens', async (context) => {
          const inbox = await context.listen('/do/0', [{ attributes: { type: 'evm.log' } }])
          return inbox.next('/do/0/0')
        }),
      )
      await world.engine.start()
      const listens = await world.engine.begin({ name: 'listens' }, null)
      await world.until(listens, ({ status }) => status === 'waiting')
      const ids = await world.give(
        chainEvent('dev:0x4:d', { text: 'x'.repeat(300_000) }),
        'pending',
      )
      assert.deepEqual([ids.length, ids.at(-1)], [3, listens])
      for (const id of ids) {
        const failed = await world.until(id, ({ status }) => status === 'failed')
        assert.match(failed.reason ?? '', /over the limit of 262144 bytes/)
      }
      assert.equal(told.length, 3)
      assert.match(told[0] ?? '', /^failed the data of event dev:0x4:d has more than 262144 bytes/)
      await world.engine.stop()
      await sql.close()
    })
  })
}
