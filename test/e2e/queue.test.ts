/** Has events reach workflows by each queue, and stops the database under a node. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { startNode } from '../../src/node/node.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { privatePostgres } from '../../src/store/test-store/private-postgres.ts'
import { eventually, getJson, temporaryFolder } from './program.ts'
import { queueServers, removeStreams } from './queue-servers.ts'

interface Shown {
  readonly carrier: string
  readonly depth: number
  readonly consumers: number
}
interface Found {
  readonly items: readonly { readonly status: string }[]
}
interface Ready {
  readonly ready: boolean
  readonly checks: readonly { readonly name: string; readonly ok: boolean }[]
}

async function started(t: TestContext, settings: Parameters<typeof startNode>[0]) {
  const data = await temporaryFolder(t)
  const node = await startNode({
    ...{ dev: true, demo: false, data, rpcPort: 0, apiPort: 0, blockTime: 0.1, pollInterval: 20 },
    ...settings,
  })
  assert.ok(node)
  t.after(() => node.stop())
  const completed = (count: number) =>
    eventually(async () => {
      const { items } = await getJson<Found>(`${node.apiUrl}/v1/instances`)
      const ended = items.filter(({ status }) => status === 'completed')
      return ended.length === count && items.length === count ? true : undefined
    })
  return { node, completed, data }
}

const servers = { embedded: {}, ...queueServers } as const

for (const queue of ['embedded', 'redis', 'nats'] as const) {
  test(`an event starts its workflow through the queue "${queue}"`, async (t) => {
    const { node, completed, data } = await started(t, { queue, ...servers[queue] })
    await node.deposit('first')
    await node.deposit('second')
    await completed(2)
    const shown = await eventually(async () => {
      const found = await getJson<Shown>(`${node.apiUrl}/v1/queue`)
      return found.depth === 0 ? found : undefined
    })
    assert.equal(shown.consumers, 1)
    assert.equal(shown.carrier, queue === 'embedded' ? 'sqlite' : queue)
    const dead = await getJson<Found>(`${node.apiUrl}/v1/queue/dead`)
    assert.deepEqual(dead.items, [])
    await node.stop()
    const sql = await openSqlite({ path: path.join(data, 'events.sqlite') })
    await removeStreams(sql)
    await sql.close()
  })
}

test('a queue without its server is refused with what it lacks', async (t) => {
  const data = await temporaryFolder(t)
  const given = { dev: true, demo: false, data, rpcPort: 0, apiPort: 0 }
  await assert.rejects(startNode({ ...given, queue: 'redis' }), {
    code: 'node/incomplete-queue',
    message: /REDIS_ADDRESS/,
  })
})

test('a PostgreSQL that goes away and comes back: readiness says so, and nothing is lost', async (t) => {
  const server = await privatePostgres()
  t.after(() => server.remove())
  const { node, completed } = await started(t, { database: server.url, queue: 'postgres' })
  const database = async () => {
    const { checks } = (await (await fetch(`${node.apiUrl}/readyz`)).json()) as Ready
    return checks.find(({ name }) => name === 'database')?.ok
  }
  await node.deposit('first')
  await completed(1)
  assert.equal(await database(), true)
  await server.crash()
  await eventually(async () => ((await database()) === false ? true : undefined))
  await node.deposit('second')
  await server.start()
  await completed(2)
  assert.equal(await database(), true)
})
