/** Runs calls of agents and their tools on the durable engine, against servers that do a thing once for each key. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { openSqlite } from '../store/sqlite.ts'
import { engineMigrations } from './engine/schema.ts'
import { readDefinition } from './read-definition.ts'
import { a2aServer } from './test-world/a2a-server.ts'
import { callsFor } from './test-world/call-world.ts'
import { DurableWorld } from './test-world/durable-world.ts'
import { mcpResult, mcpServer, sendJson } from './test-world/mcp-server.ts'

test('what was under way when the engine ended is asked again by the same key, and done once', async (t) => {
  const done = new Map<string, number>()
  /** Does it once; the first answer never comes. */
  const once = (key: string, give: () => void) => {
    const times = (done.get(key) ?? 0) + 1
    done.set(key, times)
    if (times > 1) give()
  }
  const tools = await mcpServer(t, (message, response) => {
    const { _meta, arguments: given } = message.params as { readonly [name: string]: Json }
    const key = (_meta as { readonly [name: string]: string })['quantumstream/idempotency-key']
    once(`mcp ${key}`, () => sendJson(response, mcpResult(message, { sum: given } as Json)))
  })
  const agent = await a2aServer(t, (message, response) => {
    const { message: sent } = message.params as { message: { messageId: string; parts: Json } }
    once(`a2a ${sent.messageId}`, () =>
      sendJson(response, mcpResult(message, { said: sent.parts })),
    )
  })
  const text = `
document: {dsl: '1.0.3', namespace: test, name: agents, version: '1.0.0'}
use: {authentications: {mine: {bearer: {token: '\${ .token }'}}}}
do:
  - add:
      call: mcp
      with:
        method: tools/call
        parameters: {name: add, arguments: {a: '\${ .a }'}}
        transport: {http: {endpoint: {uri: '\${ .tools }', authentication: {use: mine}}}}
      output: {as: '\${ $input + {sum: .sum.a} }'}
  - tell:
      call: a2a
      with:
        method: message/send
        agentCard: {endpoint: '\${ $input.agent }'}
        parameters: {message: {parts: [{kind: data, data: {sum: '\${ .sum }'}}]}}
`
  const { a2a, mcp } = callsFor(t)
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(engineMigrations)
  const world = new DurableWorld(sql)
  await world.engine.start()
  const workflow = readDefinition(text, { functions: { a2a, mcp }, deploying: true })
  await world.deploy(workflow)
  const hosts = { tools: tools.url, agent: agent.url }
  const name = { namespace: 'test', name: 'agents' }
  const id = await world.engine.begin(name, { a: 2, token: 'secret', ...hosts })
  for (const tasks of [1, 2]) {
    await t.waitFor(() => assert.equal(done.size, tasks))
    await world.restart()
  }
  const { output } = await world.until(id, ({ status }) => status === 'completed')
  assert.deepEqual(output, { said: [{ kind: 'data', data: { sum: 2 } }] })
  assert.deepEqual([...done.values()], [2, 2])
  for (const { headers } of tools.requests) assert.equal(headers.authorization, 'Bearer secret')
  await world.engine.stop()
  await sql.close()
})
