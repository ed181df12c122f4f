/** Tests each limit of the engine and of a run: the error names the limit, how much there was, and what to do. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Json } from '../base/json-rpc.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { DurableContext } from './durable-context.ts'
import { engineMigrations } from './engine/schema.ts'
import { readDefinition } from './read-definition.ts'
import { DurableWorld, written } from './test-world/durable-world.ts'

const largest = 256 * 1024
/** JSON text of so many bytes. */
const textOf = (bytes: number) => 'x'.repeat(bytes - 2)
const nested = (levels: number): Json => {
  let value: Json = 1
  for (let level = 0; level < levels; level += 1) value = [value]
  return value
}

describe('limits of workflows', () => {
  let sql: SqlStore
  let world: DurableWorld
  beforeEach(async () => {
    sql = await openSqlite({ path: ':memory:' })
    await sql.migrate(engineMigrations)
    world = new DurableWorld(sql)
    await world.engine.start()
  })
  afterEach(async () => {
    await world.engine.stop()
    await sql.close()
  })

  /** Runs a workflow by hand to its end. */
  async function run(act: (context: DurableContext) => Promise<Json>, input: Json = null) {
    await world.deploy(written('it', act))
    return world.engine.run({ name: 'it' }, input, { id: 'i' })
  }

  const fails = (act: (context: DurableContext) => Promise<Json>, message: RegExp) =>
    assert.rejects(run(act), { message })

  describe('a value that is kept', () => {
    const tooLarge = (what: string) =>
      new RegExp(
        `^${what} has .*\\b262145 bytes, over the limit of 262144 bytes; keep it elsewhere`,
      )

    test('has 256 KiB at most, wherever it comes from', async () => {
      const { effects } = world
      const given = (value: Json) => {
        effects.answers.set('/do/0/a', () => ({ kind: 'done', output: value }))
        return (context: DurableContext) => effects.act(context, '/do/0/a')
      }
      assert.equal(String(await run(given(textOf(largest)))).length, largest - 2)
      const over = textOf(largest + 1)
      await assert.rejects(world.engine.begin({ name: 'it' }, over), {
        ...{ code: 'workflow/value-too-large', message: tooLarge('the input of the workflow') },
      })
      const last = async (context: DurableContext, value: Json) => {
        await context.now('/do/0/first')
        return value
      }
      const acting = (input: Json) => (context: DurableContext) =>
        context.run('/do/0/a', { kind: 'a', input, run: async () => ({ kind: 'done', output: 1 }) })
      const asking = (title: string) => (context: DurableContext) =>
        context.ask('/do/0/a', { kind: 'approval', title })
      const telling = (data: Json) => async (context: DurableContext) => {
        const event = { specversion: '1.0', id: '1', source: '/s', type: 't', data }
        await context.emit('/do/0/a', event)
        return null
      }
      const overOf = (what: string) =>
        new RegExp(`^${what} has .*over the limit of 262144 bytes; keep`)
      const places = {
        result: [given(over), tooLarge('the result of /do/0/a')],
        output: [
          (context: DurableContext) => last(context, over),
          tooLarge('the output of the workflow'),
        ],
        input: [acting(over), tooLarge('the input of /do/0/a')],
        question: [asking(over), overOf('the question of /do/0/a')],
        event: [telling(over), overOf('/do/0/a')],
      } as const
      for (const [name, [act, message]] of Object.entries(places)) {
        await world.deploy(written(name, act))
        await assert.rejects(world.engine.run({ name }, null, { id: name }), { message }, name)
        assert.equal((await world.engine.get(name))?.status, 'failed', name)
      }
    })

    test('is 128 levels deep at most; one that goes in circles is none', async () => {
      assert.ok(await run(async () => nested(128)))
      await world.deploy(written('deep', async () => nested(129)))
      await assert.rejects(world.engine.run({ name: 'deep' }, null), {
        message:
          /^the output of the workflow is nested too deeply: more than 128 levels; make it flatter/,
      })
      const circle: { [name: string]: Json } = {}
      circle.self = circle
      await world.deploy(written('circle', async () => circle))
      await assert.rejects(world.engine.run({ name: 'circle' }, null), {
        message: /more than 128 levels/,
      })
    })
  })

  describe('the journal of an instance', () => {
    test('has 10,000 lines at most; what is undone then still finds room', async () => {
      const act = async (context: DurableContext) => {
        try {
          for (let at = 0; ; at += 1) await context.now(`/do/${at}`)
        } catch (error) {
          await context.sheltered.now('/do/0#compensate/do/0/undo')
          throw error
        }
      }
      await fails(act, /reached its limit of 10000 lines; let parts of it be runs of their own/)
      const { journal } = (await world.engine.get('i')) ?? { journal: [] }
      assert.equal(journal.filter(({ action }) => action === 'now').length, 10_001)
    })

    test('has 16 MiB at most', async () => {
      const text = textOf(largest)
      let lines = 0
      const act = async (context: DurableContext) => {
        for (; ; lines += 1) {
          const output = async () => ({ kind: 'done', output: text }) as const
          await context.run(`/do/${lines}`, { kind: 'a', run: output })
        }
      }
      await fails(act, /reached its limit of 16777216 bytes; let parts of it be runs of their own/)
      assert.equal(lines, 64)
    })
  })

  test('a fork has 1,000 branches at most', async () => {
    const act = (context: DurableContext) =>
      context.all(
        '/do/0',
        Array(1_001).fill(async () => 1),
      ) as Promise<Json>
    await fails(act, /^a fork of 1001 branches is over the limit of 1000; /)
  })

  test('workflows start each other 16 deep at most', async () => {
    await world.deploy(
      written('it', (context) => {
        const child = {
          namespace: 'test',
          name: 'it',
          version: 'latest',
          input: null,
          awaited: true,
        }
        return context.child('/do/0/again', child)
      }),
    )
    const message = /^workflows start each other 16 deep, which is the limit; /
    await assert.rejects(world.engine.run({ name: 'it' }, null), { message })
    const { items } = await world.engine.list({ limit: 50 })
    assert.equal(items.length, 17)
  })

  test('an inbox keeps 10,000 events; with one more whoever reads it fails at once', async () => {
    await world.deploy(
      written('it', async (context) => {
        const inbox = await context.listen('/do/0/hear', [{ attributes: { type: 't' } }])
        await context.sleep('/do/1/nap', 1_000)
        return inbox.next('/do/2/read')
      }),
    )
    const id = await world.engine.begin({ name: 'it' }, null)
    await world.until(id, ({ status }) => status === 'waiting')
    await sql.run(
      `INSERT INTO messages (instance_id, inbox, event_id, event) WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n
      WHERE at < 9999) SELECT ?, '/do/0/hear', at, '{}' FROM n`,
      id,
    )
    const event = (at: string) => ({ specversion: '1.0', id: at, source: '/s', type: 't' })
    const count = async () =>
      (await sql.get(`SELECT count(*) AS n FROM messages WHERE event_id LIKE '#full%'`))?.n
    await world.give(event('last'))
    assert.equal(Number(await count()), 0)
    await world.give(event('one more'))
    await world.give(event('and another'))
    assert.equal(Number(await count()), 1)
    world.time.advance(1_000)
    const { problem } = await world.until(id, ({ status }) => status === 'failed')
    assert.match(
      problem?.detail ?? '',
      /^the inbox of \/do\/2\/read was full: 10000 events .*, which is the limit; /,
    )
  })

  test('one attempt of a step has 10 minutes, and a step 20 attempts', async () => {
    let attempts = 0
    await world.deploy(
      written('it', (context) =>
        context.run('/do/0/slow', {
          kind: 'slow',
          run: () => {
            attempts += 1
            return new Promise(() => {})
          },
        }),
      ),
    )
    const id = await world.engine.begin({ name: 'it' }, null)
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      await world.until(id, () => attempts === attempt)
      world.time.advance(599_999)
      await turn()
      assert.equal((await world.engine.get(id))?.journal.length, attempt - 1)
      world.time.advance(1)
      const { journal } = await world.until(id, (one) => one.journal.length >= attempt)
      assert.match(journal.at(-1)?.error ?? '', /^step "\/do\/0\/slow" took longer than 600000 ms/)
      if (attempt === 20) break
      await world.until(id, ({ status }) => status === 'waiting')
      world.time.advance(60_000)
    }
    assert.equal((await world.until(id, ({ status }) => status === 'failed')).problem?.status, 408)
    assert.equal(attempts, 20)
  })

  test('256 instances do something at once, the others in turn', async () => {
    const ends: (() => void)[] = []
    await world.deploy(
      written('it', (context) =>
        context.run('/do/0/a', {
          kind: 'a',
          run: () =>
            new Promise((resolve) => {
              ends.push(() => resolve({ kind: 'done', output: 1 }))
            }),
        }),
      ),
    )
    for (let at = 0; at < 300; at += 1)
      await world.engine.begin({ name: 'it' }, null, { id: `${at}` })
    const begun = async (count: number) => {
      for (let at = 0; at < 20_000 && ends.length < count; at += 1) {
        // A few free places wait a little for more.
        world.time.advance(1)
        await turn()
      }
      for (let at = 0; at < 50; at += 1) await turn()
      assert.equal(ends.length, count)
    }
    await begun(256)
    for (const end of ends.slice(0, 10)) end()
    await begun(266)
    for (const end of ends) end()
    await begun(300)
    for (const end of ends) end()
  })

  test('the id of an instance has 1 to 200 characters', async () => {
    await world.deploy(written('it', async () => 1))
    for (const id of ['', 'x'.repeat(201)]) {
      const message = 'the id of an instance has 1 to 200 characters'
      await assert.rejects(world.engine.begin({ name: 'it' }, null, { id }), {
        ...{ code: 'workflow/bad-input', message },
      })
    }
    assert.equal(
      await world.engine.begin({ name: 'it' }, null, { id: 'x'.repeat(200) }),
      'x'.repeat(200),
    )
  })

  describe('a run of a definition', () => {
    const head = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n"
    const ends = async (text: string, message: RegExp, functions = {}) => {
      await world.deploy(readDefinition(head + text, { functions, deploying: true }))
      const id = await world.engine.begin({ name: 'it' }, null)
      const { problem } = await world.until(id, ({ status }) => status === 'failed')
      assert.match(problem?.detail ?? '', message)
    }

    test('visits 10,000 tasks at most', () =>
      ends(
        'do: [{a: {set: {b: 1}, then: a}}]',
        /^the instance has run 10000 tasks, which is the limit; /,
      ))

    test('has loops of 10,000 items at most', () =>
      ends(
        "do: [{a: {for: {in: '[range(10001)]'}, do: [{b: {set: {c: 1}}}]}}]",
        /^the loop has 10001 items, over the limit of 10000; /,
      ))

    test('has tasks within tasks 64 deep at most', () =>
      ends(
        `use: {functions: {again: {call: again}}}\ndo: [{a: {call: again}}]`,
        /^tasks are nested deeper than 64, which is the limit; /,
      ))

    test('tries 1,000 times again at most where the definition names no limit', async () => {
      let calls = 0
      const failing = async () => {
        calls += 1
        throw new Error('no')
      }
      const never = { f: failing }
      await world.deploy(
        readDefinition(
          `${head}do: [{a: {try: [{b: {call: f, metadata: {retry: {attempts: 1}}}}], catch: {retry: {delay: {seconds: 0}}}}}]`,
          { functions: never, deploying: true },
        ),
      )
      const id = await world.engine.begin({ name: 'it' }, null)
      for (let at = 0; at < 60_000; at += 1) {
        await turn()
        if (at % 50 === 0 && (await world.engine.get(id))?.status === 'failed') break
      }
      assert.equal((await world.engine.get(id))?.status, 'failed')
      assert.equal(calls, 1_001)
    })
  })
})
