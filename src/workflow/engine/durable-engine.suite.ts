/** Tests what every durable engine must do, whichever store it is on. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { AppError } from '../../base/app-error.ts'
import type { SqlStore } from '../../store/sql.ts'
import { chainEvent, DurableWorld, type WorldOn, written } from '../test-world/durable-world.ts'
import { WorkflowError } from '../workflow-error.ts'

/** Declares the tests; `open` gives an empty store with the engine's tables, `worldOn` an engine on one. */
export function durableEngineSuite(
  name: string,
  open: () => Promise<SqlStore>,
  worldOn: WorldOn = (sql, more) => new DurableWorld(sql, more),
): void {
  describe(`${name} keeps workflows`, () => {
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

    const three = written('three', async (context, input) => {
      const first = await world.effects.act(context, '/do/0/first')
      const second = await world.effects.act(context, '/do/1/second')
      const third = await world.effects.act(context, '/do/2/third')
      await context.end()
      return { input, all: [first, second, third] }
    })
    const all = ['/do/0/first done', '/do/1/second done', '/do/2/third done']

    test('a workflow runs its steps once each, and gives its output', async () => {
      await world.deploy(three)
      assert.deepEqual(await world.engine.run({ name: 'three' }, 7, { id: 'a' }), { input: 7, all })
      const found = await world.engine.get('a')
      assert.equal(found?.status, 'completed')
      assert.deepEqual(found.output, { input: 7, all })
      assert.deepEqual(
        found.journal.map(({ seq, step, kind, output }) => [seq, step, kind, output]),
        all.map((output, at) => [at + 1, output.split(' ')[0], 'completed', output]),
      )
    })

    test('the same id is the same instance: running, ended, and after a restart', async () => {
      await world.deploy(three)
      const ask = () => world.engine.run({ name: 'three' }, 1, { id: 'b' })
      const [one, other] = await Promise.all([ask(), ask()])
      assert.deepEqual(one, other)
      assert.deepEqual(await ask(), one)
      await world.restart()
      assert.deepEqual(await ask(), one)
      assert.equal(world.effects.calls.length, 3)
    })

    test('a name that several namespaces have means none of them', async () => {
      await world.deploy(three, { ...three, namespace: 'other', hash: 'ab'.repeat(32) })
      const { namespace } = three
      await assert.rejects(
        world.engine.begin({ name: 'three' }, 1, { id: 'a' }),
        new RegExp(`several namespaces have a workflow "three".*${namespace}, other`),
      )
      const done = await world.engine.run({ name: 'three', namespace }, 1, { id: 'b' })
      assert.deepEqual(done, { input: 1, all })
    })

    test('lines are told in order, once they are on disk, and begun steps are told too', async () => {
      await world.deploy(three)
      const told: string[] = []
      world.engine.subscribe(({ instance, entry }) => {
        told.push(`${entry.seq} ${entry.step} ${entry.kind} ${instance.status}`)
      })
      await world.engine.run({ name: 'three' }, 1, { id: 'c' })
      assert.deepEqual(told, [
        ...['0 /do/0/first started running', '1 /do/0/first completed running'],
        ...['0 /do/1/second started running', '2 /do/1/second completed running'],
        ...['0 /do/2/third started running', '3 /do/2/third completed completed'],
      ])
    })

    test('what fails for now is tried again after growing pauses with the same key; what fails for good fails the run', async () => {
      let failures = 0
      world.effects.answers.set('/do/1/second', () => {
        failures += 1
        if (failures < 3) throw new AppError({ code: 'x/y', message: 'not now', retry: 'later' })
        return { kind: 'done', output: 'late' }
      })
      await world.deploy(three)
      const done = world.engine.run({ name: 'three' }, 1, { id: 'd' })
      await world.until('d', ({ status, reason }) => status === 'waiting' && reason === 'not now')
      world.time.advance(100)
      await world.until(
        'd',
        ({ journal }) => journal.filter(({ kind }) => kind === 'retrying').length === 2,
      )
      await world.until('d', ({ status }) => status === 'waiting')
      world.time.advance(199)
      await world.until('d', ({ status }) => status === 'waiting')
      assert.equal(failures, 2)
      world.time.advance(1)
      await done
      const keys = world.effects.calls.filter(({ step }) => step === '/do/1/second')
      assert.deepEqual(
        keys.map(({ attempt }) => attempt),
        [1, 2, 3],
      )
      assert.equal(new Set(keys.map(({ key }) => key)).size, 1)

      world.effects.answers.set('/do/1/second', () => {
        throw new WorkflowError({ type: 'validation', detail: 'never' })
      })
      await assert.rejects(world.engine.run({ name: 'three' }, 1, { id: 'e' }), /never/)
      const failed = await world.engine.get('e')
      assert.equal(failed?.status, 'failed')
      assert.equal(failed.problem?.status, 400)
      assert.equal(failed.journal.at(-1)?.kind, 'failed')
      await assert.rejects(world.engine.run({ name: 'three' }, 1, { id: 'e' }), /never/)
    })

    test('a step that waits says why, also after a restart, and is asked again', async () => {
      let ready = false
      world.effects.answers.set('/do/0/first', () =>
        ready
          ? { kind: 'done', output: 'there' }
          : { kind: 'waiting', reason: 'no key', retryAfterMs: 1_000 },
      )
      await world.deploy(three)
      const id = await world.engine.begin({ name: 'three' }, 1)
      await world.until(id, ({ status, reason }) => status === 'waiting' && reason === 'no key')
      await world.restart()
      ready = true
      world.time.advance(1_000)
      const done = await world.until(id, ({ status }) => status === 'completed')
      assert.deepEqual(
        done.journal.map(({ kind }) => kind),
        ['waiting', 'completed', 'completed', 'completed'],
      )
    })

    test('a step under way at a crash is asked again with the same key, those before are not', async () => {
      let hang = true
      world.effects.answers.set('/do/1/second', ({ signal }) =>
        hang
          ? new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason)),
            )
          : { kind: 'done', output: 2 },
      )
      await world.deploy(three)
      const id = await world.engine.begin({ name: 'three' }, 1)
      await world.until(id, () => world.effects.calls.length === 2)
      hang = false
      await world.restart()
      await world.until(id, ({ status }) => status === 'completed')
      assert.deepEqual(world.effects.steps(), [
        '/do/0/first',
        '/do/1/second',
        '/do/1/second',
        '/do/2/third',
      ])
      assert.equal(world.effects.calls[1]?.key, world.effects.calls[2]?.key)
    })

    test('what a step writes is written with its line; what is refused is a failure of the step', async () => {
      await sql.run('CREATE TABLE facts (id TEXT PRIMARY KEY)')
      let id = 'one'
      world.effects.answers.set('/do/2/third', () => ({
        kind: 'done',
        output: 'written',
        writes: [{ sql: 'INSERT INTO facts VALUES (?)', values: [id] }],
      }))
      await world.deploy(three)
      await world.engine.run({ name: 'three' }, 1, { id: 'f' })
      assert.deepEqual(await sql.all('SELECT * FROM facts'), [{ id: 'one' }])
      const again = world.engine.run({ name: 'three' }, 1, { id: 'g' })
      await world.until('g', ({ journal }) => journal.at(-1)?.kind === 'retrying')
      id = 'two'
      world.time.advance(100)
      await again
      assert.equal((await sql.all('SELECT * FROM facts')).length, 2)
      const steps = world.effects.calls.slice(3).map(({ step }) => step)
      assert.deepEqual(steps, ['/do/0/first', '/do/1/second', '/do/2/third', '/do/2/third'])
      await sql.run('DROP TABLE facts')
    })

    const deposit = written(
      'deposit',
      async (context, input) => {
        const undo: string[] = []
        const step = async (key: string, life: 'pending' | 'confirmed' | 'finalized') => {
          await context.reached(key, life)
          const result = await world.effects.act(context, key)
          undo.push(key)
          return result
        }
        try {
          const results = [
            await step('/do/0/note', 'pending'),
            await step('/do/1/pay', 'confirmed'),
            await step('/do/2/settle', 'finalized'),
          ]
          await context.end()
          return { input, results }
        } catch (error) {
          for (const key of undo.reverse().filter((one) => one === '/do/1/pay')) {
            await world.effects.act(context.sheltered, `${key}#compensate/do/0/refund`)
          }
          throw error
        }
      },
      {
        trigger: {
          on: {
            kind: 'one',
            wishes: [
              {
                attributes: {
                  type: 'evm.log',
                  contract: 'vault',
                  event: 'Deposited(address indexed account, uint256 amount)',
                },
                when: '.data.amount != "0"',
              },
            ],
          },
        },
      },
    )
    const advance = async (eventId: string, life: 'confirmed' | 'safe' | 'finalized') => {
      await sql.transaction((session) => world.engine.advance(session, [eventId], life))
      world.engine.wake()
    }
    const retract = async (eventId: string) => {
      await sql.transaction((session) => world.engine.retract(session, eventId))
      world.engine.wake()
    }

    test('an event starts one instance, whose steps wait for its life', async () => {
      await world.deploy(deposit)
      const event = chainEvent('dev:0xaa:0', { amount: '5' })
      const [id = ''] = await world.give(event, 'pending')
      assert.deepEqual(await world.give(event, 'pending'), [])
      assert.deepEqual(await world.give(chainEvent('dev:0xab:0', { amount: '0' }), 'pending'), [])
      await world.until(id, ({ status, step }) => status === 'waiting' && step === '/do/1/pay#life')
      assert.deepEqual(world.effects.steps(), ['/do/0/note'])
      await advance('dev:0xaa:0', 'confirmed')
      await world.until(
        id,
        ({ status, step }) => status === 'waiting' && step === '/do/2/settle#life',
      )
      await world.restart()
      await advance('dev:0xaa:0', 'finalized')
      const done = await world.until(id, ({ status }) => status === 'completed')
      assert.deepEqual(done.input, [event])
      assert.deepEqual(world.effects.steps(), ['/do/0/note', '/do/1/pay', '/do/2/settle'])
    })

    test('what a transaction that fails has started is not there', async () => {
      await world.deploy(deposit)
      const failing = sql.transaction(async (session) => {
        await world.engine.deliver(session, chainEvent('dev:0xac:0', { amount: '5' }), 'pending')
        throw new Error('no')
      })
      await assert.rejects(failing, /no/)
      assert.equal((await world.engine.list({ limit: 10 })).items.length, 0)
    })

    for (const restarts of [false, true]) {
      const when = restarts ? ', also over a restart' : ''
      test(`a retracted event has what was done undone, and done anew when it comes back${when}`, async () => {
        await world.deploy(deposit)
        const event = chainEvent('dev:0xba:0', { amount: '5' })
        const [id = ''] = await world.give(event, 'pending')
        await advance(event.id, 'confirmed')
        await world.until(
          id,
          ({ status, step }) => status === 'waiting' && step === '/do/2/settle#life',
        )
        if (restarts) await world.restart()
        await retract(event.id)
        const gone = await world.until(id, ({ status }) => status === 'retracted')
        assert.equal(gone.compensated, true)
        assert.deepEqual(world.effects.steps(), [
          '/do/0/note',
          '/do/1/pay',
          '/do/1/pay#compensate/do/0/refund',
        ])
        if (restarts) await world.restart()
        assert.deepEqual(await world.give(event, 'pending'), [id])
        await world.until(
          id,
          ({ status, step }) => status === 'waiting' && step === '/do/1/pay#life',
        )
        await advance(event.id, 'finalized')
        await world.until(id, ({ status }) => status === 'completed')
        assert.deepEqual(world.effects.steps().slice(3), ['/do/1/pay', '/do/2/settle'])
        const keys = world.effects.calls
          .filter(({ step }) => step === '/do/1/pay')
          .map(({ key }) => key)
        assert.equal(new Set(keys).size, 2)
      })
    }

    test('an event that leaves after its instance has ended has it undone', async () => {
      await world.deploy(deposit)
      const event = chainEvent('dev:0xbb:0', { amount: '5' })
      const [id = ''] = await world.give(event, 'finalized')
      await world.until(id, ({ status }) => status === 'completed')
      await retract(event.id)
      const gone = await world.until(id, ({ status }) => status === 'retracted')
      assert.equal(gone.compensated, true)
      assert.equal(gone.journal.at(-1)?.kind, 'retracted')
      assert.equal(world.effects.steps().at(-1), '/do/1/pay#compensate/do/0/refund')
    })

    test('an event that leaves and comes back in one transaction disturbs nothing', async () => {
      await world.deploy(deposit)
      const event = chainEvent('dev:0xbc:0', { amount: '5' })
      const [id = ''] = await world.give(event, 'finalized')
      await world.until(id, ({ status }) => status === 'completed')
      await sql.transaction(async (session) => {
        await world.engine.retract(session, event.id)
        await world.engine.deliver(session, event, 'pending')
      })
      world.engine.wake()
      assert.equal((await world.engine.get(id))?.status, 'completed')
      assert.equal(world.effects.calls.length, 3)
    })

    test('a step under way when its event leaves is told, and undone only if it ended', async () => {
      await world.deploy(deposit)
      let told = false
      world.effects.answers.set('/do/2/settle', ({ signal }) => {
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            told = true
            reject(signal.reason)
          })
        })
      })
      const event = chainEvent('dev:0xbd:0', { amount: '5' })
      const [id = ''] = await world.give(event, 'finalized')
      await world.until(id, () => world.effects.calls.length === 3)
      await retract(event.id)
      await world.until(id, ({ status }) => status === 'retracted')
      assert.equal(told, true)
      assert.equal(world.effects.steps().at(-1), '/do/1/pay#compensate/do/0/refund')
    })
  })
}
