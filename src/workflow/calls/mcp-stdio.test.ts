/** Talks to servers of the Model Context Protocol that are programs. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../../base/json-rpc.ts'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import type { TestScope } from '../test-world/local-server.ts'

const tool = { method: 'tools/call', parameters: { name: 'add', arguments: { a: 1 } } }

/** A server as a program; `then` has `message`, `say(object)` and `ask(object)`. */
const program = (then: string) => `
const say = (one) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...one }) + '\\n')
let begun = false
console.error('log')
console.log('a banner')
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line)
  if (message.method === 'initialize') return say({ id: message.id, result: { protocolVersion: message.params.protocolVersion, capabilities: {}, serverInfo: {} } })
  if (message.method === 'notifications/initialized') { begun = true; return }
  if (!begun) process.exit(9)
  ${then}
})`

describe('as a program', () => {
  const stdio = (then: string, more: object = {}) => ({
    ...tool,
    transport: { stdio: { command: process.execPath, arguments: ['-e', program(then)], ...more } },
  })
  const allowed = (t: TestScope) => callsFor(t, { allowShell: true })

  test('it is started, asked, and ends with its input', async (t) => {
    const { mcp } = allowed(t)
    const then = 'say({ id: message.id, result: { asked: message.params, own: process.env } })'
    const call = stdio(then, { environment: { TOKEN: 'x' } })
    const { output } = await mcp(call, context)
    const { asked, own } = output as { asked: object; own: Record<string, string> }
    assert.deepEqual(asked, {
      ...tool.parameters,
      _meta: { 'quantumstream/idempotency-key': context.idempotencyKey },
    })
    assert.deepEqual(
      Object.keys(own)
        .filter((name) => !name.startsWith('NODE_'))
        .sort(),
      ['PATH', 'TOKEN'],
    )
  })

  test('what it asks back is answered; one that does not end is made to', async (t) => {
    const { mcp } = allowed(t)
    const then = `
      if (message.method === 'tools/call') { process.asked = message.id; return say({ id: 5, method: 'ping' }) }
      process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)
      say({ id: process.asked, result: message })`
    const { output } = await mcp(stdio(then), context)
    assert.deepEqual(output, { jsonrpc: '2.0', id: 5, result: {} })
  })

  test('it is asked once, however often it says that it has begun', async (t) => {
    const { mcp } = allowed(t)
    const then = `
      if (message.method !== 'tools/call') return
      process.times = (process.times ?? 0) + 1
      say({ id: 1, result: { protocolVersion: '2025-06-18' } })
      setTimeout(() => say({ id: message.id, result: process.times }), 200)`
    assert.equal((await mcp(stdio(then), context)).output, 1)
  })

  test('its errors, its silence, its end and its size are errors of the workflow', async (t) => {
    const { mcp } = callsFor(t, { allowShell: true, processes: { maxOutputBytes: 4_096 } })
    const cases: readonly (readonly [object, string, number, object])[] = [
      [
        stdio('say({ id: message.id, error: { code: -1, message: "no" } })'),
        'runtime',
        500,
        { detail: /failed: no \(-1\)/ },
      ],
      [
        stdio('console.error("broken"); process.exit(3)'),
        'runtime',
        500,
        { detail: /ended with code 3: log\sbroken/ },
      ],
      [{ ...stdio(''), timeout: 'PT1S' }, 'timeout', 408, {}],
      [
        stdio('say({ id: message.id, result: "x".repeat(5000) })'),
        'runtime',
        500,
        { detail: /wrote over 4096 bytes/ },
      ],
      [{ ...tool, transport: { stdio: { command: '/no/such' } } }, 'configuration', 400, {}],
    ]
    for (const [call, kind, status, more] of cases) {
      await assert.rejects(mcp(call as Json, context), problem(kind, status, more))
    }
  })

  test('it is not there unless the operator allows programs', async (t) => {
    const { mcp } = callsFor(t)
    const detail = /programs that serve MCP are off; the setting QS_ALLOW_SHELL allows them/
    await assert.rejects(mcp(stdio(''), context), problem('configuration', 400, { detail }))
  })

  test('an interruption ends it', async (t) => {
    const { mcp } = allowed(t)
    const stop = new AbortController()
    const asked = mcp(stdio(''), { ...context, signal: stop.signal })
    setTimeout(() => stop.abort(), 200)
    await assert.rejects(asked, { code: 'workflow/process-cut' })
  })
})
