/** Gives the tests of one file a Restate server, and engines on it. */

import { after, before } from 'node:test'
import { openSqlite } from '../../src/store/sqlite.ts'
import { engineMigrations } from '../../src/workflow/engine/schema.ts'
import { RestateWorld } from '../../src/workflow/test-world/restate-world.ts'
import { freePort, type RestateServer, startRestate } from './restate-server.ts'

/** To be called within a `describe`. */
export function testCluster() {
  let server: RestateServer
  before(async () => {
    server = await startRestate()
  })
  after(() => server.stop())
  const open = async () => {
    const sql = await openSqlite({ path: ':memory:' })
    await sql.migrate(engineMigrations)
    const port = await freePort()
    const { ingress, admin } = server
    const world = new RestateWorld(sql, {
      ...{ ingress, admin, host: '127.0.0.1', port, service: `qs${port}` },
    })
    await world.engine.start()
    const stop = async () => {
      await world.engine.stop()
      await sql.close()
    }
    return { world, sql, stop }
  }
  return { open, restart: () => server.restart() }
}
