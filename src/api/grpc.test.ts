/** Asks for the health of chains by a gRPC client, and sends what the server must refuse. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'
import type { ApiDependencies } from './api-dependencies.ts'
import { healthService, servingStatus } from './grpc/health-schema.ts'
import { createGrpc, type GrpcOptions } from './grpc.ts'

const { serving, notServing, serviceUnknown } = servingStatus

/** A process with the chains "first" and "second", whose state and finality tests change. */
function world() {
  const now = {
    states: new Map([
      ['first', 'running'],
      ['second', 'running'],
    ]),
    degraded: new Set<string>(),
    isReady: true,
  }
  const statusOf = (name: string) => ({
    ...{ name, isFirst: name === 'first', chainId: '0x1', engine: 'hybrid', problem: null },
    ...{ state: now.states.get(name), portion: null, head: null, parent: null },
  })
  const client = (chain: string) => ({
    request: async (method: string, [name = '']: readonly unknown[] = []) => {
      if (method === 'qs_chains') return [...now.states.keys()].map(statusOf)
      if (method === 'qs_chain') return statusOf(String(name))
      assert.equal(method, 'qs_consensus')
      return { degraded: now.degraded.has(chain) }
    },
  })
  const of = (name: string) => ({ client: client(name), answer: async () => undefined })
  const from = {
    chains: [{ ...of('first'), name: 'first', chainId: 1, embedded: true, accounts: [] }],
    process: { client: client('first'), chain: of },
    checks: async () => [{ name: 'database', ok: now.isReady, detail: '' }],
  }
  return { now, from: from as unknown as ApiDependencies }
}

async function serve(t: TestContext, options: Partial<GrpcOptions> = {}) {
  const { now, from } = world()
  const watch = { everyMs: 5, ...options.watch }
  const grpc = createGrpc({ host: '127.0.0.1', port: 0, ...options, watch }, from)
  t.after(() => grpc.stop())
  await grpc.start()
  const baseUrl = grpc.url ?? ''
  const sessionManager = new Http2SessionManager(baseUrl)
  t.after(() => sessionManager.abort())
  const client = createClient(healthService, createGrpcTransport({ baseUrl, sessionManager }))
  const check = async (service: string) => (await client.check({ service })).status
  return { now, grpc, client, check, port: Number(new URL(baseUrl).port) }
}

const withCode = (code: Code) => (error: unknown) => {
  assert.equal(ConnectError.from(error).code, code, String(error))
  return true
}

test('tells of the node and of each chain whether they serve', async (t) => {
  const { now, check } = await serve(t)
  assert.deepEqual(await Promise.all(['', 'first', 'second'].map(check)), [
    serving,
    serving,
    serving,
  ])
  now.states.set('second', 'stopped')
  assert.deepEqual([await check('second'), await check('')], [notServing, serving])
  now.states.set('second', 'running')
  now.degraded.add('second')
  assert.deepEqual([await check('second'), await check('')], [notServing, serving])
  now.states.set('first', 'failed')
  assert.deepEqual([await check('first'), await check('')], [notServing, notServing])
  now.states.set('first', 'running')
  now.isReady = false
  assert.deepEqual([await check('first'), await check('')], [serving, notServing])
  await assert.rejects(check('third'), withCode(Code.NotFound))
})

test('tells who watches each change once, also of a chain that comes and goes', async (t) => {
  const { now, client } = await serve(t)
  const watch = client.watch({ service: 'third' })[Symbol.asyncIterator]()
  const next = async () => (await watch.next()).value?.status
  assert.equal(await next(), serviceUnknown)
  now.states.set('third', 'starting')
  assert.equal(await next(), notServing)
  now.states.set('third', 'running')
  assert.equal(await next(), serving)
  now.states.delete('third')
  assert.equal(await next(), serviceUnknown)
})

test('takes so many watches at a time, and one that is given up makes room', async (t) => {
  const { client } = await serve(t, { watch: { most: 1 } })
  const leaving = new AbortController()
  const first = client.watch({ service: '' }, { signal: leaving.signal })[Symbol.asyncIterator]()
  await first.next()
  const second = () => client.watch({ service: '' })[Symbol.asyncIterator]().next()
  await assert.rejects(second(), withCode(Code.ResourceExhausted))
  leaving.abort()
  await assert.rejects(first.next(), withCode(Code.Canceled))
  for (let isFull = true; isFull; ) {
    isFull = await second().then(
      () => false,
      (error: unknown) => withCode(Code.ResourceExhausted)(error),
    )
  }
})

test('a stop ends the watches with a reason, and closes the port', async (t) => {
  const { grpc, client, port } = await serve(t)
  const watch = client.watch({ service: 'first' })[Symbol.asyncIterator]()
  await watch.next()
  const ended = assert.rejects(watch.next(), withCode(Code.Unavailable))
  await grpc.stop()
  await ended
  const socket = connect(port, '127.0.0.1')
  const [error] = await once(socket, 'error')
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED')
})

test('a stop does not wait for a client that holds its connection', async (t) => {
  const { grpc, port } = await serve(t)
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  await grpc.stop()
})

test('refuses long messages, foreign names, pages of others, and what is no gRPC, and goes on', async (t) => {
  const { client, check, port } = await serve(t)
  await assert.rejects(
    client.check({ service: 'x'.repeat(2_000) }),
    withCode(Code.ResourceExhausted),
  )
  const statusFor = async (headers: Record<string, string>) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const sent = { ':method': 'POST', ':path': '/grpc.health.v1.Health/Check' }
    const request = session.request({ ...sent, 'content-type': 'application/grpc', ...headers })
    request.end(Uint8Array.of(0, 0, 0, 0, 0))
    const [{ ':status': status }] = (await once(request, 'response')) as [{ ':status': number }]
    session.destroy()
    return status
  }
  assert.equal(await statusFor({}), 200)
  assert.equal(await statusFor({ ':authority': 'elsewhere.example' }), 403)
  assert.equal(await statusFor({ origin: 'http://elsewhere.example' }), 403)
  assert.equal(await statusFor({ 'content-type': 'text/plain' }), 415)
  assert.equal(await statusFor({ ':path': '/grpc.health.v1.Health/List' }), 404)
  const socket = connect(port, '127.0.0.1')
  socket.resume().end('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await once(socket, 'close')
  assert.equal(await check(''), serving)
})

test('listens on this machine only, and says when the port is taken', async (t) => {
  await assert.rejects(serve(t, { host: '0.0.0.0' }), { code: 'base/public-address' })
  const { port } = await serve(t)
  await assert.rejects(serve(t, { port }), {
    code: 'api/port-in-use',
    message: `port ${port} of gRPC is taken by another program; stop it, or choose another port by --grpc-port`,
  })
})
