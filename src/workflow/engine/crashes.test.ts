/** Crashes an engine at each of its writes, before and after it is on disk, and looks at what is left. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../base/app-error.ts'
import type { SqlStore } from '../../store/sql.ts'
import { openSqlite } from '../../store/sqlite.ts'
import { alteredStore } from '../test-world/altered-store.ts'
import { DurableWorld, written } from '../test-world/durable-world.ts'
import { engineMigrations } from './schema.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'durable-crashes-'))
after(() => rm(folder, { recursive: true, force: true }))

/** How a write is lost: it never comes to the disk, or nobody hears that it did. */
type Loss = 'before' | 'after' | 'refused'

async function crashed(loss: Loss, at: number) {
  const sql = await openSqlite({ path: path.join(folder, `${loss}-${at}.sqlite`) })
  await sql.migrate(engineMigrations)
  await sql.run('CREATE TABLE facts (id TEXT NOT NULL)')
  let writes = 0
  let isDead = false
  let hasFailed = false
  const never = new Promise<never>(() => {})
  const write: SqlStore['write'] = async (piece) => {
    if (isDead) return never
    writes += 1
    if (writes !== at || hasFailed) return sql.write(piece)
    hasFailed = true
    if (loss === 'refused') {
      throw new AppError({ code: 'store/unwritable-folder', message: 'the disk is full' })
    }
    isDead = true
    if (loss === 'after') await sql.write(piece)
    return never
  }
  const world = new DurableWorld(alteredStore(sql, { write }))
  world.effects.answers.set('/do/2/fact', ({ instanceId }) => ({
    ...{ kind: 'done', output: 'kept' },
    writes: [{ sql: 'INSERT INTO facts VALUES (?)', values: [instanceId] }],
  }))
  const workflow = written('crash', async (context, input) => {
    const now = await context.now('/do/0/now')
    const both = await context.all('/do/1/fork', [
      (one) => world.effects.act(one, '/do/1/fork/a'),
      async (one) => {
        await one.sleep('/do/1/fork/b', 1_000)
        return world.effects.act(one, '/do/1/fork/b/act')
      },
    ])
    await world.effects.act(context, '/do/2/fact')
    await context.end()
    return [input, now > 0, ...both]
  })
  await world.deploy(workflow)
  await world.engine.start()
  let isAsked = false
  const ask = () => {
    if (isAsked) return
    isAsked = true
    // Whoever hears that it could not be begun asks again.
    world.engine.run({ name: 'crash' }, 1, { id: 'one' }).catch(() => {
      isAsked = false
    })
  }
  const one = await (async () => {
    for (let turn = 0; turn < 5_000; turn += 1) {
      ask()
      if (isDead) {
        isDead = false
        await world.restart()
        isAsked = false
      }
      const found = await world.engine.get('one')
      if (found?.status === 'completed') return found
      if (turn % 10 === 9) world.time.advance(1_000)
      await pause(1)
    }
    return assert.fail(`never ended: ${loss} ${at}`)
  })()
  const facts = await sql.all('SELECT * FROM facts')
  await world.engine.stop()
  await sql.close()
  return { one, facts: facts.length, calls: world.effects.calls, isReached: writes >= at }
}

describe('an engine that is cut off at a write', () => {
  for (const loss of ['before', 'after', 'refused'] as const) {
    test(`comes to the same end, and repeats no step but the one under way (${loss} the disk)`, async () => {
      for (let at = 1; ; at += 1) {
        const { one, facts, calls, isReached } = await crashed(loss, at)
        if (!isReached) {
          assert.ok(at > 4, `only ${at} writes`)
          break
        }
        const where = `write ${at}`
        assert.deepEqual(one.output, [1, true, '/do/1/fork/a done', '/do/1/fork/b/act done'], where)
        assert.equal(facts, 1, where)
        for (const step of new Set(calls.map((call) => call.step))) {
          const of = calls.filter((call) => call.step === step)
          assert.ok(of.length <= 2, `${step} at ${where}`)
          assert.equal(new Set(of.map(({ key }) => key)).size, 1, where)
        }
        const done = one.journal.filter(({ kind }) => kind === 'completed').map(({ step }) => step)
        assert.equal(new Set(done).size, done.length, where)
      }
    })
  }
})
