/** Runs the flagship of a node whose workflows a real Restate server runs. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { freePort } from '../../src/base/test-ports.ts'
import { startNode } from '../../src/node/node.ts'
import { temporarySchema } from '../../src/store/temporary-schema.ts'
import { temporaryFolder } from '../e2e/program.ts'
import { lacksRestate, startRestate } from './restate-server.ts'

const lacking = await lacksRestate()

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  test(
    `a deposit is allocated by a workflow on Restate beside ${database}`,
    {
      skip: lacking ?? false,
    },
    (t) => depositIsAllocated(t, database),
  )
}

async function depositIsAllocated(t: TestContext, database: 'SQLite' | 'PostgreSQL') {
  const schema = database === 'PostgreSQL' ? temporarySchema() : undefined
  const server = await startRestate()
  t.after(() => server.stop())
  const node = await startNode({
    ...{ dev: true, data: await temporaryFolder(t), rpcPort: 0, apiPort: 0, logLevel: 'error' },
    ...{ durable: 'restate', restateIngress: server.ingress, restateAdmin: server.admin },
    restatePort: await freePort(),
    ...(schema ? { database: schema.url, databaseSchema: schema.schema } : {}),
  })
  assert.ok(node !== undefined)
  t.after(() => node.stop())
  t.after(() => schema?.remove())
  await node.deposit('on restate')
  const read = async () => {
    const { items } = await node.engine.list({ limit: 10 })
    return items[0] && node.engine.get(items[0].id)
  }
  let found = await read()
  for (let turn = 0; turn < 600 && found?.status !== 'completed'; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    found = await read()
  }
  assert.equal(found?.status, 'completed', JSON.stringify(found))
  assert.ok(found.journal.some(({ action }) => action === 'evm.send'))
  const query = await fetch(`${server.admin}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      query: `SELECT status FROM sys_invocation WHERE target_service_key = '${found.id}~0' AND target_handler_name = 'run'`,
    }),
  })
  const { rows } = (await query.json()) as { rows: readonly { readonly status: string }[] }
  assert.equal(rows.length, 1)
}
