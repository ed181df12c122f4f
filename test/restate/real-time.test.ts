/** Runs workflows on a real Restate server in real time, also where it is killed, or the process is. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../../src/base/json-rpc.ts'
import type { CloudEvent } from '../../src/workflow/durable-context.ts'
import { readDefinition } from '../../src/workflow/read-definition.ts'
import { written } from '../../src/workflow/test-world/durable-world.ts'
import { Effects } from '../../src/workflow/test-world/effects.ts'
import { WorkflowError } from '../../src/workflow/workflow-error.ts'
import { lacksRestate } from './restate-server.ts'
import { testCluster } from './test-cluster.ts'

const lacking = await lacksRestate()
const event = (id: string, more: Record<string, Json> = {}): CloudEvent => ({
  ...{ specversion: '1.0', id, source: '/orders', type: 'order.paid', ...more },
})

describe('workflows on Restate in real time', { skip: lacking }, () => {
  const { open, restart, kill, reject } = testCluster()
  type World = Awaited<ReturnType<typeof open>>['world']
  const waiting = (world: World, id: string) =>
    world.until(id, ({ status }) => status === 'waiting')
  const completed = (world: World, id: string) =>
    world.until(id, ({ status }) => status === 'completed')
  const begin = (world: World, of: string, input: Json = null) =>
    world.engine.begin({ name: of }, input)

  const three = (world: World) =>
    written('three', async (context, input) => {
      const first = await world.effects.act(context, '/do/0/first')
      const second = await world.effects.act(context, '/do/1/second')
      const third = await world.effects.act(context, '/do/2/third')
      await context.end()
      return { input, all: [first, second, third] }
    })

  test('a step under way at a crash of the process, and of the server, is asked again with its key; others are not', async () => {
    const { world, sql, stop } = await open()
    await sql.run('CREATE TABLE facts (id TEXT NOT NULL)')
    let hangs = true
    world.effects.answers.set('/do/1/second', ({ signal }) =>
      hangs
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        : {
            ...{ kind: 'done', output: 2 },
            writes: [{ sql: 'INSERT INTO facts VALUES (?)', values: ['fact'] }],
          },
    )
    await world.deploy(three(world))
    const id = await world.engine.begin({ name: 'three' }, 1)
    await world.until(id, () => world.effects.calls.length === 2)
    await world.restart()
    await world.until(id, () => world.effects.calls.length === 3)
    hangs = false
    await restart()
    await completed(world, id)
    const steps = world.effects.steps()
    assert.deepEqual(new Set(steps.slice(1, -1)), new Set(['/do/1/second']))
    assert.deepEqual([steps[0], steps.at(-1)], ['/do/0/first', '/do/2/third'])
    assert.equal(new Set(world.effects.calls.slice(1, -1).map(({ key }) => key)).size, 1)
    assert.equal((await sql.all('SELECT * FROM facts')).length, 1)
    await stop()
  })

  test('a run whose invocation somebody has killed goes on by another one, once it is told something', async () => {
    const { world, sql, stop } = await open()
    await world.deploy(
      written('nap', async (context) => {
        await world.effects.act(context, '/do/0/first')
        await context.sleep('/do/1/nap', 60_000)
        return 'awake'
      }),
    )
    const id = await begin(world, 'nap')
    await waiting(world, id)
    await kill(`${id}~0`)
    await world.engine.cancel(id, 'enough')
    await world.until(id, ({ status }) => status === 'cancelled')
    assert.equal(world.effects.calls.length, 1)
    assert.equal((await sql.get('SELECT invocation AS n FROM instances'))?.n, 2)
    await stop()
  })

  test('a run whose awakeable somebody rejects looks, and takes another one', async () => {
    const { world, sql, stop } = await open()
    await world.deploy(
      written('nap', async (context) => {
        await context.sleep('/do/0/nap', 60_000)
        return 'awake'
      }),
    )
    const id = await begin(world, 'nap')
    await waiting(world, id)
    const ear = async () => (await sql.get('SELECT awakeable FROM instances'))?.awakeable
    const first = await ear()
    await reject(String(first))
    while ((await ear()) === first) await new Promise(setImmediate)
    await world.engine.cancel(id, 'enough')
    await world.until(id, ({ status }) => status === 'cancelled')
    await stop()
  })

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
