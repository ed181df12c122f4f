/** Tests that instances go on by another definition where their journal allows it, whichever store they are on. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { SqlStore } from '../../store/sql.ts'
import type { DurableContext } from '../durable-context.ts'
import { DurableWorld, type WorldOn, written } from '../test-world/durable-world.ts'

/** Declares the tests; `open` gives an empty store with the engine's tables, `worldOn` an engine on one. */
export function migrationSuite(
  name: string,
  open: () => Promise<SqlStore>,
  worldOn: WorldOn = (sql, more) => new DurableWorld(sql, more),
): void {
  describe(`${name} lets instances go on by other definitions`, () => {
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

    const first = (context: DurableContext) => world.effects.act(context, '/do/0/first')
    const approve = (context: DurableContext, title: string) =>
      context.ask('/do/1/approve', { kind: 'approval', title })
    const old = written('order', async (context) => {
      await first(context)
      await approve(context, 'Pay?')
      return world.effects.act(context, '/do/2/pay')
    })
    const version = (number: string, run: (context: DurableContext) => Promise<unknown>) =>
      written('order', async (context) => (await run(context)) as string, { version: number })

    const waits = async () => {
      await world.deploy(old)
      const id = await world.engine.begin({ name: 'order' }, null)
      await world.until(id, ({ status }) => status === 'waiting')
      return id
    }
    const openQuestions = async () =>
      (await world.engine.questions({ limit: 10, status: 'open' })).items

    test('one that waits ends on the new definition, on the journal that it had', async (t) => {
      const id = await waits()
      const next = version('2.0.0', async (context) => {
        await first(context)
        await approve(context, 'Really pay?')
        await world.effects.act(context, '/do/2/check')
        return world.effects.act(context, '/do/3/pay')
      })
      await world.deploy(next)
      const [before] = await openQuestions()
      await world.engine.migrate(id, next.hash)
      assert.equal((await openQuestions())[0]?.id, before?.id)
      const moved = await world.until(id, ({ status }) => status === 'waiting')
      assert.equal(moved.definitionHash, next.hash)
      await world.restart()
      const asked = async () => {
        const [one] = await openQuestions()
        assert.equal(one?.title, 'Really pay?')
        return one
      }
      const question = await t.waitFor(asked, { timeout: 20_000 })
      await world.engine.answer(question?.id ?? '', 'ada', true)
      const ended = await world.until(id, ({ status }) => status === 'completed')
      assert.equal(ended.definitionHash, next.hash)
      const steps = ['/do/0/first', '/do/2/check', '/do/3/pay']
      assert.deepEqual(world.effects.steps(), steps)
      assert.deepEqual(
        ended.journal.map(({ step }) => step),
        [steps[0], '/do/1/approve', ...steps.slice(1)],
      )
    })

    test('a question that the new definition does not ask is closed, and nothing is waited for', async () => {
      const id = await waits()
      const next = version('2.0.0', async (context) => {
        await first(context)
        return world.effects.act(context, '/do/1/pay')
      })
      await world.deploy(next)
      await world.engine.migrate(id, next.hash)
      await world.until(id, ({ status }) => status === 'completed')
      assert.deepEqual(await openQuestions(), [])
    })

    test('a question that was closed by a cancellation is asked again after a retry', async () => {
      const id = await waits()
      await world.engine.cancel(id, 'by hand')
      await world.until(id, ({ status }) => status === 'cancelled')
      assert.deepEqual(await openQuestions(), [])
      await world.engine.retry(id)
      await world.until(id, ({ status }) => status === 'waiting')
      const [question] = await openQuestions()
      await world.engine.answer(question?.id ?? '', 'ada', true)
      await world.until(id, ({ status }) => status === 'completed')
    })

    test('who began one by its definition of before may write nothing more', async () => {
      const id = await waits()
      const next = version('2.0.0', async (context) => first(context))
      await world.deploy(next)
      await world.engine.pause(id)
      const number = async () =>
        Number((await sql.get('SELECT invocation FROM instances WHERE id = ?', id))?.invocation)
      const before = await number()
      await world.engine.migrate(id, next.hash)
      assert.ok((await number()) > before)
    })

    test('one that is paused stays so, and goes on by the new definition', async () => {
      const id = await waits()
      await world.engine.pause(id)
      const next = version('2.0.0', async (context) => first(context))
      await world.deploy(next)
      await world.engine.migrate(id, next.hash)
      const paused = await world.engine.get(id)
      assert.deepEqual([paused?.status, paused?.definitionHash], ['paused', next.hash])
      await world.engine.resume(id)
      await world.until(id, ({ status }) => status === 'completed')
      assert.deepEqual(world.effects.steps(), ['/do/0/first'])
    })

    test('each refusal says why, and leaves the instance as it was', async () => {
      const id = await waits()
      const lacks = version('3.0.0', async (context) => approve(context, 'Pay?'))
      const otherwise = version('4.0.0', async (context) => {
        await context.sleep('/do/0/first', 1_000)
        return 'slept'
      })
      const stranger = written('invoice', async (context) => first(context))
      await world.deploy(lacks, otherwise, stranger)
      const refusal = async (hash: string, code: string, message: RegExp, of = id) =>
        assert.rejects(world.engine.migrate(of, hash), { code: `workflow/${code}`, message })
      await refusal(lacks.hash, 'cannot-migrate', /has act at \/do\/0\/first, .* never asks for it/)
      await refusal(otherwise.hash, 'cannot-migrate', /\/do\/0\/first, .* has it as sleep/)
      await refusal(stranger.hash, 'cannot-migrate', /workflow test\/invoice, .* of test\/order/)
      await refusal('ab'.repeat(32), 'not-deployed', /no definition abab.*deploy it first/)
      await refusal(lacks.hash, 'no-instance', /no instance "nobody"/, 'nobody')
      const [question] = await openQuestions()
      await world.engine.answer(question?.id ?? '', 'ada', true)
      const ended = await world.until(id, ({ status }) => status === 'completed')
      assert.equal(ended.definitionHash, old.hash)
      await refusal(
        otherwise.hash,
        'wrong-status',
        /is completed; only one that waits or is paused/,
      )
    })

    test('one that does something is not moved', async () => {
      let end = () => {}
      world.effects.answers.set(
        '/do/0/first',
        () =>
          new Promise((resolve) => {
            end = () => resolve({ kind: 'done', output: 1 })
          }),
      )
      const next = version('2.0.0', first)
      await world.deploy(next, old)
      const id = await world.engine.begin({ name: 'order' }, null)
      await world.until(id, () => world.effects.calls.length === 1)
      await assert.rejects(world.engine.migrate(id, next.hash), {
        ...{ code: 'workflow/wrong-status', message: /is running; .*pause it first/ },
      })
      end()
      await world.until(id, ({ status }) => status === 'waiting')
      assert.equal(world.effects.calls.length, 1)
    })
  })
}
