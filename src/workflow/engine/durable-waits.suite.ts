/** Tests what durable engines do about time, events, questions, children and branches. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore } from '../../store/sql.ts'
import type { CloudEvent, DurableContext } from '../durable-context.ts'
import { DurableWorld, type WorldOn, written } from '../test-world/durable-world.ts'
import { WorkflowError } from '../workflow-error.ts'

/** Declares the tests; `open` gives an empty store with the engine's tables, `worldOn` an engine on one. */
export function durableWaitsSuite(
  name: string,
  open: () => Promise<SqlStore>,
  worldOn: WorldOn = (sql, more) => new DurableWorld(sql, more),
): void {
  describe(`${name} waits`, () => {
    let world: DurableWorld
    let sql: SqlStore
    beforeEach(async () => {
      sql = await open()
      world = worldOn(sql)
      await world.engine.start()
    })
    afterEach(async () => {
      await world.engine.stop()
      await sql.close()
    })
    const waiting = (id: string) => world.until(id, ({ status }) => status === 'waiting')
    const completed = (id: string) => world.until(id, ({ status }) => status === 'completed')
    const begin = (of: string, input: Json = null, id?: string) =>
      world.engine.begin({ name: of }, input, id === undefined ? {} : { id })

    test('a sleep lasts from when it was first asked, over a restart; time and chance are asked once', async () => {
      const asked: number[] = []
      await world.deploy(
        written('nap', async (context) => {
          const at = await context.now('/do/0')
          asked.push(at, await context.random('/do/1'))
          await context.sleep('/do/2', 5_000)
          await world.effects.act(context, '/do/3/wake')
          return at
        }),
      )
      const began = world.time.nowMs()
      const id = await begin('nap')
      await waiting(id)
      world.time.advance(4_000)
      await world.restart()
      await waiting(id)
      assert.equal(world.effects.calls.length, 0)
      world.time.advance(1_000)
      assert.equal((await completed(id)).output, began)
      assert.deepEqual(new Set(asked), new Set([began, 1]))
    })

    const event = (id: string, more: Record<string, Json> = {}): CloudEvent => ({
      ...{ specversion: '1.0', id, source: '/orders', type: 'order.paid', ...more },
    })

    test('a time is kept though something else had the instance look before it', async () => {
      await world.deploy(
        written(
          'due',
          async (context) => {
            await context.sleep('/do/0', 5_000)
            return 'over'
          },
          { trigger: { on: { kind: 'one', wishes: [{ attributes: { type: 'order.paid' } }] } } },
        ),
      )
      const [id = ''] = await world.give(event('e-1'), 'pending')
      await waiting(id)
      for (const life of ['confirmed', 'safe', 'finalized'] as const) {
        await sql.transaction((session) => world.engine.advance(session, ['e-1'], life))
        world.engine.wake()
        const rests = async () => (await sql.get('SELECT wake_at_ms AS at FROM instances'))?.at
        for (let turn = 0; turn < 1_000 && (await rests()) === world.time.nowMs(); turn += 1)
          await nextTurn()
      }
      world.time.advance(5_000)
      assert.equal((await completed(id)).output, 'over')
    })

    const shop = written('shop', async (context, input) => {
      const inbox = await context.listen('/do/0/paid', [
        {
          attributes: { type: 'order.paid' },
          when: '.data.amount > 1',
          correlate: [{ from: '.data.order', expect: input }],
        },
      ])
      const first = await inbox.next('/do/0/paid/0')
      await world.effects.act(context, '/do/1/ship')
      const second = await inbox.next('/do/0/paid/1')
      await inbox.close()
      return [first.id, second.id]
    })

    test('an inbox takes what fits from its commit on, each once, in order, also while nobody runs', async () => {
      await world.deploy(shop)
      const [mine, other] = [await begin('shop', 7), await begin('shop', 8)]
      await waiting(mine)
      await waiting(other)
      await world.give(event('a', { data: { order: 7, amount: 1 } }))
      await world.give(event('b', { data: { order: 7, amount: 2 } }))
      await world.give(event('b', { data: { order: 7, amount: 2 } }))
      await world.until(mine, ({ journal }) => journal.some(({ step }) => step === '/do/1/ship'))
      await world.engine.stop()
      await world.give(event('c', { data: { order: 7, amount: 3 } }))
      await world.restart()
      assert.deepEqual((await completed(mine)).output, ['b', 'c'])
      assert.equal((await world.engine.get(other))?.status, 'waiting')
      assert.equal(world.effects.calls.length, 1)
      assert.equal((await sql.all('SELECT * FROM messages')).length, 0)
      assert.equal((await sql.all('SELECT * FROM subscriptions')).length, 1)
    })

    test('what a workflow gives reaches listeners and triggers once', async () => {
      const started = written('started', async (_, input) => input, {
        trigger: { on: { kind: 'one', wishes: [{ attributes: { type: 'order.paid' } }] } },
      })
      const gives = written('gives', async (context) => {
        await context.emit('/do/0/tell', event('e', { data: { order: 7, amount: 9 } }))
        await world.effects.act(context, '/do/1/after')
        return null
      })
      await world.deploy(shop, started, gives)
      const listener = await begin('shop', 7)
      await waiting(listener)
      await completed(await begin('gives'))
      await world.until(listener, () => world.effects.steps().includes('/do/1/ship'))
      const { items } = await world.engine.list({ limit: 10, workflow: 'started' })
      assert.equal(items.length, 1)
      assert.equal((await completed(items[0]?.id ?? '')).eventId, '/orders e')
    })

    test('a trigger of all kinds of events starts when each has come', async () => {
      const both = written('both', async (_, input) => input, {
        trigger: {
          on: {
            kind: 'all',
            wishes: ['order.paid', 'order.sent'].map((type) => ({ attributes: { type } })),
          },
        },
      })
      await world.deploy(both)
      assert.deepEqual(await world.give(event('p1')), [])
      assert.deepEqual(await world.give(event('p2')), [])
      const [id = ''] = await world.give(event('s1', { type: 'order.sent' }))
      const { input } = await completed(id)
      assert.deepEqual(
        (input as unknown as CloudEvent[]).map((one) => one.id),
        ['p1', 's1'],
      )
    })

    const approval = (answers: number) =>
      written(`approval-${answers}`, (context) =>
        context.ask('/do/0/approve', {
          ...{ kind: 'approval', title: 'Pay?', role: 'treasurer', answers, deadlineMs: 10_000 },
          form: {
            type: 'object',
            required: ['approved'],
            properties: { approved: { type: 'boolean' } },
          },
        }),
      )

    test('a question is answered by enough people alike, by its form, and who decided is kept', async () => {
      await world.deploy(approval(2))
      const id = await begin('approval-2')
      await waiting(id)
      const { items } = await world.engine.questions({ limit: 10, status: 'open' })
      const [question] = items
      const answer = (who: string, value: Json) =>
        world.engine.answer(question?.id ?? '', who, value)
      assert.equal(question?.role, 'treasurer')
      await assert.rejects(answer('ann', { approved: 'yes' }), { code: 'workflow/bad-answer' })
      await answer('ann', { approved: true })
      await assert.rejects(answer('ann', { approved: true }), { code: 'workflow/question-closed' })
      await answer('bob', { approved: false })
      assert.equal((await world.engine.get(id))?.status, 'waiting')
      await world.restart()
      await answer('cid', { approved: true })
      const done = await completed(id)
      assert.deepEqual(done.output, { approved: true })
      const { by } = (done.journal[0] as { input: unknown }).input as { by: { who: string }[] }
      assert.deepEqual(
        by.map(({ who }) => who),
        ['ann', 'bob', 'cid'],
      )
      await assert.rejects(answer('dan', { approved: true }), { code: 'workflow/question-closed' })
      await assert.rejects(world.engine.answer('none', 'dan', {}), { code: 'workflow/no-question' })
    })

    test('a question that nobody answers in time fails with a timeout', async () => {
      await world.deploy(approval(1))
      const id = await begin('approval-1')
      await waiting(id)
      world.time.advance(10_000)
      const failed = await world.until(id, ({ status }) => status === 'failed')
      assert.equal(failed.problem?.status, 408)
      const { items } = await world.engine.questions({ limit: 10 })
      assert.equal(items[0]?.status, 'expired')
    })

    test('a child gives its output or its error to its parent, also when both were away meanwhile', async () => {
      const child = written('child', async (context, input) => {
        await context.sleep('/do/0', 1_000)
        if (input === 'bad') throw new WorkflowError({ type: 'runtime', detail: 'the child broke' })
        return { got: input }
      })
      const parent = written('parent', (context, input) =>
        context.child('/do/0/child', {
          ...{ namespace: 'test', name: 'child', version: '1.0.0', input, awaited: true },
        }),
      )
      const loose = written('loose', (context, input) =>
        context.child('/do/0/child', {
          ...{ namespace: 'test', name: 'child', version: 'latest', input, awaited: false },
        }),
      )
      await world.deploy(child, parent, loose)
      const [good, bad] = [await begin('parent', 1), await begin('parent', 'bad')]
      const free = (await completed(await begin('loose', 2))).output as string
      await waiting(good)
      await waiting(bad)
      await waiting(free)
      await world.restart()
      await waiting(free)
      world.time.advance(1_000)
      assert.deepEqual((await completed(good)).output, { got: 1 })
      const failed = await world.until(bad, ({ status }) => status === 'failed')
      assert.match(failed.reason ?? '', /the child broke/)
      assert.deepEqual((await completed(free)).output, { got: 2 })
    })

    const raced = written('raced', async (context) => {
      const { index, value } = await context.race('/do/0/race', [
        async (one) => {
          await one.sleep('/do/0/race/0', 1_000)
          return 'late'
        },
        (one) => world.effects.act(one, '/do/0/race/1'),
      ])
      await world.effects.act(context, '/do/1/after')
      return [index, value]
    })

    for (const winner of ['late', 'prompt']) {
      test(`of a race the ${winner} branch wins, the other one stops, and a replay goes the same way`, async () => {
        let stopped = false
        if (winner === 'late') {
          world.effects.answers.set('/do/0/race/1', ({ signal }) => {
            return new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                stopped = true
                reject(signal.reason)
              })
            })
          })
        }
        world.effects.answers.set('/do/1/after', () => ({
          kind: 'waiting',
          reason: 'later',
          retryAfterMs: 60_000,
        }))
        await world.deploy(raced)
        const id = await begin('raced')
        await world.until(id, () => world.effects.calls.length > 0)
        await world.until(id, ({ status }) => winner !== 'late' || status === 'running')
        if (winner === 'late') world.time.advance(1_000)
        await world.until(id, ({ reason }) => reason === 'later')
        world.effects.answers.clear()
        await world.restart()
        world.time.advance(60_000)
        const { output } = await completed(id)
        assert.deepEqual(output, winner === 'late' ? [0, 'late'] : [1, '/do/0/race/1 done'])
        assert.equal(stopped, winner === 'late')
        assert.equal(world.effects.steps().filter((step) => step === '/do/0/race/1').length, 1)
      })
    }

    test('of all branches each runs once; the first error stops the others and is the error', async () => {
      const branches = (context: DurableContext) =>
        context.all('/do/0/fork', [
          (one) => world.effects.act(one, '/do/0/fork/0'),
          async (one) => {
            await one.sleep('/do/0/fork/1', 1_000)
            return world.effects.act(one, '/do/0/fork/1/act')
          },
        ])
      await world.deploy(written('fork', branches))
      const id = await begin('fork')
      await waiting(id)
      await world.restart()
      await waiting(id)
      world.time.advance(1_000)
      assert.deepEqual((await completed(id)).output, ['/do/0/fork/0 done', '/do/0/fork/1/act done'])
      assert.deepEqual(world.effects.steps(), ['/do/0/fork/0', '/do/0/fork/1/act'])
      world.effects.answers.set('/do/0/fork/0', () => {
        throw new WorkflowError({ type: 'validation', detail: 'no' })
      })
      await assert.rejects(world.engine.run({ name: 'fork' }, null, { id: 'bad' }), /no/)
      assert.equal(world.effects.calls.length, 3)
    })

    test('schedules fire each time once; of those missed the last is made up for', async () => {
      const beat = written('beat', async () => 'beat', { trigger: { everyMs: 1_000 } })
      const cron = written('cron', async () => 'cron', { trigger: { cron: '*/10 * * * * *' } })
      const again = written('again', async () => 'again', { trigger: { afterMs: 500 } })
      await world.deploy(beat, cron, again)
      const count = async (of: string) =>
        (await world.engine.list({ limit: 50, workflow: of, status: 'completed' })).items.length
      const counts = async (wanted: readonly number[]) => {
        for (let turn = 0; turn < 5_000; turn += 1) {
          const found = [await count('beat'), await count('cron'), await count('again')]
          if (found.join() === wanted.join()) return
          await new Promise(setImmediate)
        }
        assert.deepEqual([await count('beat'), await count('cron'), await count('again')], wanted)
      }
      await counts([0, 0, 0])
      world.time.advance(500)
      await counts([0, 0, 1])
      world.time.advance(500)
      await counts([1, 0, 2])
      await world.engine.stop()
      world.time.advance(10_500)
      await world.restart()
      await counts([2, 1, 3])
      world.time.advance(500)
      await counts([3, 1, 4])
    })

    test('one that waits since before there was a limit to its time ends by it', async () => {
      const nap = async (context: DurableContext) => {
        await context.sleep('/do/0', 90_000_000)
        return 1
      }
      await world.deploy(written('nap', nap))
      const id = await begin('nap')
      await waiting(id)
      await world.engine.stop()
      world = worldOn(sql, { maxRunMs: 60_000 })
      await world.deploy(written('nap', nap))
      await world.engine.start()
      world.time.advance(60_000)
      const { problem } = await world.until(id, ({ status }) => status === 'failed')
      assert.match(problem?.detail ?? '', /did not end within 60000 ms/)
    })

    test('a definition that was replaced is known as long as instances go on by it, after a restart too', async () => {
      const nap = (version: string) =>
        written('nap', async (context) => context.sleep('/do/0', 1_000).then(() => 1), { version })
      const pinned = () => world.engine.pinned().map(({ version }) => version)
      await world.deploy(nap('1.0.0'))
      const id = await begin('nap')
      await waiting(id)
      await world.deploy(nap('2.0.0'))
      assert.deepEqual(pinned(), ['1.0.0'])
      world.workflows.delete(nap('1.0.0').hash)
      await world.engine.stop()
      world = worldOn(sql)
      world.workflows.set(nap('1.0.0').hash, nap('1.0.0'))
      await world.engine.deploy(nap('2.0.0'))
      await world.engine.start()
      assert.deepEqual(pinned(), ['1.0.0'])
      world.time.advance(1_000)
      await completed(id)
      await world.engine.stop()
      world = worldOn(sql)
      world.workflows.set(nap('1.0.0').hash, nap('1.0.0'))
      await world.engine.deploy(nap('2.0.0'))
      await world.engine.start()
      assert.deepEqual(pinned(), [])
      let told = 0
      world.engine.watchWorkflows(() => {
        told += 1
      })
      await world.engine.retry(id)
      assert.deepEqual([pinned(), told], [['1.0.0'], 1])
    })
  })
}
