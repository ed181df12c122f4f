/** Runs `call: grpc` against a server of this machine. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js'
import { createGuardedHttp } from '../guarded-http.ts'
import { outsideCalls } from '../outside-calls.ts'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { served, type TestScope } from '../test-world/local-server.ts'
import { servicesIn } from './grpc-service.ts'

const proto = `
syntax = "proto3";
package greeter.v1;
import "google/protobuf/timestamp.proto";
option go_package = "https://example.com/greeter";
message Person { string first_name = 1; repeated string tags = 2; int64 wei = 3; bytes key = 4; Mood mood = 5; }
enum Mood { CALM = 0; WILD = 1; }
message Greeting { string text = 1; int64 wei = 2; bytes key = 3; Mood mood = 4; string seen = 5; google.protobuf.Timestamp at = 6; }
service GreeterApi {
  rpc SayHello (Person) returns (Greeting);
  rpc Follow (Person) returns (stream Greeting);
}`

interface Person {
  readonly first_name: string
  readonly wei: string
  readonly key: Buffer
  readonly mood: string
}

/** Answers by the name of who asks. */
async function greeter(t: TestScope) {
  const server = new Server()
  const definition = servicesIn({ uri: 'greet.proto', text: proto }).get('greeter.v1.GreeterApi')
  const seen = { cancelled: Promise.withResolvers<void>(), asked: Promise.withResolvers<void>() }
  server.addService(definition as unknown as ServiceDefinition, {
    SayHello(
      call: { request: Person; metadata: Metadata; on(name: string, run: () => void): void },
      give: (error: object | null, answer?: object) => void,
    ) {
      const { first_name: name, wei, key, mood } = call.request
      const [, code] = /^status (\d+)$/.exec(name) ?? []
      if (code !== undefined) return give({ code: Number(code), details: 'as asked' })
      if (name === 'silent') {
        call.on('cancelled', seen.cancelled.resolve)
        return seen.asked.resolve()
      }
      const text = name === 'large' ? 'x'.repeat(100_000) : `hello ${name}`
      const metadata = call.metadata.getMap()
      give(null, {
        text,
        wei,
        key,
        mood,
        seen: JSON.stringify([
          ...[metadata.authorization, metadata['idempotency-key']],
          metadata.traceparent,
        ]),
      })
    },
    Follow: () => {},
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  t.after(() => server.forceShutdown())
  const document = await served(t, (_, response) => void response.end(proto))
  const input = (name: string, more: object = {}) => ({
    ...{ proto: { endpoint: document }, method: 'SayHello', arguments: { first_name: name } },
    service: { name: 'greeter.v1.GreeterApi', host: '127.0.0.1', port },
    ...more,
  })
  return { port, input, seen }
}

describe('call: grpc', () => {
  test('sends the arguments and gives the answer, exact numbers and bytes too', async (t) => {
    const { input } = await greeter(t)
    const { grpc } = callsFor(t)
    const given = { firstName: 'you', wei: '9007199254740993', key: 'AP8=', mood: 'WILD' }
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
    const { output } = await grpc(input('', { arguments: given }), { ...context, traceparent })
    assert.deepEqual(output, {
      ...{ text: 'hello you', wei: '9007199254740993', key: 'AP8=', mood: 'WILD', at: null },
      seen: JSON.stringify([null, context.idempotencyKey, traceparent]),
    })
  })

  test('shows who asks, by basic, bearer and tokens', async (t) => {
    const { input, port } = await greeter(t)
    const { grpc } = callsFor(t)
    const ask = async (authentication: object) => {
      const service = { name: 'GreeterApi', host: '127.0.0.1', port, authentication }
      const { output } = await grpc(input('you', { service }) as object as never, context)
      return JSON.parse((output as { seen: string }).seen)[0]
    }
    assert.equal(await ask({ bearer: { token: 't' } }), 'Bearer t')
    assert.equal(await ask({ basic: { username: 'u', password: 'p' } }), 'Basic dTpw')
    await assert.rejects(
      ask({ digest: { username: 'u', password: 'p' } }),
      problem('configuration', 400),
    )
  })

  test('statuses are errors of the workflow', async (t) => {
    const { input } = await greeter(t)
    const { grpc } = callsFor(t)
    for (const [code, kind, number, retry] of [
      [status.INVALID_ARGUMENT, 'communication', 400, 'never'],
      [status.UNAUTHENTICATED, 'authentication', 401, 'never'],
      [status.PERMISSION_DENIED, 'authorization', 403, 'never'],
      [status.NOT_FOUND, 'communication', 404, 'never'],
      [status.RESOURCE_EXHAUSTED, 'communication', 429, 'later'],
      [status.UNAVAILABLE, 'communication', 503, 'later'],
      [status.INTERNAL, 'communication', 500, 'never'],
      [status.DEADLINE_EXCEEDED, 'timeout', 408, 'later'],
    ] as const)
      await assert.rejects(
        grpc(input(`status ${code}`), context),
        problem(kind, number, { retry, detail: /as asked/ }),
      )
  })

  test('what never answers, is too large, is not there or may not be called ends', async (t) => {
    const { input, seen } = await greeter(t)
    const hasty = callsFor(t, { timeoutMs: 300 })
    let wasAsked = false
    seen.asked.promise.then(() => {
      wasAsked = true
    })
    // On a slow machine time is over before it is asked.
    while (!wasAsked) {
      await assert.rejects(
        hasty.grpc(input('silent'), context),
        problem('timeout', 408, { retry: 'later' }),
      )
    }
    await seen.cancelled.promise
    const { grpc } = callsFor(t, { maxAnswerBytes: 10_000 })
    await assert.rejects(
      grpc(input('large'), context),
      problem('communication', 502, { retry: 'never' }),
    )
    const elsewhere = (service: object) =>
      grpc(input('x', { service: { name: 'greeter.v1.GreeterApi', ...service } }), context)
    await assert.rejects(
      elsewhere({ host: '127.0.0.1', port: 1 }),
      problem('communication', 503, { retry: 'later' }),
    )
    await assert.rejects(
      elsewhere({ host: 'no-such-host.invalid', port: 1 }),
      problem('communication', 503),
    )
    for (const host of ['10.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1'])
      await assert.rejects(elsewhere({ host, port: 1 }), problem('configuration', 400), host)
    for (const service of [
      { host: 'a/b', port: 1 },
      { host: 'unix:/x', port: 1 },
      { host: 'a', port: 0 },
      {},
    ])
      await assert.rejects(elsewhere(service), problem('validation', 400))
  })

  test('a name that leads inside is not connected to', async (t) => {
    const { input, port } = await greeter(t)
    const http = createGuardedHttp({
      allowHosts: ['127.0.0.1'],
      resolve: async (name) => [
        { address: name === 'inside.example' ? '127.0.0.1' : '1.1.1.1', family: 4 },
      ],
    })
    t.after(() => http.stop())
    const calls = outsideCalls({ http })
    t.after(() => calls.stop())
    const service = { name: 'GreeterApi', host: 'inside.example', port }
    await assert.rejects(
      calls.functions.grpc(input('x', { service }), context),
      problem('configuration', 400),
    )
  })

  test('an interruption cancels it', async (t) => {
    const { input, seen } = await greeter(t)
    const { grpc } = callsFor(t)
    const cancel = new AbortController()
    const asked = grpc(input('silent'), { ...context, signal: cancel.signal })
    const ended = assert.rejects(asked, { code: 'workflow/grpc-cut', retry: 'later' })
    await seen.asked.promise
    cancel.abort()
    await Promise.all([ended, seen.cancelled.promise])
  })

  test('arguments, methods and proto files that are wrong are errors', async (t) => {
    const { input } = await greeter(t)
    const { grpc } = callsFor(t)
    const fails = (kind: string, more: object, detail: RegExp) =>
      assert.rejects(grpc(input('x', more), context), problem(kind, 400, { detail }))
    await fails(
      'validation',
      { arguments: { age: 1 } },
      /no argument "age"; it has: first_name, tags/,
    )
    await fails('validation', { arguments: { tags: 'x' } }, /do not fit/)
    await fails('configuration', { method: 'Follow' }, /streams/)
    await fails('configuration', { method: 'Other' }, /it has: SayHello, Follow/)
    await fails(
      'configuration',
      { service: { name: 'Other', host: '127.0.0.1', port: 1 } },
      /no service/,
    )
    for (const text of [
      '',
      'no proto',
      'syntax = "proto3"; import "/etc/passwd";',
      'syntax = "proto3"; message A { B b = 1; }',
    ]) {
      const endpoint = await served(t, (_, response) => void response.end(text))
      await fails('configuration', { proto: { endpoint } }, /proto|no service|import/)
    }
  })
})
