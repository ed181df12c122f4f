/** Asks agents that mind the protocol, stream, refuse, and whose cards lead elsewhere. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { Json } from '../../base/json-rpc.ts'
import { type AgentAnswer, a2aServer } from '../test-world/a2a-server.ts'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { mcpResult, sendJson } from '../test-world/mcp-server.ts'

const parts = [{ kind: 'text', text: 'Write the report.' }]
const task = { kind: 'task', id: 't', contextId: 'c', status: { state: 'completed' } }
const gives: AgentAnswer = (message, response) => sendJson(response, mcpResult(message, task))
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const send = (url: string, more: object = {}) => ({
  ...{ method: 'message/send', server: `${url}/a2a`, parameters: { message: { parts } } },
  ...more,
})
const byCard = (uri: string, more: object = {}) => ({
  ...{ method: 'message/send', parameters: { message: { parts } } },
  agentCard: { endpoint: { uri, ...more } },
})

describe('a question', () => {
  test('goes to the server with what a message lacks, the same at each attempt', async (t) => {
    const { a2a } = callsFor(t)
    const agent = await a2aServer(t, gives)
    const traced = { ...context, traceparent: '00-aa-bb-01' }
    assert.deepEqual(await a2a(send(agent.url), traced), { kind: 'done', output: task })
    await a2a(send(agent.url), traced)
    await a2a(send(agent.url), { ...context, idempotencyKey: '0x01' })
    const [first, again, other] = agent.questions
    const { id, params, ...rest } = first?.message ?? {}
    assert.deepEqual(rest, { jsonrpc: '2.0', method: 'message/send' })
    const { messageId, ...message } = (params as { message: { messageId: string } }).message
    assert.deepEqual(message, { kind: 'message', role: 'user', parts })
    assert.match(String(id), uuid)
    assert.match(messageId, uuid)
    assert.notEqual(messageId, id)
    assert.deepEqual(again?.message, first?.message)
    assert.notEqual(other?.message.id, id)
    assert.equal(first?.headers['idempotency-key'], context.idempotencyKey)
    assert.equal(first?.headers.traceparent, '00-aa-bb-01')
  })

  test('keeps what the workflow says, and has no more than it says', async (t) => {
    const { a2a } = callsFor(t)
    const agent = await a2aServer(t, gives)
    const message = { parts, role: 'agent', messageId: 'm', kind: 'message', taskId: 't' }
    const parameters = { message, configuration: { blocking: true } }
    await a2a(send(agent.url, { parameters }), context)
    await a2a(send(agent.url, { method: 'tasks/get', parameters: { id: 't' } }), context)
    await a2a({ method: 'agent/getAuthenticatedExtendedCard', server: `${agent.url}/a2a` }, context)
    const given = agent.questions.map(({ message: { params } }) => params)
    assert.deepEqual(given, [parameters, { id: 't' }, undefined])
  })

  test('shows who asks as the endpoint says', async (t) => {
    const { a2a } = callsFor(t)
    const agent = await a2aServer(t, gives)
    const authentication = { basic: { username: 'u', password: 'p' } }
    await a2a(send(agent.url, { server: { uri: `${agent.url}/a2a`, authentication } }), context)
    assert.equal(agent.questions[0]?.headers.authorization, 'Basic dTpw')
  })
})

describe('a card', () => {
  test('lies at its well-known place where a server is named alone, and is kept for a while', async (t) => {
    const { a2a } = callsFor(t)
    const agent = await a2aServer(t, gives)
    const authentication = { bearer: { token: 'x' } }
    const call = byCard(agent.url, { authentication })
    assert.deepEqual((await a2a(call, context)).output, task)
    await a2a(call, context)
    await a2a(byCard(`${agent.url}/.well-known/agent-card.json`), context)
    assert.deepEqual(
      agent.cardRequests.map(({ authorization }) => authorization),
      ['Bearer x', undefined],
    )
    assert.deepEqual(
      agent.questions.map(({ headers }) => headers.authorization),
      ['Bearer x', 'Bearer x', undefined],
    )
  })

  test('names an interface of JSON-RPC, wherever it stands', async (t) => {
    const { a2a } = callsFor(t)
    const grpc = { url: 'https://a.b', transport: 'GRPC' }
    const cards: readonly ((url: string) => Json)[] = [
      () => ({ url: '/a2a' }),
      (url) => ({
        ...{ url: 'https://a.b', preferredTransport: 'GRPC' },
        additionalInterfaces: [grpc, { url: `${url}/a2a`, transport: 'JSONRPC' }],
      }),
      (url) => ({
        supportedInterfaces: [
          { url: 'https://a.b', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
          { url: `${url}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        ],
      }),
    ]
    for (const card of cards) {
      const agent = await a2aServer(t, gives, card)
      assert.deepEqual((await a2a(byCard(agent.url), context)).output, task)
    }
    const mute = await a2aServer(t, gives, () => ({
      url: 'https://a.b',
      preferredTransport: 'GRPC',
    }))
    const detail = /names no address for JSON-RPC/
    await assert.rejects(a2a(byCard(mute.url), context), problem('configuration', 400, { detail }))
  })

  test('sends no credentials to another server, and a refusal there says so', async (t) => {
    const { a2a } = callsFor(t)
    const agent = await a2aServer(t, (_message, response) => response.writeHead(401).end())
    const registry = await a2aServer(t, gives, () => ({ url: `${agent.url}/a2a` }))
    const authentication = { bearer: { token: 'x' } }
    await assert.rejects(
      a2a(byCard(registry.url, { authentication }), context),
      problem('authentication', 401, { detail: /the card's authentication is for its own server/ }),
    )
    assert.equal(registry.cardRequests[0]?.authorization, 'Bearer x')
    assert.equal(agent.questions[0]?.headers.authorization, undefined)
  })

  test('may be a file of the workflow, whose authentication is for the agent', async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'cards-'))
    t.after(() => rm(folder, { recursive: true }))
    const agent = await a2aServer(t, gives)
    await writeFile(path.join(folder, 'card.json'), JSON.stringify({ url: `${agent.url}/a2a` }))
    const { a2a } = callsFor(t, { folder })
    await a2a(byCard('file:///card.json', { authentication: { bearer: { token: 'x' } } }), context)
    assert.equal(agent.questions[0]?.headers.authorization, 'Bearer x')
    assert.equal(agent.cardRequests.length, 0)
  })
})

describe('a stream', () => {
  const stream = (url: string) => send(url, { method: 'message/stream' })
  const update = (final: boolean) => ({ kind: 'status-update', taskId: 't', final })

  test('gives all results in their order, to the final one or to its end', async (t) => {
    const { a2a } = callsFor(t)
    const open = await a2aServer(t, (_message, _response, say) => {
      say(task)
      say(update(false))
      say(update(true))
    })
    const expected = [task, update(false), update(true)]
    assert.deepEqual((await a2a(stream(open.url), context)).output, expected)
    const closed = await a2aServer(t, (_message, response, say) => {
      say({ kind: 'message', parts })
      response.end()
    })
    const again = send(closed.url, { method: 'tasks/resubscribe', parameters: { id: 't' } })
    assert.deepEqual((await a2a(again, context)).output, [{ kind: 'message', parts }])
  })

  test('that fails, breaks off, says nothing or too much is an error', async (t) => {
    const { a2a } = callsFor(t, { agentTimeoutMs: 500 })
    const error = { code: -32_004, message: 'no streams' }
    const cases: readonly (readonly [AgentAnswer, string, number, object])[] = [
      [
        (message, response) =>
          sendJson(response, { jsonrpc: '2.0', id: message.id ?? null, error }),
        ...(['runtime', 500, { detail: /failed: no streams \(-32004\)/, retry: 'never' }] as const),
      ],
      [
        (_message, response, say) => {
          say(task)
          setImmediate(() => response.destroy())
        },
        ...(['communication', 503, { retry: 'later' }] as const),
      ],
      [(_m, _response, say) => say(task), 'timeout', 408, { retry: 'later' }],
      [
        (_m, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(),
        ...(['communication', 502, { retry: 'later' }] as const),
      ],
      [
        (_m, _response, say) => {
          for (let count = 0; count <= 1_000; count += 1) say(1)
        },
        ...(['runtime', 500, { detail: /over 1000 messages/ }] as const),
      ],
    ]
    for (const [answer, kind, status, more] of cases) {
      const agent = await a2aServer(t, answer)
      await assert.rejects(a2a(stream(agent.url), context), problem(kind, status, more))
    }
  })
})

test('refusals, nonsense, interruptions and arguments of the wrong form are errors', async (t) => {
  const { a2a } = callsFor(t)
  const error = { code: -32_001, message: 'Task not found' }
  const cases: readonly (readonly [AgentAnswer, string, number, object])[] = [
    [
      (_m, response) => sendJson(response, { jsonrpc: '2.0', id: null, error }),
      ...([
        'runtime',
        500,
        { detail: /^message\/send of .*\/a2a failed: Task not found/ },
      ] as const),
    ],
    [(_m, response) => response.writeHead(403).end(), 'authorization', 403, {}],
    [(_m, response) => response.writeHead(429).end(), 'communication', 429, { retry: 'later' }],
    [(m, response) => sendJson(response, mcpResult({ id: 'x' }, m)), 'communication', 502, {}],
    [(_m, response) => response.end('hello'), 'communication', 502, { retry: 'never' }],
    [(_m, response) => sendJson(response, 'hello'), 'communication', 502, { retry: 'never' }],
  ]
  for (const [answer, kind, status, more] of cases) {
    const agent = await a2aServer(t, answer)
    await assert.rejects(a2a(send(agent.url), context), problem(kind, status, more))
  }
  const stop = new AbortController()
  const held = await a2aServer(t, () => stop.abort())
  await assert.rejects(a2a(send(held.url), { ...context, signal: stop.signal }), {
    code: 'workflow/http-cancelled',
  })
  for (const [call, detail] of [
    [{ method: 'tasks/get' }, /needs "agentCard" or "server"/],
    [{ method: 'tasks/get', server: 'nowhere' }, /is no whole URL/],
    [send('http://127.0.0.1:1', { parameters: 'hello' }), /parameters must be an object/],
    [send('http://127.0.0.1:1', { parameters: { message: 'hello' } }), /message must be an object/],
  ] as const) {
    await assert.rejects(a2a(call as Json, context), problem('validation', 400, { detail }))
  }
})
