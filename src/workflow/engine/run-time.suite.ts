/** Tests what durable engines do about the time of an instance: when it is over, what becomes of what was done, what the error says. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { SqlStore } from '../../store/sql.ts'
import { readDefinition } from '../read-definition.ts'
import { DurableWorld, type WorldOn, written } from '../test-world/durable-world.ts'

/** Declares the tests; `open` gives an empty store with the engine's tables, `worldOn` an engine on one. */
export function runTimeSuite(
  name: string,
  open: () => Promise<SqlStore>,
  worldOn: WorldOn = (sql, more) => new DurableWorld(sql, more),
): void {
  describe(`${name}, the time of an instance`, () => {
    const maxRunMs = 60_000
    const limited = () => worldOn(sql, { maxRunMs })
    let sql: SqlStore
    let world: DurableWorld
    const done: string[] = []
    const function_ = (name: string) => async () => {
      done.push(name)
      return { kind: 'done', output: name } as const
    }
    const functions = {
      book: function_('book'),
      cancel: function_('cancel'),
      note: function_('note'),
    }
    /** Nothing catches the end: neither a task that catches all, nor one that tries for ever. */
    const waiting = readDefinition(
      `
document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}
do:
  - book: {call: book, metadata: {compensate: [{nap: {wait: {hours: 1}}}, {cancel: {call: cancel, with: {why: '\${ $error.reason }'}}}]}}
  - hear:
      try: [{wait: {listen: {to: {one: {with: {type: t}}}}}}]
      catch: {retry: {delay: {seconds: 1}}, do: [{note: {call: note}}]}`,
      { functions, deploying: true },
    )
    const over =
      /^the instance did not end within 60000 ms, the longest that the setting maxRunTime lets one run; raise it, or /
    const begin = async (id: string) => {
      await world.deploy(waiting)
      await world.engine.begin({ name: 'it' }, null, { id })
      await world.until(id, ({ status }) => status === 'waiting')
    }
    /** It ends by its time, and what it did is undone though the program is started anew meanwhile. */
    const endsUndone = async (id: string) => {
      const atNap = await world.until(id, ({ step }) => step?.includes('#compensate') === true)
      assert.notEqual(atNap.status, 'failed')
      await world.restart()
      world.time.advance(3_600_000)
      const { problem, compensated } = await world.until(id, ({ status }) => status === 'failed')
      assert.match(problem?.detail ?? '', over)
      assert.deepEqual([problem?.status, compensated], [408, true])
      assert.deepEqual(done, ['book', 'cancel'])
      const left = await sql.get('SELECT count(*) AS n FROM subscriptions')
      assert.equal(Number(left?.n), 0)
    }
    beforeEach(async () => {
      done.length = 0
      sql = await open()
      world = limited()
      await world.engine.start()
    })
    afterEach(async () => {
      await world.engine.stop()
      await sql.close()
    })

    test('is over when it says so, not before, and the error names it', async () => {
      await begin('i')
      world.time.advance(maxRunMs - 1)
      for (let at = 0; at < 20; at += 1) await turn()
      assert.equal((await world.engine.get('i'))?.status, 'waiting')
      world.time.advance(1)
      await endsUndone('i')
    })

    test('is over too where the program was off, or knew no limit when the instance began to wait', async () => {
      await world.engine.stop()
      world = worldOn(sql)
      await world.engine.start()
      await begin('i')
      await world.engine.stop()
      world = limited()
      world.workflows.set(waiting.hash, waiting)
      await world.engine.deploy(waiting)
      world.time.advance(maxRunMs)
      await world.engine.start()
      await endsUndone('i')
    })

    test('tells a step that runs then to end', async () => {
      await world.deploy(
        written('slow', (context) =>
          context.run('/do/0/slow', {
            kind: 'slow',
            run: ({ signal }) =>
              new Promise((_, reject) => {
                done.push('begun')
                signal.addEventListener('abort', () => reject(new Error('told')))
              }),
          }),
        ),
      )
      const id = await world.engine.begin({ name: 'slow' }, null)
      await world.until(id, () => done.length === 1)
      world.time.advance(maxRunMs)
      const { problem } = await world.until(id, ({ status }) => status === 'failed')
      assert.match(problem?.detail ?? '', over)
    })

    test('is none of what has ended in time', async () => {
      await world.deploy(written('quick', async () => 1))
      assert.equal(await world.engine.run({ name: 'quick' }, null, { id: 'q' }), 1)
      world.time.advance(maxRunMs * 2)
      for (let at = 0; at < 20; at += 1) await turn()
      assert.equal((await world.engine.get('q'))?.status, 'completed')
    })
  })
}
