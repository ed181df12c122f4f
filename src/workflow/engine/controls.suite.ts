/** Tests what durable engines do when people pause, resume and retry runs, and what they show and tell meanwhile. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { SqlStore } from '../../store/sql.ts'
import { stepTraces } from '../step-traces.ts'
import { DurableWorld, type WorldOn, written } from '../test-world/durable-world.ts'

/** Declares the tests; `open` gives an empty store with the engine's tables, `worldOn` an engine on one. */
export function controlsSuite(
  name: string,
  open: () => Promise<SqlStore>,
  worldOn: WorldOn = (sql, more) => new DurableWorld(sql, more),
): void {
  describe(`${name} is looked after`, () => {
    let world: DurableWorld
    let sql: SqlStore
    beforeEach(async () => {
      sql = await open()
      world = worldOn(sql, {
        traces: stepTraces,
        lifecycle: (_, step) => {
          const task = 'task' in step ? ` ${step.task}` : ''
          const write = 'INSERT INTO told (what) VALUES (?)'
          return [{ sql: write, values: [`${step.phase}${task}`] }]
        },
      })
      await sql.run('CREATE TABLE told (seq INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT)')
      await world.engine.start()
      await world.deploy(three)
    })
    afterEach(async () => {
      await world.engine.stop()
      await sql.run('DROP TABLE told')
      await sql.close()
    })

    const keys = ['/do/0/first', '/do/1/second', '/do/2/third'] as const
    const three = written('three', async (context) => {
      for (const key of keys) await world.effects.act(context, key)
      return world.effects.calls.length
    })
    const completed = (id: string) => world.until(id, ({ status }) => status === 'completed')
    const whatWasTold = async () =>
      (await sql.all('SELECT what FROM told ORDER BY seq')).map(({ what }) => what)
    /** Lets the second step wait until it is released. */
    const heldSecond = () => {
      const held = Promise.withResolvers<void>()
      world.effects.answers.set(keys[1], async () => {
        await held.promise
        return { kind: 'done', output: 'late' }
      })
      return held.resolve
    }

    test('a run that is paused while it acts keeps what that gives, and goes on when it is resumed, after a restart too', async () => {
      const release = heldSecond()
      const id = await world.engine.begin({ name: 'three' }, null)
      await world.until(id, ({ journal }) => journal.some(({ step }) => step === keys[0]))
      await world.until(id, () => world.effects.calls.length === 2)
      await world.engine.pause(id)
      release()
      await world.until(id, ({ journal }) => journal.some(({ step }) => step === keys[1]))
      await world.restart()
      assert.equal((await world.engine.get(id))?.status, 'paused')
      await world.engine.resume(id)
      const { output } = await completed(id)
      assert.equal(output, 3)
      assert.deepEqual(world.effects.steps(), keys)
      assert.deepEqual(await whatWasTold(), [
        ...['started', `completed ${keys[0]}`, 'suspended', `completed ${keys[1]}`],
        ...['resumed', `completed ${keys[2]}`],
      ])
    })

    test('a run that is paused while it waits is cancelled without being resumed', async () => {
      await world.deploy(
        written('nap', async (context) => {
          await world.effects.act(context, keys[0])
          await context.sleep('/do/1/nap', 60_000)
          return 'awake'
        }),
      )
      const id = await world.engine.begin({ name: 'nap' }, null)
      await world.until(id, ({ status }) => status === 'waiting')
      await world.engine.pause(id)
      await world.engine.cancel(id, 'enough')
      const { reason } = await world.until(id, ({ status }) => status === 'cancelled')
      assert.equal(reason, 'enough')
    })

    test('a run that has ended is retried from a step: that and what follows is done anew, under other keys', async () => {
      const id = await world.engine.begin({ name: 'three' }, null)
      await completed(id)
      await world.engine.retry(id, keys[1])
      const { journal } = await world.until(id, ({ output }) => output === 5)
      assert.deepEqual(world.effects.steps(), [...keys, keys[1], keys[2]])
      assert.equal(new Set(world.effects.calls.map(({ key }) => key)).size, 5)
      assert.deepEqual(
        journal.filter(({ dropped }) => dropped).map(({ step }) => step),
        [keys[1], keys[2]],
      )
      await assert.rejects(world.engine.retry(id, '/do/9'), { code: 'workflow/no-step' })
    })

    test('steps tell those that they ask which trace they belong to', async () => {
      const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
      const seen: (string | undefined)[] = []
      world.effects.answers.set(keys[0], (about) => {
        seen.push(about.traceparent)
        return { kind: 'done', output: 1 }
      })
      await completed(await world.engine.begin({ name: 'three' }, null, { traceparent }))
      assert.match(seen[0] ?? '', /^00-1{32}-[0-9a-f]{16}-01$/)
    })

    test('a run is replayed on its own journal without any effect', async () => {
      const id = await world.engine.begin({ name: 'three' }, null)
      await completed(id)
      const { differences, next } = await world.engine.replay(id)
      assert.deepEqual([differences, next, world.effects.calls.length], [[], [], 3])
    })
  })
}
