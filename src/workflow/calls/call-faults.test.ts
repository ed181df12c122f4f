/** The table of faults: each call × success, error, timeout, retry, cancel, restart. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { OutsideCallOptions } from '../outside-calls.ts'
import { a2aServer } from '../test-world/a2a-server.ts'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { served } from '../test-world/local-server.ts'
import { mcpResult, mcpServer, sendJson } from '../test-world/mcp-server.ts'
import { servicesIn } from './grpc-service.ts'

/** How the other side behaves; `lost`: it does what it is told the first time, and its answer is lost. */
type Behaviour = 'good' | 'bad' | 'silent' | 'busy-once' | 'lost-once'

/** The other side of a call. */
interface Other {
  behaviour: Behaviour
  /** Keys of what it was told, also of what it refused. */
  readonly keys: string[]
  readonly arrived: () => Promise<void>
}

interface Row {
  readonly call: (signal: AbortSignal) => Promise<Json>
  readonly other: Other
  readonly output: Json
  readonly error: ReturnType<typeof problem>
  /** Whether the other side learns the key of the step. */
  readonly keyed: boolean
}

const options = { timeoutMs: 1_000, allowShell: true, processes: { timeoutMs: 1_000 } }

function otherSide(t: TestContext): Other {
  const keys: string[] = []
  const arrived = () => t.waitFor(() => assert.notEqual(keys.length, 0), { timeout: 20_000 })
  return { behaviour: 'good', keys, arrived }
}

/** What it does this time. */
function turn({ behaviour, keys }: Other): 'good' | 'bad' | 'silent' | 'busy' | 'lost' {
  if (behaviour === 'busy-once') return keys.length === 1 ? 'busy' : 'good'
  if (behaviour === 'lost-once') return keys.length === 1 ? 'lost' : 'good'
  return behaviour
}

const api = {
  openapi: '3.1.0',
  servers: [{ url: '/' }],
  paths: {
    '/do': { post: { operationId: 'do', requestBody: { content: { 'application/json': {} } } } },
  },
}

async function webRow(t: TestContext, kind: 'http' | 'openapi'): Promise<Row> {
  const other = otherSide(t)
  const url = await served(t, (request, response) => {
    if (request.url === '/api') return void response.end(JSON.stringify(api))
    other.keys.push(String(request.headers['idempotency-key']))
    const does = turn(other)
    if (does === 'good') response.end('{"done":true}')
    if (does === 'bad') response.writeHead(404).end()
    if (does === 'busy') response.writeHead(503).end()
    if (does === 'lost') response.destroy()
  })
  const input =
    kind === 'http'
      ? { method: 'post', endpoint: `${url}/do`, body: {} }
      : { document: { endpoint: `${url}/api` }, operationId: 'do', parameters: { body: {} } }
  const calls = callsFor(t, options)
  return {
    call: async (signal) => (await calls[kind](input, { ...context, signal })).output,
    ...{ other, output: { done: true }, error: problem('communication', 404, { retry: 'never' }) },
    keyed: true,
  }
}

const proto = 'syntax = "proto3"; message M { string a = 1; } service S { rpc Do (M) returns (M); }'

async function grpcRow(t: TestContext): Promise<Row> {
  const other = otherSide(t)
  const server = new Server()
  const definition = servicesIn({ uri: 'x.proto', text: proto }).get('S')
  type Give = (error: object | null, answer?: object) => void
  server.addService(definition as unknown as ServiceDefinition, {
    Do({ metadata }: { metadata: { get(name: string): unknown[] } }, give: Give) {
      other.keys.push(String(metadata.get('idempotency-key')[0]))
      const does = turn(other)
      if (does === 'good') give(null, { a: 'done' })
      if (does === 'bad') give({ code: status.NOT_FOUND, details: '' })
      if (does === 'busy' || does === 'lost') give({ code: status.UNAVAILABLE, details: '' })
    },
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  t.after(() => server.forceShutdown())
  const endpoint = await served(t, (_, response) => void response.end(proto))
  const service = { name: 'S', host: '127.0.0.1', port }
  const { grpc } = callsFor(t, options)
  return {
    call: async (signal) =>
      (await grpc({ proto: { endpoint }, service, method: 'Do' }, { ...context, signal })).output,
    ...{ other, output: { a: 'done' }, error: problem('communication', 404, { retry: 'never' }) },
    keyed: true,
  }
}

const messages = {
  asyncapi: '3.0.0',
  servers: { one: { host: 'nats.example', protocol: 'nats' } },
  channels: { c: {} },
  operations: { o: { channel: { $ref: '#/channels/c' } } },
}

async function messageRow(t: TestContext, kind: 'publish' | 'subscribe'): Promise<Row> {
  const other = otherSide(t)
  const away = () => new AppError({ code: 'services/broker-away', message: 'away', retry: 'later' })
  const refused = () => new AppError({ code: 'services/message-refused', message: 'no' })
  /** Servers of messages give up by themselves: here after a while. */
  const act = async (key: string, signal: AbortSignal) => {
    other.keys.push(key)
    const does = turn(other)
    if (does === 'bad') throw refused()
    if (does === 'busy' || does === 'lost') throw away()
    if (does !== 'silent') return
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    if (kind === 'publish')
      throw new AppError({ code: 'workflow/cut', message: 'cut', retry: 'later' })
  }
  const clients: OutsideCallOptions['messages'] = {
    publish: ({ id, signal }) => act(id, signal),
    async *subscribe({ signal }) {
      await act('', signal)
      if (!signal.aborted) yield { payload: Buffer.from('1') }
    },
  }
  const { asyncapi } = callsFor(t, { ...options, messages: clients })
  const endpoint = await served(t, (_, response) => void response.end(JSON.stringify(messages)))
  const consume = { amount: 1, for: { milliseconds: 1_000 } }
  const wish = kind === 'publish' ? { message: { payload: {} } } : { subscription: { consume } }
  const input = { document: { endpoint }, operation: 'o', ...wish }
  return {
    call: async (signal) => (await asyncapi(input, { ...context, signal })).output,
    ...{ other, error: problem('communication', 502, { retry: 'never' }) },
    output: kind === 'publish' ? { id: context.idempotencyKey } : [{ payload: 1, headers: {} }],
    keyed: kind === 'publish',
  }
}

async function agentRow(t: TestContext, kind: 'message/send' | 'message/stream'): Promise<Row> {
  const other = otherSide(t)
  const agent = await a2aServer(t, (message, response, say) => {
    other.keys.push(String((message.params as { message: { messageId: Json } }).message.messageId))
    const does = turn(other)
    const error = { code: -32_001, message: 'no' }
    if (does === 'good' && kind === 'message/send') sendJson(response, mcpResult(message, 'done'))
    if (does === 'good' && kind === 'message/stream') say({ final: true })
    if (does === 'bad') sendJson(response, { jsonrpc: '2.0', id: message.id ?? null, error })
    if (does === 'busy') response.writeHead(503).end()
    if (does === 'lost') response.destroy()
  })
  const parameters = { message: { parts: [] } }
  const input = { method: kind, agentCard: { endpoint: agent.url }, parameters }
  const { a2a } = callsFor(t, { ...options, agentTimeoutMs: 1_000 })
  return {
    call: async (signal) => (await a2a(input, { ...context, signal })).output,
    ...{ other, error: problem('runtime', 500, { retry: 'never' }) },
    output: kind === 'message/send' ? 'done' : [{ final: true }],
    keyed: false,
  }
}

const tool = { method: 'tools/call', parameters: { name: 'do' }, timeout: { seconds: 1 } }

async function toolRow(t: TestContext): Promise<Row> {
  const other = otherSide(t)
  const server = await mcpServer(t, (message, response, request) => {
    other.keys.push(String(request.headers['idempotency-key']))
    const does = turn(other)
    const error = { code: -32_602, message: 'no' }
    if (does === 'good') sendJson(response, mcpResult(message, 'done'))
    if (does === 'bad') sendJson(response, { jsonrpc: '2.0', id: message.id ?? null, error })
    if (does === 'busy') response.writeHead(503).end()
    if (does === 'lost') response.destroy()
  })
  const input = { ...tool, transport: { http: { endpoint: server.url } } }
  const { mcp } = callsFor(t, options)
  return {
    call: async (signal) => (await mcp(input, { ...context, signal })).output,
    ...{ other, output: 'done', error: problem('runtime', 500, { retry: 'never' }), keyed: true },
  }
}

/** A program that writes down the keys that it is given. */
async function toolProgramRow(t: TestContext): Promise<Row> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-faults-'))
  t.after(() => rm(folder, { recursive: true }))
  const log = path.join(folder, 'log')
  const keys = () =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .split('\n')
          .filter((one) => one !== '')
      : []
  const other = {
    ...{ behaviour: 'good' as Behaviour },
    get keys() {
      return keys()
    },
    arrived: () => t.waitFor(() => assert.notEqual(keys().length, 0), { timeout: 20_000 }),
  }
  const code = `
const say = (id, answer) => console.log(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (method === 'initialize') say(id, { result: { protocolVersion: params.protocolVersion } })
  if (method !== 'tools/call') return
  require('node:fs').appendFileSync(process.env.LOG, params._meta['quantumstream/idempotency-key'] + '\\n')
  const isFirst = require('node:fs').readFileSync(process.env.LOG, 'utf8').split('\\n').length === 2
  const does = process.env.DOES
  if (does === 'bad') return say(id, { error: { code: 1, message: 'no' } })
  if (does === 'lost-once' && isFirst) process.exit(1)
  if (does !== 'silent') say(id, { result: 'done' })
})`
  const { mcp } = callsFor(t, options)
  const stdio = (behaviour: Behaviour) => ({
    ...{ command: process.execPath, arguments: ['-e', code] },
    environment: { LOG: log, DOES: behaviour },
  })
  return {
    async call(signal) {
      const input = { ...tool, transport: { stdio: stdio(other.behaviour) } }
      return (await mcp(input, { ...context, signal })).output
    },
    ...{ other, output: 'done', error: problem('runtime', 500, { retry: 'never' }), keyed: true },
  }
}

/** The program writes down that it was run; the stand-in of an engine is such a program, too. */
async function programRow(
  t: TestContext,
  kind: 'run.script' | 'run.shell' | 'run.container',
): Promise<Row> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-faults-'))
  t.after(() => rm(folder, { recursive: true }))
  const log = path.join(folder, 'log')
  const counted = async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(1)
  const engine = path.join(folder, 'engine')
  const other = {
    ...otherSide(t),
    arrived: () =>
      t.waitFor(async () => assert.notEqual((await counted()).length, 0), { timeout: 20_000 }),
  }
  const command = (behaviour: Behaviour) => {
    const does =
      { good: 'echo done', bad: 'exit 3', silent: 'sleep 600' }[behaviour as 'good'] ?? 'echo done'
    return `echo >> ${log}; ${does}`
  }
  const script = {
    good: 'console.log("done")',
    bad: 'process.exit(3)',
    silent: 'setInterval(() => {}, 1e6)',
  }
  const calls = callsFor(t, { ...options, containerEngine: engine })
  return {
    async call(signal) {
      const { behaviour } = other
      const text = command(behaviour)
      if (kind === 'run.container')
        await writeFile(engine, `#!/bin/sh\n[ "$1" = run ] || exit 0\n${text}\n`, { mode: 0o755 })
      const input =
        kind === 'run.script'
          ? { language: 'js', code: script[behaviour as 'good'] ?? script.good }
          : kind === 'run.shell'
            ? { command: text }
            : { image: 'alpine' }
      // A script reaches no file: that it was begun is all that is known.
      if (kind === 'run.script') await writeFile(log, '\n')
      return (await calls[kind](input, { ...context, signal })).output
    },
    ...{
      other,
      output: 'done\n',
      error: problem('runtime', 500, { retry: 'never' }),
      keyed: false,
    },
  }
}

const rows: Readonly<Record<string, (t: TestContext) => Promise<Row>>> = {
  http: (t) => webRow(t, 'http'),
  openapi: (t) => webRow(t, 'openapi'),
  grpc: grpcRow,
  'asyncapi, publishing': (t) => messageRow(t, 'publish'),
  'asyncapi, subscribing': (t) => messageRow(t, 'subscribe'),
  'a2a, sending': (t) => agentRow(t, 'message/send'),
  'a2a, streaming': (t) => agentRow(t, 'message/stream'),
  'mcp by HTTP': toolRow,
  'mcp as a program': toolProgramRow,
  'run: script': (t) => programRow(t, 'run.script'),
  'run: shell': (t) => programRow(t, 'run.shell'),
  'run: container': (t) => programRow(t, 'run.container'),
}

/** Cells that have nothing to show, and why. */
const explained: Readonly<Record<string, string>> = {
  'asyncapi, publishing × timeout':
    'the client of the server gives up by its own time and says "away": see retry',
  'asyncapi, subscribing × timeout': 'a time that is over is no failure: it gives what came',
  'mcp as a program × retry': 'a program that fails fails for good',
  'run: script × retry': 'a program that fails fails for good',
  'run: shell × retry': 'a program that fails fails for good',
  'run: container × retry': 'a program that fails fails for good',
}

const signal = () => new AbortController().signal

const cells: Readonly<Record<string, (row: Row) => Promise<void>>> = {
  async success({ call, output }) {
    assert.deepEqual(await call(signal()), output)
  },
  async error({ call, other, error }) {
    other.behaviour = 'bad'
    await assert.rejects(call(signal()), error)
  },
  async timeout({ call, other }) {
    other.behaviour = 'silent'
    await assert.rejects(call(signal()), problem('timeout', 408))
  },
  async retry({ call, other, output, keyed }) {
    other.behaviour = 'busy-once'
    await assert.rejects(call(signal()), problem('communication', 503, { retry: 'later' }))
    assert.deepEqual(await call(signal()), output)
    if (keyed) assert.deepEqual(other.keys, [context.idempotencyKey, context.idempotencyKey])
  },
  async cancel({ call, other }) {
    other.behaviour = 'silent'
    const cancel = new AbortController()
    const cut = assert.rejects(call(cancel.signal), (error: AppError & { problem?: object }) => {
      assert.deepEqual(
        [error instanceof AppError, error.problem, error.retry],
        [true, undefined, 'later'],
      )
      return true
    })
    await other.arrived()
    cancel.abort(new Error('enough'))
    await cut
  },
  /** As after a kill: the step was under way, its result is not known, and it is asked again by the same key. */
  async restart({ call, other, output, keyed }) {
    other.behaviour = 'lost-once'
    await call(signal()).catch(() => {})
    assert.deepEqual(await call(signal()), output)
    if (keyed) assert.deepEqual(new Set(other.keys), new Set([context.idempotencyKey]))
  },
}

for (const [name, make] of Object.entries(rows))
  describe(name, () => {
    for (const [cell, check] of Object.entries(cells)) {
      const reason = explained[`${name} × ${cell}`]
      test(reason === undefined ? cell : `${cell}: ${reason}`, async (t) => {
        if (reason === undefined) await check(await make(t))
      })
    }
  })
