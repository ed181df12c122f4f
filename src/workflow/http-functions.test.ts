/** Calls functions over HTTP, at servers that check what they get. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { after, test } from 'node:test'
import { decodeCloudEvents } from '../stream/cloud-event-http.ts'
import { functionsSuite } from './functions.suite.ts'
import { createGuardedHttp } from './guarded-http.ts'
import { createHttpFunctions } from './http-functions.ts'
import { bodyOf, functionAnswer } from './test-world/function-server.ts'
import { listening, served } from './test-world/local-server.ts'
import { isSignedWebhook } from './webhook-signature.ts'

const http = createGuardedHttp()
after(() => http.stop())
const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const invocation = { idempotencyKey: '0x01', signal: new AbortController().signal }

functionsSuite('an HTTP endpoint', async ({ timeoutMs }) => {
  const began = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const headers = request.headers as Record<string, string>
    if (!isSignedWebhook([secret], headers, { body, nowMs: Date.now() })) {
      return void response.writeHead(401).end('no signature')
    }
    const [event] = decodeCloudEvents({ headers, body })
    assert.ok(event)
    const { type, source, subject, id } = event
    assert.deepEqual(
      [type, source, headers['idempotency-key'], headers['webhook-id'], request.method],
      ['quantumstream.function.invoke', '/quantumstream', id, id, 'POST'],
    )
    if (subject === 'slow') return began.resolve()
    const { status, text } = functionAnswer(String(subject), event)
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  })
  const ends: (() => unknown)[] = []
  const port = await listening({ after: (end) => ends.push(end) }, server)
  const url = `http://127.0.0.1:${port}/f`
  return {
    provider: createHttpFunctions({ url, http, secrets: [secret], timeoutMs }),
    slowBegins: () => began.promise,
    close: async () => {
      for (const end of ends) await end()
    },
  }
})

test('each function may have its own address, and the name may stand in that of all', async (t) => {
  const origin = await served(t, (request, response) => void response.end(`"${request.url}"`))
  const provider = createHttpFunctions({
    ...{ url: `${origin}/all/{name}`, http, urls: { kyc: `${origin}/own` } },
    headers: { authorization: 'Bearer x' },
  })
  assert.equal(await provider.invoke('kyc', {}, invocation), '/own')
  assert.equal(await provider.invoke('score', {}, invocation), '/all/score')
})

test('an event in the answer gives its data, and nothing is null', async (t) => {
  const answers: RequestListener[] = [
    (_, response) => {
      response.setHeader('content-type', 'application/cloudevents+json')
      response.end('{"specversion":"1.0","id":"1","source":"/x","type":"y","data":{"a":1}}')
    },
    (_, response) => void response.writeHead(204).end(),
    (_, response) => {
      response.setHeader('content-type', 'application/cloudevents+json')
      response.end('{"specversion":"1.0"}')
    },
  ]
  const origin = await served(t, (request, response) => answers.shift()?.(request, response))
  const provider = createHttpFunctions({ url: origin, http })
  assert.deepEqual(await provider.invoke('f', {}, invocation), { a: 1 })
  assert.equal(await provider.invoke('f', {}, invocation), null)
  await assert.rejects(provider.invoke('f', {}, invocation), { code: 'workflow/function-answer' })
})

test('a status says whether a call is worth another, and when', async (t) => {
  let status = 200
  const origin = await served(t, (_, response) =>
    response.writeHead(status, { 'retry-after': '7', location: 'http://10.0.0.1/' }).end('why'),
  )
  const provider = createHttpFunctions({ url: origin, http })
  const fails = async (code: number, wanted: object) => {
    status = code
    await assert.rejects(provider.invoke('f', {}, invocation), wanted)
  }
  for (const code of [408, 425, 429, 500, 503]) {
    await fails(code, {
      ...{ code: 'workflow/function-failed', retry: 'later', message: /"f" at http.*: why/ },
      data: { status: code, retryAfterMs: 7_000 },
    })
  }
  for (const code of [400, 401, 403, 422, 302, 307]) {
    await fails(code, { code: 'workflow/function-refused', retry: 'never', data: { status: code } })
  }
})

test('a server that is not there may be there later', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  server.close()
  await once(server, 'close')
  const nobody = createHttpFunctions({ url: `http://127.0.0.1:${address.port}/`, http })
  await assert.rejects(nobody.invoke('f', {}, invocation), {
    code: 'workflow/function-failed',
    retry: 'later',
  })
})
