/** Talks to servers of the Model Context Protocol that mind each rule, break off, and ask back. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Json } from '../../base/json-rpc.ts'
import { createGuardedHttp } from '../guarded-http.ts'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { type McpAnswer, mcpResult, mcpServer, sendJson } from '../test-world/mcp-server.ts'

const tool = { method: 'tools/call', parameters: { name: 'add', arguments: { a: 1 } } }
const added = { content: [{ type: 'text', text: '3' }], structuredContent: { sum: 3 } }
const gives: McpAnswer = (message, response) => sendJson(response, mcpResult(message, added))

const http = (url: string, more: object = {}) => ({
  ...tool,
  transport: { http: { endpoint: { uri: url }, ...more } },
})
const streamed = (...messages: readonly Json[]) =>
  messages.map((one) => `event: message\ndata: ${JSON.stringify(one)}\n\n`).join('')
const stream = { 'content-type': 'text/event-stream' }

async function eventually(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !holds(); turn += 1) await pause(10)
  assert.ok(holds())
}

describe('over HTTP', () => {
  test('a call begins a session, asks, and ends it', async (t) => {
    const { mcp } = callsFor(t)
    const server = await mcpServer(t, gives)
    const traced = { ...context, traceparent: '00-aa-bb-01' }
    const call = http(server.url, { headers: { 'X-Own': 'yes' } })
    assert.deepEqual(await mcp(call, traced), { kind: 'done', output: added })
    const said = server.requests.map(({ verb, message }) => [verb, message.method])
    assert.deepEqual(said, [
      ['POST', 'initialize'],
      ['POST', 'notifications/initialized'],
      ['POST', 'tools/call'],
      ['DELETE', undefined],
    ])
    const [begin, , asked] = server.requests
    assert.deepEqual(begin?.message.params, {
      ...{ protocolVersion: '2025-06-18', capabilities: {} },
      clientInfo: { name: 'quantumstream', version: '0.1.0' },
    })
    assert.deepEqual(asked?.message.params, {
      ...tool.parameters,
      _meta: {
        'quantumstream/idempotency-key': context.idempotencyKey,
        traceparent: '00-aa-bb-01',
      },
    })
    const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
    assert.deepEqual(keys, [undefined, undefined, context.idempotencyKey, undefined])
    for (const { headers } of server.requests) {
      assert.deepEqual([headers['x-own'], headers.traceparent], ['yes', '00-aa-bb-01'])
    }
    assert.equal(server.sessions.size, 0)
  })

  test('a server without sessions is asked, too; the client and the version are those that are given', async (t) => {
    const { mcp } = callsFor(t)
    const server = await mcpServer(t, gives, { stateless: true })
    const client = { name: 'me', version: '2' }
    const call = { ...http(server.url), method: 'tools/list', parameters: { cursor: 'c' }, client }
    await mcp({ ...call, protocolVersion: '2025-03-26' }, context)
    const [begin, , asked] = server.requests
    assert.deepEqual(begin?.message.params, {
      ...{ protocolVersion: '2025-03-26', capabilities: {}, clientInfo: client },
    })
    assert.deepEqual(asked?.message.params, { cursor: 'c' })
    assert.equal(server.requests.length, 3)
  })

  test('a stream is read to the answer, though it goes on; what the server asks meanwhile is answered', async (t) => {
    const { mcp } = callsFor(t)
    const server = await mcpServer(t, async (message, response) => {
      response.writeHead(200, stream)
      response.write(streamed({ jsonrpc: '2.0', method: 'notifications/progress', params: {} }))
      response.write(
        streamed(
          { jsonrpc: '2.0', id: 'p', method: 'ping' },
          { jsonrpc: '2.0', id: 7, method: 'roots/list' },
        ),
      )
      await eventually(
        () =>
          server.requests.filter(({ message: one }) => one.id === 'p' || one.id === 7).length === 2,
      )
      response.write(streamed(mcpResult(message, added)))
    })
    assert.deepEqual((await mcp(http(server.url), context)).output, added)
    const replies = server.requests
      .map(({ message }) => message)
      .filter(({ method }) => method === undefined)
    assert.deepEqual(
      replies
        .filter(({ id }) => id !== undefined)
        .toSorted((a, b) => Number(a.id === 7) - Number(b.id === 7)),
      [
        { jsonrpc: '2.0', id: 'p', result: {} },
        {
          jsonrpc: '2.0',
          id: 7,
          error: { code: -32_601, message: 'this client offers nothing of that kind' },
        },
      ],
    )
  })

  test('a stream that breaks off is gone on with behind its last event, and the tool is not called again', async (t) => {
    const { mcp } = callsFor(t)
    let asked: Json = null
    let resumed = 0
    const server = await mcpServer(t, (message, response, request) => {
      response.writeHead(200, stream)
      if (request.method === 'GET') {
        const last = request.headers['last-event-id']
        resumed += 1
        if (resumed === 1) response.end('retry: 1\n\n')
        else if (last === 'e1') response.end('id: e2✓\nretry: 1\ndata:\n\n')
        else {
          // A header has bytes.
          const text = Buffer.from(String(last), 'latin1').toString()
          response.end(streamed({ jsonrpc: '2.0', id: asked, result: { last: text } }))
        }
        return
      }
      asked = message.id ?? null
      response.write('id: e1\nretry: 1\ndata:\n\n', () => response.destroy())
    })
    assert.deepEqual((await mcp(http(server.url), context)).output, { last: 'e2✓' })
    const calls = server.requests.filter(({ message }) => message.method === 'tools/call')
    assert.equal(calls.length, 1)
  })

  test('a stream that says nonsense is not gone on with, and one that only asks is ended', async (t) => {
    const { mcp } = callsFor(t)
    const ping = streamed({ jsonrpc: '2.0', id: 1, method: 'ping' })
    const cases = [
      ['id: e1\ndata: {\n\n', 'communication', 502, {}],
      [ping.repeat(101), 'runtime', 500, { detail: /asks over 100 questions/ }],
    ] as const
    for (const [said, kind, status, more] of cases) {
      const server = await mcpServer(t, (_message, response) => {
        response.writeHead(200, stream).write(said)
      })
      await assert.rejects(mcp(http(server.url), context), problem(kind, status, more))
      assert.ok(server.requests.every(({ verb }) => verb !== 'GET'))
    }
  })

  test('a session that the server has ended is begun once more', async (t) => {
    const { mcp } = callsFor(t)
    let times = 0
    const server = await mcpServer(t, (message, response) => {
      times += 1
      if (times > 1) return gives(message, response, {} as never)
      server.forget()
      return sendJson(
        response,
        { jsonrpc: '2.0', id: null, error: { code: -32_000, message: 'gone' } },
        404,
      )
    })
    assert.deepEqual((await mcp(http(server.url), context)).output, added)
    const lost = await mcpServer(t, (_message, response) => sendJson(response, {}, 404))
    await assert.rejects(mcp(http(lost.url), context), problem('communication', 404))
    assert.equal(lost.requests.filter(({ message }) => message.method === 'tools/call').length, 2)
  })

  test('a session that is begun once more has the time that is left', async (t) => {
    const { mcp } = callsFor(t)
    let times = 0
    const server = await mcpServer(t, async (_message, response) => {
      times += 1
      if (times > 1) return
      await pause(600)
      server.forget()
      sendJson(response, {}, 404)
    })
    const begunMs = performance.now()
    const call = { ...http(server.url), timeout: { milliseconds: 900 } }
    await assert.rejects(mcp(call, context), problem('timeout', 408))
    assert.ok(times === 2 && performance.now() - begunMs < 1_450)
  })

  test('a redirection is followed', async (t) => {
    const { mcp } = callsFor(t)
    const server = await mcpServer(t, gives)
    assert.deepEqual((await mcp(http(`${server.url}/old`), context)).output, added)
  })

  test('the authentication of the endpoint goes along with each message', async (t) => {
    const { mcp } = callsFor(t)
    const server = await mcpServer(t, gives)
    const endpoint = { uri: server.url, authentication: { bearer: { token: 'secret' } } }
    await mcp({ ...tool, transport: { http: { endpoint } } }, context)
    assert.equal(server.requests.length, 4)
    for (const { headers } of server.requests) assert.equal(headers.authorization, 'Bearer secret')
  })

  test('a tool that fails is a result; an error of the protocol is one of the workflow', async (t) => {
    const { mcp } = callsFor(t)
    const failed = { isError: true, content: [] }
    const server = await mcpServer(t, (message, response) => {
      if (message.method === 'tools/call') return sendJson(response, mcpResult(message, failed))
      if (message.method === 'tools/list') {
        return sendJson(response, { ...(mcpResult(message, []) as object), error: null })
      }
      const error = { code: -32_602, message: 'Unknown prompt', data: { name: 'p' } }
      return sendJson(response, { jsonrpc: '2.0', id: message.id ?? null, error })
    })
    assert.deepEqual((await mcp(http(server.url), context)).output, failed)
    // Some write out what is not there.
    const list = { ...http(server.url), method: 'tools/list', parameters: {} }
    assert.deepEqual((await mcp(list, context)).output, [])
    await assert.rejects(
      mcp({ ...http(server.url), method: 'prompts/get', parameters: { name: 'p' } }, context),
      problem('runtime', 500, {
        ...{ retry: 'never' },
        detail:
          /^prompts\/get of http:\/\/127.+ failed: Unknown prompt \(-32602\): \{"name":"p"\}$/,
      }),
    )
    assert.equal(server.sessions.size, 0)
  })

  test('refusals, silence, nonsense and too much are errors as those of call: http', async (t) => {
    const { mcp } = callsFor(t, { maxAnswerBytes: 4_096 })
    const cases: readonly (readonly [McpAnswer, string, number, object])[] = [
      [(_m, response) => response.writeHead(401).end(), 'authentication', 401, { retry: 'never' }],
      [(_m, response) => response.writeHead(403).end(), 'authorization', 403, { retry: 'never' }],
      [(_m, response) => response.writeHead(503).end(), 'communication', 503, { retry: 'later' }],
      [(_m, response) => response.writeHead(202).end(), 'communication', 502, { retry: 'never' }],
      [
        (_m, response) => response.writeHead(200, stream).end(),
        'communication',
        502,
        { retry: 'later' },
      ],
      [
        (_m, response) => response.writeHead(200, stream).end('data: {\n\n'),
        'communication',
        502,
        {},
      ],
      [
        (m, response) => sendJson(response, mcpResult(m, 'x'.repeat(5_000))),
        'communication',
        502,
        {},
      ],
    ]
    for (const [answer, kind, status, more] of cases) {
      const server = await mcpServer(t, answer)
      await assert.rejects(mcp(http(server.url), context), problem(kind, status, more))
      assert.equal(server.sessions.size, 0)
    }
    const guarded = createGuardedHttp()
    t.after(() => guarded.stop())
    const closed = callsFor(t, { http: guarded })
    await assert.rejects(
      closed.mcp(http('http://127.0.0.1:1'), context),
      problem('configuration', 400, { detail: /no public address/ }),
    )
  })

  test('a server of another version is not spoken to', async (t) => {
    const { mcp } = callsFor(t)
    const server = await mcpServer(t, gives, { version: '2099-01-01' })
    await assert.rejects(
      mcp(http(server.url), context),
      problem('runtime', 500, {
        detail: /speaks version 2099-01-01 of MCP; known here are 2024-11-05/,
      }),
    )
    assert.deepEqual([server.requests.length, server.sessions.size], [2, 0])
  })

  test('what takes too long, or is interrupted, is taken back', async (t) => {
    const { mcp } = callsFor(t)
    const cancelled = (url: string) => ({ ...http(url), timeout: { milliseconds: 300 } })
    const slow = await mcpServer(t, () => {})
    await assert.rejects(
      mcp(cancelled(slow.url), context),
      problem('timeout', 408, { retry: 'later' }),
    )
    const last = slow.requests
      .slice(-2)
      .map(({ verb, message }) => [verb, message.method, message.params])
    assert.deepEqual(last, [
      ['POST', 'notifications/cancelled', { requestId: 2 }],
      ['DELETE', undefined, undefined],
    ])
    const stop = new AbortController()
    const held = await mcpServer(t, () => stop.abort())
    await assert.rejects(mcp(http(held.url), { ...context, signal: stop.signal }), {
      code: 'workflow/http-cancelled',
    })
    assert.ok(held.requests.some(({ message }) => message.method === 'notifications/cancelled'))
  })
})

test('arguments of the wrong form are told', async (t) => {
  const { mcp } = callsFor(t)
  const transport = { http: { endpoint: 'http://127.0.0.1:1' } }
  for (const [call, detail] of [
    [{ ...tool, transport: {} }, /either "http" or "stdio"/],
    [{ ...tool, transport, protocolVersion: '2026-07-28' }, /must be one of 2025-06-18/],
    [{ ...tool, transport, parameters: [1] }, /parameters must be an object/],
    [{ ...tool, transport, timeout: 'soon' }, /"timeout" of call: mcp is no duration/],
    [{ ...tool, transport, client: { name: 'x' } }, /client needs "version"/],
  ] as const) {
    await assert.rejects(mcp(call as Json, context), problem('validation', 400, { detail }))
  }
})
