/** Tests what durable engines tell a function of how long it is waited for. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { SqlStore } from '../../store/sql.ts'
import { functionInvoke } from '../functions.ts'
import { readDefinition } from '../read-definition.ts'
import { DurableWorld, type WorldOn } from '../test-world/durable-world.ts'

/** Longest run of an action that nothing else limits. */
const usualMs = 600_000

/** Declares the tests; `open` gives an empty store with the engine's tables, `worldOn` an engine on one. */
export function deadlinesSuite(
  name: string,
  open: () => Promise<SqlStore>,
  worldOn: WorldOn = (sql, more) => new DurableWorld(sql, more),
): void {
  describe(`${name}, the time of a function`, () => {
    let sql: SqlStore
    let world: DurableWorld
    /** For each function how long it is waited for, and until when, in milliseconds from the start of the test. */
    let told: (readonly [string, number | undefined])[]
    let beganMs: number
    const functions = {
      'function.invoke': functionInvoke({
        async invoke(name, _, { deadlineMs }) {
          told.push([name, deadlineMs === undefined ? undefined : deadlineMs - beganMs])
          if (name === 'fails') throw new Error('no')
          return null
        },
      }),
    }
    beforeEach(async () => {
      sql = await open()
      world = worldOn(sql)
      beganMs = world.time.nowMs()
      told = []
      await world.engine.start()
    })
    afterEach(async () => {
      await world.engine.stop()
      await sql.close()
    })
    const invoke = (of: string, more = '') =>
      `{call: function.invoke, with: {function: ${of}}, metadata: {retry: {attempts: 1}}${more}}`
    const deploy = (text: string) =>
      world.deploy(
        readDefinition(
          `document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n${text}`,
          { functions, deploying: true },
        ),
      )
    const begin = () => world.engine.begin({ name: 'it' }, null, {})

    test('it is told the nearest end: of its task, of one around it, of the workflow, of an attempt, or of itself', async () => {
      await deploy(`
timeout: {after: {seconds: 300}}
do:
  - workflow: ${invoke('workflow')}
  - own: ${invoke('own', ', timeout: {after: {seconds: 30}}')}
  - around:
      timeout: {after: {seconds: 50}}
      do:
        - inner: ${invoke('inner', ', timeout: {after: {seconds: 70}}')}
        - fork: {fork: {branches: [{one: ${invoke('one')}}]}}
  - tried:
      try: [{attempt: ${invoke('attempt')}}]
      catch: {retry: {limit: {attempt: {duration: {seconds: 20}}}}}
  - after: ${invoke('after')}`)
      await world.until(await begin(), ({ status }) => status === 'completed')
      assert.deepEqual(told, [
        ['workflow', 300_000],
        ['own', 30_000],
        ['inner', 50_000],
        ['one', 50_000],
        ['attempt', 20_000],
        ['after', 300_000],
      ])
    })

    test('the end is that of the first asking after a restart, and steps keep their keys', async () => {
      await deploy(`
do:
  - around:
      timeout: {after: {seconds: 50}}
      do:
        - nap: {wait: {seconds: 10}}
        - late: ${invoke('late')}
  - free: ${invoke('free')}`)
      const id = await begin()
      await world.until(id, ({ status }) => status === 'waiting')
      world.time.advance(4_000)
      await world.restart()
      await world.until(id, ({ status }) => status === 'waiting')
      world.time.advance(6_000)
      const { journal } = await world.until(id, ({ status }) => status === 'completed')
      assert.deepEqual(told, [
        ['late', 50_000],
        ['free', 10_000 + usualMs],
      ])
      assert.deepEqual(journal.map(({ step }) => step).sort(), [
        '/do/0/around#timeout',
        '/do/0/around#timeout/after',
        '/do/0/around/do/0/nap',
        '/do/0/around/do/1/late',
        '/do/1/free',
      ])
    })

    test('what undoes is not hurried by the end of what it undoes', async () => {
      await deploy(`
timeout: {after: {seconds: 100}}
do:
  - around:
      timeout: {after: {seconds: 50}}
      do:
        - book: ${invoke('book').replace('metadata: {', `metadata: {compensate: [{back: ${invoke('back')}}], `)}
        - fails: ${invoke('fails')}`)
      await world.until(await begin(), ({ status }) => status === 'failed')
      assert.deepEqual(told, [
        ['book', 50_000],
        ['fails', 50_000],
        ['back', usualMs],
      ])
    })
  })
}
