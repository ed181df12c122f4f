/** Gives the tests of one file a Restate server, and engines on it. */

import { after, before } from 'node:test'
import { systemClock, systemTimer } from '../../src/base/clock.ts'
import { freePort } from '../../src/base/test-ports.ts'
import type { SqlStore } from '../../src/store/sql.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { engineMigrations } from '../../src/workflow/engine/schema.ts'
import type { WorldOn } from '../../src/workflow/test-world/durable-world.ts'
import { RestateWorld } from '../../src/workflow/test-world/restate-world.ts'
import { type RestateServer, startRestate } from './restate-server.ts'

/** To be called within a `describe`. */
export function testCluster() {
  let server: RestateServer
  before(async () => {
    server = await startRestate()
  })
  after(() => server.stop())
  /** Each store has a service of its own. */
  const ports = new Map<SqlStore, number>()
  const openStore = async () => {
    const sql = await openSqlite({ path: ':memory:' })
    await sql.migrate(engineMigrations)
    ports.set(sql, await freePort())
    return sql
  }
  /** An engine in a time that is set by hand. */
  const worldOn: WorldOn = (sql, more) => {
    const [port = 0, { ingress, admin }] = [ports.get(sql), server]
    const where = { ingress, admin, host: '127.0.0.1', port, service: `qs${port}` }
    return new RestateWorld(sql, where, more)
  }
  /** An engine in real time. */
  const open = async () => {
    const sql = await openStore()
    const world = worldOn(sql, { clock: systemClock, timer: systemTimer })
    await world.engine.start()
    const stop = async () => {
      await world.engine.stop()
      await sql.close()
    }
    return { world, sql, stop }
  }
  /** Kills the invocation of a key, as the cluster's own tools do. */
  const kill = async (key: string) => {
    const ask = (path: string, method: string, body?: object) =>
      fetch(`${server.admin}/${path}`, {
        ...{ method, headers: { 'content-type': 'application/json', accept: 'application/json' } },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    const query = `SELECT id FROM sys_invocation WHERE target_service_key = '${key}'`
    const found = await ask('query', 'POST', { query })
    const { rows } = (await found.json()) as { rows: readonly { readonly id: string }[] }
    const { status } = await ask(`invocations/${rows[0]?.id}/kill`, 'PATCH')
    if (status >= 300) throw new Error(`${status}`)
  }
  /** Has whoever waits for an awakeable hear of an error. */
  const reject = async (awakeable: string) => {
    const url = `${server.ingress}/restate/awakeables/${awakeable}/reject`
    const { status } = await fetch(url, { method: 'POST', body: 'no' })
    if (status >= 300) throw new Error(`${status}`)
  }
  return { open, openStore, worldOn, restart: () => server.restart(), kill, reject }
}
