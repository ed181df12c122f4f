/** Tests what durable engines do about instances that several events began together. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore } from '../../store/sql.ts'
import type { AwaitedLife, CloudEvent } from '../durable-context.ts'
import { readDefinition } from '../read-definition.ts'
import { chainEvent, DurableWorld, type WorldOn } from '../test-world/durable-world.ts'
import { Effects } from '../test-world/effects.ts'

/** Begun by a payment and an order; the payment goes out at `at`. */
const definition = (at: AwaitedLife) => `
document: {dsl: 1.0.3, namespace: test, name: both, version: 1.0.0}
schedule: {on: {all: [{with: {type: evm.log, event: Paid}}, {with: {type: evm.log, event: Ordered}}]}}
do:
  - ship: {call: ship, with: {}, metadata: {at: ${at}, compensate: [{recall: {call: recall, with: {}}}]}}
`
const event = (name: 'Paid' | 'Ordered', id: string): CloudEvent => ({
  ...chainEvent(`dev:${id}`),
  event: name,
})
const [paid, ordered] = [event('Paid', '0x1:p'), event('Ordered', '0x2:o')]

/** Declares the tests; `open` gives an empty store with the engine's tables, `worldOn` an engine on one. */
export function triggerSetsSuite(
  name: string,
  open: () => Promise<SqlStore>,
  worldOn: WorldOn = (sql, more) => new DurableWorld(sql, more),
): void {
  describe(`${name}, when several events began an instance`, () => {
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
    const completed = (id: string) => world.until(id, ({ status }) => status === 'completed')
    const retracted = (id: string) => world.until(id, ({ status }) => status === 'retracted')
    const deploy = async (
      at: AwaitedLife = 'pending',
      answers: Record<string, () => Promise<Json>> = {},
    ) => {
      const functions = Object.fromEntries(
        ['ship', 'recall'].map((one) => [
          one,
          effects.function(one, async () => (await answers[one]?.()) ?? one),
        ]),
      )
      await world.deploy(readDefinition(definition(at), { functions }))
    }
    const give = (...[one, life = 'pending']: readonly [CloudEvent, AwaitedLife?]) =>
      world.give(one, life)
    const begin = async () => {
      assert.deepEqual(await give(paid), [])
      const [id = '', ...more] = await give(ordered)
      assert.deepEqual(more, [])
      return id
    }
    const within = async (work: Parameters<SqlStore['transaction']>[0]) => {
      await sql.transaction(work)
      world.engine.wake()
    }
    const retract = (...events: readonly CloudEvent[]) =>
      within(async (session) => {
        for (const { id } of events) await world.engine.retract(session, id)
      })
    const instances = async () => (await world.engine.list({ limit: 10 })).items
    const startedBy = ({ input }: { readonly input: Json }) =>
      (input as unknown as readonly CloudEvent[]).map(({ id }) => id)

    for (const [which, one] of [
      ['first', paid],
      ['last', ordered],
    ] as const) {
      test(`it is undone when the ${which} of them leaves, and done anew when that comes back`, async () => {
        await deploy()
        const id = await begin()
        await completed(id)
        await retract(one)
        await retracted(id)
        assert.deepEqual(effects.calls, ['ship', 'recall'])
        await world.restart()
        assert.deepEqual(await give(one), [id])
        await completed(id)
        assert.deepEqual(effects.calls, ['ship', 'recall', 'ship'])
        const { items } = await world.engine.list({ limit: 10, eventId: one.id })
        assert.deepEqual(
          items.map((begun) => begun.id),
          [id],
        )
        assert.deepEqual(await give(one), [])
        assert.equal((await instances()).length, 1)
      })
    }

    test('one that leaves and comes back at once disturbs nothing, nor does a second delivery', async () => {
      await deploy()
      const id = await begin()
      await completed(id)
      await within(async (session) => {
        for (const { id: left } of [paid, ordered]) await world.engine.retract(session, left)
        for (const one of [ordered, paid]) await world.engine.deliver(session, one, 'pending')
      })
      for (const one of [paid, ordered]) assert.deepEqual(await give(one), [])
      assert.equal((await world.engine.get(id))?.status, 'completed')
      assert.deepEqual(effects.calls, ['ship'])
      assert.equal((await instances()).length, 1)
    })

    test('where both left, both must come back', async () => {
      await deploy()
      const id = await begin()
      await completed(id)
      await retract(paid, ordered)
      await retracted(id)
      assert.deepEqual(await give(ordered), [])
      assert.equal((await world.engine.get(id))?.status, 'retracted')
      assert.deepEqual(await give(paid), [id])
      await completed(id)
      assert.deepEqual(effects.calls, ['ship', 'recall', 'ship'])
    })

    test('one that comes back while it is undone lets it go on afterwards', async () => {
      const { promise: held, resolve: release } = Promise.withResolvers<void>()
      await deploy('pending', {
        recall: async () => {
          await held
          return null
        },
      })
      const id = await begin()
      await completed(id)
      await retract(paid)
      await world.until(id, () => effects.calls.includes('recall'))
      assert.deepEqual(await give(paid), [id])
      release()
      await completed(id)
      assert.deepEqual(effects.calls, ['ship', 'recall', 'ship'])
    })

    test('a step waits until all of them have come as far as it wants', async () => {
      await deploy('finalized')
      await give(paid)
      const advance = (one: CloudEvent, life: AwaitedLife) =>
        within((session) => world.engine.advance(session, [one.id], life))
      await advance(paid, 'confirmed')
      const [id = ''] = await give(ordered, 'safe')
      const waiting = (...lives: readonly string[]) =>
        world.until(
          id,
          ({ status, reason }) =>
            status === 'waiting' && lives.some((one) => reason?.includes(one)),
        )
      await waiting('finalized')
      await advance(ordered, 'finalized')
      await waiting('finalized')
      assert.deepEqual(effects.calls, [])
      assert.equal((await sql.get('SELECT life FROM instances'))?.life, 1)
      await advance(paid, 'finalized')
      await completed(id)
    })

    test('those that stay can begin another one with whoever comes next', async () => {
      await deploy()
      const id = await begin()
      await completed(id)
      await retract(paid)
      await retracted(id)
      const [next = ''] = await give(event('Paid', '0x3:p'))
      assert.notEqual(next, id)
      assert.deepEqual(startedBy(await completed(next)), ['dev:0x3:p', ordered.id])
      assert.deepEqual(await give(paid), [])
      const [third = ''] = await give(event('Ordered', '0x4:o'))
      assert.deepEqual(startedBy(await completed(third)), [paid.id, 'dev:0x4:o'])
      assert.equal((await world.engine.get(id))?.status, 'retracted')
      assert.deepEqual(effects.calls, ['ship', 'recall', 'ship', 'ship'])
    })

    test('one that waits already takes the place of one that left', async () => {
      await deploy()
      const id = await begin()
      await completed(id)
      assert.deepEqual(await give(event('Paid', '0x3:p')), [])
      await retract(paid)
      await retracted(id)
      for (let turn = 0; turn < 1_000 && (await instances()).length < 2; turn += 1) {
        await new Promise(setImmediate)
      }
      const other = (await instances()).find((one) => one.id !== id)
      const found = await completed(other?.id ?? '')
      assert.deepEqual(startedBy(found), ['dev:0x3:p', ordered.id])
    })

    test('one that leaves before all are there begins nothing', async () => {
      await deploy()
      await give(paid)
      await retract(paid)
      assert.deepEqual(await give(ordered), [])
      const [id = ''] = await give(event('Paid', '0x3:p'))
      assert.deepEqual(startedBy(await completed(id)), ['dev:0x3:p', ordered.id])
    })

    test('one more than may wait for the others fails by itself and disturbs nothing', async () => {
      await deploy()
      const names = Array.from({ length: 10_000 }, (_, at) => event('Paid', `0x1:${at}`))
      for (let at = 0; at < names.length; at += 500) {
        await within(async (session) => {
          const some = names.slice(at, at + 500)
          for (const one of some) await world.engine.deliver(session, one, 'pending')
        })
      }
      assert.deepEqual(await give(event('Paid', '0x1:0')), [])
      const [id = ''] = await give(paid)
      const { status, reason } = (await world.engine.get(id)) ?? {}
      assert.equal(status, 'failed')
      assert.match(reason ?? '', /^10000 events wait already/)
      assert.deepEqual(await give(paid), [])
      const [first = ''] = await give(ordered)
      assert.deepEqual(startedBy(await completed(first)), ['dev:0x1:0', ordered.id])
      assert.equal((await instances()).length, 2)
    })

    test('two that come at once begin it once', async () => {
      await deploy()
      const { promise: held, resolve: release } = Promise.withResolvers<void>()
      const { promise: given, resolve: isGiven } = Promise.withResolvers<void>()
      const first = sql.transaction(async (session) => {
        const ids = await world.engine.deliver(session, paid, 'pending')
        isGiven()
        await held
        return ids
      })
      await given
      const second = give(ordered)
      // Where nothing held it, it would be done by then.
      for (let turn = 0; turn < 2_000; turn += 1) await new Promise(setImmediate)
      release()
      const ids = [...(await first), ...(await second)]
      assert.equal(ids.length, 1)
      assert.deepEqual(startedBy(await completed(ids[0] ?? '')), [paid.id, ordered.id])
    })
  })
}
