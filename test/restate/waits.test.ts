/** Runs workflows on a real Restate server that wait: for time, events, answers, children and branches. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../../src/base/json-rpc.ts'
import type { CloudEvent } from '../../src/workflow/durable-context.ts'
import { readDefinition } from '../../src/workflow/read-definition.ts'
import { chainEvent, written } from '../../src/workflow/test-world/durable-world.ts'
import { Effects } from '../../src/workflow/test-world/effects.ts'
import { WorkflowError } from '../../src/workflow/workflow-error.ts'
import { lacksRestate } from './restate-server.ts'
import { testCluster } from './test-cluster.ts'

const lacking = await lacksRestate()
const event = (id: string, more: Record<string, Json> = {}): CloudEvent => ({
  ...{ specversion: '1.0', id, source: '/orders', type: 'order.paid', ...more },
})

describe('waits on Restate', { skip: lacking }, () => {
  const { open, restart } = testCluster()
  type World = Awaited<ReturnType<typeof open>>['world']
  const waiting = (world: World, id: string) =>
    world.until(id, ({ status }) => status === 'waiting')
  const completed = (world: World, id: string) =>
    world.until(id, ({ status }) => status === 'completed')
  const begin = (world: World, of: string, input: Json = null) =>
    world.engine.begin({ name: of }, input)

  test('a sleep lasts from when it was first asked, also over a crash of both; time and chance are asked once', async () => {
    const { world, stop } = await open()
    const asked: number[] = []
    await world.deploy(
      written('nap', async (context) => {
        const at = await context.now('/do/0')
        asked.push(at, await context.random('/do/1'))
        await context.sleep('/do/2', 4_000)
        await world.effects.act(context, '/do/3/wake')
        return at
      }),
    )
    const beganMs = Date.now()
    const id = await begin(world, 'nap')
    await waiting(world, id)
    await world.restart()
    await restart()
    assert.equal(world.effects.calls.length, 0)
    const { output } = await completed(world, id)
    const tookMs = Date.now() - beganMs
    assert.ok(tookMs >= 4_000 && tookMs < 15_000, `${tookMs} ms`)
    assert.equal(asked[0], output)
    assert.ok(asked.length >= 4, 'it was not replayed')
    assert.equal(new Set(asked).size, 2)
    assert.equal(world.effects.calls.length, 1)
    await stop()
  })

  test('an inbox takes what fits from its commit on, each once, in order, also while nobody runs', async () => {
    const { world, sql, stop } = await open()
    const shop = written('shop', async (context, input) => {
      const inbox = await context.listen('/do/0/paid', [
        {
          ...{ attributes: { type: 'order.paid' }, when: '.data.amount > 1' },
          correlate: [{ from: '.data.order', expect: input }],
        },
      ])
      const first = await inbox.next('/do/0/paid/0')
      await world.effects.act(context, '/do/1/ship')
      const second = await inbox.next('/do/0/paid/1')
      await inbox.close()
      return [first.id, second.id]
    })
    await world.deploy(shop)
    const [mine, other] = [await begin(world, 'shop', 7), await begin(world, 'shop', 8)]
    await waiting(world, mine)
    await waiting(world, other)
    const paid = (id: string, amount: number) =>
      world.give(event(id, { data: { order: 7, amount } }))
    await paid('a', 1)
    await paid('b', 2)
    await paid('b', 2)
    await world.until(mine, () => world.effects.calls.length === 1)
    await world.engine.stop()
    await paid('c', 3)
    await world.restart()
    assert.deepEqual((await completed(world, mine)).output, ['b', 'c'])
    assert.equal((await world.engine.get(other))?.status, 'waiting')
    assert.equal(world.effects.calls.length, 1)
    assert.equal((await sql.all('SELECT * FROM subscriptions')).length, 1)
    await stop()
  })

  test('an event that leaves its chain once it was told stays taken, and those behind it still come', async () => {
    const { world, sql, stop } = await open()
    const two = written('two', async (context) => {
      const inbox = await context.listen('/do/0/in', [{ attributes: { type: 'evm.log' } }])
      const first = await inbox.next('/do/0/in/0')
      await world.effects.act(context, '/do/1/act')
      return [first.id, (await inbox.next('/do/0/in/1')).id]
    })
    await world.deploy(two)
    const id = await begin(world, 'two')
    await waiting(world, id)
    await world.give(chainEvent('dev:0x1:a'), 'pending')
    await world.until(id, () => world.effects.calls.length === 1)
    await sql.transaction((session) => world.engine.retract(session, 'dev:0x1:a'))
    await world.give(chainEvent('dev:0x2:b'), 'pending')
    assert.deepEqual((await completed(world, id)).output, ['dev:0x1:a', 'dev:0x2:b'])
    await stop()
  })

  test('what a workflow gives reaches listeners and triggers once; schedules fire', async () => {
    const { world, stop } = await open()
    const on = { on: { kind: 'one' as const, wishes: [{ attributes: { type: 'order.paid' } }] } }
    const started = written('started', async (_, input) => input, { trigger: on })
    const beat = written('beat', async () => 'beat', { trigger: { everyMs: 500 } })
    const gives = written('gives', async (context) => {
      await context.emit('/do/0/tell', event('e', { data: { order: 7, amount: 9 } }))
      return null
    })
    await world.deploy(started, gives, beat)
    await completed(world, await begin(world, 'gives'))
    let found: readonly { readonly id: string; readonly eventId: string | undefined }[] = []
    while (found.length === 0) {
      found = (await world.engine.list({ limit: 10, workflow: 'started' })).items
    }
    assert.deepEqual(
      found.map(({ eventId }) => eventId),
      ['/orders e'],
    )
    await completed(world, found[0]?.id ?? '')
    let beats = 0
    while (beats < 2) {
      const page = await world.engine.list({ limit: 10, workflow: 'beat', status: 'completed' })
      beats = page.items.length
    }
    await stop()
  })

  const approval = (name: string, answers: number, deadlineMs: number) =>
    written(name, (context) =>
      context.ask('/do/0/approve', {
        ...{ kind: 'approval', title: 'Pay?', role: 'treasurer', answers, deadlineMs },
      }),
    )

  test('a question is answered by enough people alike, or fails with a timeout at its deadline', async () => {
    const { world, stop } = await open()
    await world.deploy(approval('asks', 2, 60_000), approval('late', 1, 1_000))
    const id = await begin(world, 'asks')
    await waiting(world, id)
    const { items } = await world.engine.questions({ limit: 10, status: 'open' })
    const answer = (who: string, value: Json) => world.engine.answer(items[0]?.id ?? '', who, value)
    await answer('ann', true)
    await answer('bob', false)
    assert.equal((await world.engine.get(id))?.status, 'waiting')
    await world.restart()
    await answer('cid', true)
    assert.equal((await completed(world, id)).output, true)
    const late = await begin(world, 'late')
    const failed = await world.until(late, ({ status }) => status === 'failed')
    assert.equal(failed.problem?.status, 408)
    const { items: all } = await world.engine.questions({ limit: 1 })
    assert.equal(all[0]?.status, 'expired')
    await stop()
  })

  test('a child gives its output or its error to its parent; one that nobody waits for is cancelled', async () => {
    const { world, stop } = await open()
    const child = written('child', async (context, input) => {
      if (input === 'long') await context.sleep('/do/0', 60_000)
      if (input === 'bad') throw new WorkflowError({ type: 'runtime', detail: 'the child broke' })
      return { got: input }
    })
    const parent = written('parent', (context, input) =>
      context.child('/do/0/child', {
        ...{ namespace: 'test', name: 'child', version: '1.0.0', input, awaited: true },
      }),
    )
    await world.deploy(child, parent)
    const ids = [await begin(world, 'parent', 1), await begin(world, 'parent', 'bad')]
    assert.deepEqual((await completed(world, ids[0] ?? '')).output, { got: 1 })
    const failed = await world.until(ids[1] ?? '', ({ status }) => status === 'failed')
    assert.match(failed.reason ?? '', /the child broke/)
    const long = await begin(world, 'parent', 'long')
    await waiting(world, long)
    const children = await world.engine.list({ limit: 1, workflow: 'child' })
    await waiting(world, children.items[0]?.id ?? '')
    await world.engine.cancel(long, 'enough')
    await world.until(long, ({ status }) => status === 'cancelled')
    await world.until(children.items[0]?.id ?? '', ({ status }) => status === 'cancelled')
    await stop()
  })

  for (const winner of ['late', 'prompt']) {
    test(`of a race the ${winner} branch wins, the other one stops, and a replay goes the same way`, async () => {
      const { world, stop } = await open()
      let isStopped = false
      if (winner === 'late') {
        world.effects.answers.set('/do/0/race/1', ({ signal }) => {
          return new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              isStopped = true
              reject(signal.reason)
            })
          })
        })
      }
      const raced = written('raced', async (context) => {
        const { index, value } = await context.race('/do/0/race', [
          async (one) => {
            await one.sleep('/do/0/race/0', 1_000)
            return 'late'
          },
          (one) => world.effects.act(one, '/do/0/race/1'),
        ])
        const both = await context.all('/do/1/fork', [
          (one) => world.effects.act(one, '/do/1/fork/0'),
          async (one) => {
            await one.sleep('/do/1/fork/1', 1_500)
            return world.effects.act(one, '/do/1/fork/1/act')
          },
        ])
        return [index, value, ...both]
      })
      await world.deploy(raced)
      const id = await begin(world, 'raced')
      await world.until(id, () => world.effects.steps().includes('/do/1/fork/0'))
      await world.restart()
      const { output } = await completed(world, id)
      const first = winner === 'late' ? [0, 'late'] : [1, '/do/0/race/1 done']
      assert.deepEqual(output, [...first, '/do/1/fork/0 done', '/do/1/fork/1/act done'])
      assert.equal(isStopped, winner === 'late')
      assert.equal(new Set(world.effects.steps()).size, world.effects.calls.length)
      await stop()
    })
  }

  test('of all branches the first error stops the others and is the error', async () => {
    const { world, stop } = await open()
    world.effects.answers.set('/do/0/fork/0', () => {
      throw new WorkflowError({ type: 'validation', detail: 'no' })
    })
    const fork = written('fork', (context) =>
      context.all('/do/0/fork', [
        (one) => world.effects.act(one, '/do/0/fork/0'),
        async (one) => {
          await one.sleep('/do/0/fork/1', 60_000)
          return null
        },
      ]),
    )
    await world.deploy(fork)
    await assert.rejects(world.engine.run({ name: 'fork' }, null, { id: 'bad' }), /no/)
    await stop()
  })

  test('a definition of the language runs as it is: branches, loops, errors, listening, compensation', async () => {
    const { world, stop } = await open()
    const effects = new Effects()
    const names = ['reserve', 'release', 'charge', 'tell']
    let charges = 0
    const functions = Object.fromEntries(
      names.map((name) => [
        name,
        effects.function(name, (input) => {
          if (name !== 'charge') return input
          charges += 1
          if (charges === 1)
            throw new WorkflowError({ type: 'communication', status: 503, detail: 'busy' })
          return input
        }),
      ]),
    )
    const text = `
document: {dsl: 1.0.3, namespace: test, name: order, version: 1.0.0}
do:
  - reserve: {for: {each: item, in: .items}, do: [{one: {call: reserve, with: {item: '\${ $item }'}, metadata: {compensate: [{back: {call: release, with: '\${ . }'}}]}}}]}
  - both: {fork: {branches: [{pay: {try: [{charge: {call: charge, with: {n: 1}}}], catch: {errors: {with: {status: 503}}, retry: {delay: {milliseconds: 50}, limit: {attempt: {count: 3}}}}}}, {nap: {wait: {milliseconds: 100}}}]}}
  - paid: {listen: {to: {one: {with: {type: order.paid}}}}}
  - check: {switch: [{bad: {when: '.[0].ok == false', then: fail}}, {fine: {then: tell}}]}
  - fail: {raise: {error: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime', status: 500, title: not paid}}}
  - tell: {call: tell, with: {done: true}, then: end}
`
    await world.deploy(readDefinition(text, { functions, deploying: true }))
    const input = { items: ['a', 'b'] }
    const good = await begin(world, 'order', input)
    await world.until(
      good,
      ({ status, step }) => status === 'waiting' && step?.startsWith('/do/2/paid') === true,
    )
    await world.give(event('p1', { data: { ok: true } }))
    assert.deepEqual((await completed(world, good)).output, { done: true })
    assert.equal(effects.calls.filter((name) => name === 'charge').length, 2)
    const bad = await begin(world, 'order', input)
    await world.until(
      bad,
      ({ status, step }) => status === 'waiting' && step?.startsWith('/do/2/paid') === true,
    )
    await world.give(event('p2', { data: { ok: false } }))
    const failed = await world.until(bad, ({ status }) => status === 'failed')
    assert.equal(failed.compensated, true)
    assert.deepEqual(effects.calls.slice(-2), ['release', 'release'])
    await stop()
  })
})
