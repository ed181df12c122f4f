/** Runs workflows on a real Restate server: steps, failures, crashes, retractions. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../../src/base/app-error.ts'
import { chainEvent, written } from '../../src/workflow/test-world/durable-world.ts'
import { WorkflowError } from '../../src/workflow/workflow-error.ts'
import { lacksRestate } from './restate-server.ts'
import { testCluster } from './test-cluster.ts'

const lacking = await lacksRestate()

describe('workflows on Restate', { skip: lacking }, () => {
  const { open, restart } = testCluster()
  type World = Awaited<ReturnType<typeof open>>['world']

  const three = (world: World) =>
    written('three', async (context, input) => {
      const first = await world.effects.act(context, '/do/0/first')
      const second = await world.effects.act(context, '/do/1/second')
      const third = await world.effects.act(context, '/do/2/third')
      await context.end()
      return { input, all: [first, second, third] }
    })
  const all = ['/do/0/first done', '/do/1/second done', '/do/2/third done']
  const completed = (world: World, id: string) =>
    world.until(id, ({ status }) => status === 'completed')

  test('a workflow runs its steps once each, and its journal is there once it has ended', async () => {
    const { world, stop } = await open()
    await world.deploy(three(world))
    const ask = () => world.engine.run({ name: 'three' }, 7, { id: 'a' })
    const [one, other] = await Promise.all([ask(), ask()])
    assert.deepEqual([one, other], [{ input: 7, all }, one])
    assert.deepEqual(await ask(), one)
    const { journal } = await completed(world, 'a')
    assert.deepEqual(
      journal.map(({ seq, step, kind, output }) => [seq, step, kind, output]),
      all.map((output, at) => [at + 1, output.split(' ')[0], 'completed', output]),
    )
    assert.equal(world.effects.calls.length, 3)
    await assert.rejects(world.shown.pause('a'), { code: 'workflow/not-on-restate' })
    await stop()
  })

  test('what fails for now is tried again with the same key; what fails for good fails the run', async () => {
    const { world, stop } = await open()
    let failures = 0
    world.effects.answers.set('/do/1/second', () => {
      failures += 1
      if (failures < 3) throw new AppError({ code: 'x/y', message: 'not now', retry: 'later' })
      return { kind: 'done', output: 'late' }
    })
    let waits = 0
    world.effects.answers.set('/do/2/third', () => {
      waits += 1
      return waits < 2
        ? { kind: 'waiting', reason: 'no key', retryAfterMs: 300 }
        : { kind: 'done', output: 'there' }
    })
    await world.deploy(three(world))
    const id = await world.engine.begin({ name: 'three' }, 1)
    await world.until(id, ({ status, reason }) => status === 'waiting' && reason === 'no key')
    await completed(world, id)
    const calls = world.effects.calls.filter(({ step }) => step === '/do/1/second')
    assert.deepEqual(
      calls.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    assert.equal(new Set(calls.map(({ key }) => key)).size, 1)
    world.effects.answers.set('/do/1/second', () => {
      throw new WorkflowError({ type: 'validation', detail: 'never' })
    })
    await assert.rejects(world.engine.run({ name: 'three' }, 1, { id: 'e' }), /never/)
    const failed = await world.engine.get('e')
    assert.equal(failed?.problem?.status, 400)
    assert.equal(failed?.journal.at(-1)?.kind, 'failed')
    await stop()
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

  const deposit = (world: World) =>
    written(
      'deposit',
      async (context) => {
        const undo: string[] = []
        const step = async (key: string, life: 'pending' | 'confirmed' | 'finalized') => {
          await context.reached(key, life)
          await world.effects.act(context, key)
          undo.push(key)
        }
        try {
          await step('/do/0/note', 'pending')
          await step('/do/1/pay', 'confirmed')
          await step('/do/2/settle', 'confirmed')
          await context.end()
          return 'done'
        } catch (error) {
          for (const key of undo.reverse().filter((one) => one === '/do/1/pay')) {
            await world.effects.act(context.sheltered, `${key}#compensate/do/0/refund`)
          }
          throw error
        }
      },
      { trigger: { on: { kind: 'one', wishes: [{ attributes: { type: 'evm.log' } }] } } },
    )

  test('an event starts one instance, whose steps wait for its life; retracted it is undone, and done anew when it is back', async () => {
    const { world, sql, stop } = await open()
    const inTransaction = async (work: Parameters<typeof sql.transaction>[0]) => {
      await sql.transaction(work)
      world.engine.wake()
    }
    await world.deploy(deposit(world))
    const event = chainEvent('dev:0xaa:0')
    const [id = ''] = await world.give(event, 'pending')
    assert.deepEqual(await world.give(event, 'pending'), [])
    await world.until(id, ({ status }) => status === 'waiting')
    assert.deepEqual(world.effects.steps(), ['/do/0/note'])
    await inTransaction((session) => world.engine.advance(session, event.id, 'confirmed'))
    await completed(world, id)
    // It had ended, but its event was not final.
    await inTransaction((session) => world.engine.retract(session, event.id))
    const gone = await world.until(id, ({ status }) => status === 'retracted')
    assert.equal(gone.compensated, true)
    assert.equal(world.effects.steps().at(-1), '/do/1/pay#compensate/do/0/refund')
    await world.restart()
    assert.deepEqual(await world.give(event, 'confirmed'), [id])
    await completed(world, id)
    assert.deepEqual(world.effects.steps().slice(4), ['/do/1/pay'])
    const keys = world.effects.calls.filter(({ step }) => step === '/do/1/pay')
    assert.equal(new Set(keys.map(({ key }) => key)).size, 2)
    await stop()
  })

  test('a cancelled instance is told while it acts, and undoes what it did', async () => {
    const { world, stop } = await open()
    await world.deploy(deposit(world))
    let isTold = false
    world.effects.answers.set('/do/2/settle', ({ signal }) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          isTold = true
          reject(signal.reason)
        })
      })
    })
    const [id = ''] = await world.give(chainEvent('dev:0xab:0'), 'finalized')
    await world.until(id, () => world.effects.calls.length === 3)
    await world.engine.cancel(id, 'by hand')
    const gone = await world.until(id, ({ status }) => status === 'cancelled')
    assert.equal(gone.reason, 'by hand')
    assert.equal(isTold, true)
    assert.equal(world.effects.steps().at(-1), '/do/1/pay#compensate/do/0/refund')
    await stop()
  })
})
