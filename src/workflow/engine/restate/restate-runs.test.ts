/** Tests how a process comes to be known to a cluster where not all is there at once. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { silentLogger } from '../../../base/logger.ts'
import { openSqlite } from '../../../store/sqlite.ts'
import { listening, served } from '../../test-world/local-server.ts'
import { insertion, lives } from '../instance-rows.ts'
import type { RunsParts } from '../runs.ts'
import { engineMigrations } from '../schema.ts'
import { RestateRuns } from './restate-runs.ts'

test('a port that is taken is tried again, and registered once it is listened on', async (t) => {
  const uris: string[] = []
  const url = await served(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    uris.push((JSON.parse(body) as { uri: string }).uri)
    response.end('{}')
  })
  const taken = createServer()
  const port = await listening(t, taken)
  const [refused, registered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const parts = {
    logger: { ...silentLogger, warn: () => refused.resolve() },
    timer: {
      after(_: number, run: () => void) {
        const handle = setTimeout(run, 20)
        return () => clearTimeout(handle)
      },
    },
    wake: () => registered.resolve(),
  }
  const options = { ingress: url, admin: url, host: '127.0.0.1', port }
  const runs = new RestateRuns(options, parts as unknown as RunsParts)
  t.after(() => runs.stop())
  runs.open()
  await refused.promise
  assert.deepEqual(uris, [])
  taken.close()
  await once(taken, 'close')
  await registered.promise
  assert.deepEqual(uris, [`http://127.0.0.1:${port}`])
})

/** Runs of one instance, on a cluster that answers what a test says to a path and a body. */
async function runsOn(t: TestContext, answer: (path: string, body: string) => Promise<void>) {
  const url = await served(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    await answer(request.url ?? '', body)
    response.end('{}')
  })
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(engineMigrations)
  const row = {
    ...{ id: 'i', namespace: 'n', workflow: 'w', definitionHash: 'h', owner: null, depth: 0 },
    ...{ eventId: undefined, parentId: undefined, traceparent: undefined, input: null },
    ...{ life: lives.length - 1, nowMs: 1 },
  }
  await sql.write([insertion(row, 'null')])
  const registered = Promise.withResolvers<void>()
  const woken = { count: 0 }
  const parts = {
    ...{ sql, logger: silentLogger, clock: { nowMs: () => 1 }, timer: { after: () => () => {} } },
    outcomes: { settle() {}, failArchived() {} },
    wake() {
      woken.count += 1
      registered.resolve()
    },
  }
  const options = { ingress: url, admin: url, host: '127.0.0.1', port: 0 }
  const runs = new RestateRuns(options, parts as unknown as RunsParts)
  t.after(async () => {
    await runs.stop()
    await sql.close()
  })
  runs.open()
  await registered.promise
  return { runs, sql, woken }
}

test('a renewal waits for a take that is under way, and keeps out others', async (t) => {
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let sent = 0
  const { runs } = await runsOn(t, async (path) => {
    if (!path.endsWith('/send')) return
    sent += 1
    asked.resolve()
    await answered.promise
  })
  const taking = runs.take('i')
  await asked.promise
  const order: string[] = []
  const renewing = runs.renew('i', async () => {
    order.push('changed')
    assert.ok(runs.has('i'))
    await runs.take('i')
  })
  await pause(60)
  order.push('taken')
  answered.resolve()
  await Promise.all([taking, renewing])
  assert.deepEqual([order, sent, runs.has('i')], [['taken', 'changed'], 1, false])
})

test('what is due again while it is told is looked at once more', async (t) => {
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { runs, woken } = await runsOn(t, async (path) => {
    if (!path.endsWith('/send')) return
    asked.resolve()
    await answered.promise
  })
  const taking = runs.take('i')
  await asked.promise
  const before = woken.count
  await runs.take('i')
  assert.equal(woken.count, before)
  answered.resolve()
  await taking
  assert.equal(woken.count, before + 1)
  await runs.take('i')
  assert.equal(woken.count, before + 1)
})

test('an invocation that was told to look before it was told to leave is told again', async (t) => {
  const told: string[] = []
  const { runs, sql } = await runsOn(t, async (path, body) => {
    if (!path.endsWith('/resolve')) return
    told.push(`${path} ${body}`)
    const then = path.includes('/first/')
      ? `awakeable = 'second'`
      : 'awakeable = NULL, invocation = invocation + 1'
    await sql.run(`UPDATE instances SET ${then}`)
  })
  await sql.run(`UPDATE instances SET awakeable = 'first'`)
  let changes = 0
  await runs.renew('i', async () => {
    changes += 1
  })
  const resolved = (ear: string) => `/restate/awakeables/${ear}/resolve "leave"`
  assert.deepEqual([told, changes], [[resolved('first'), resolved('second')], 1])
})
