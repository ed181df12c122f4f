/** Calls functions over HTTP, well-behaved ones and others. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { after, describe, test } from 'node:test'
import { functionInvoke } from './functions.ts'
import { createGuardedHttp } from './guarded-http.ts'
import { createHttpFunctions } from './http-functions.ts'

const invocation = { idempotencyKey: '0x01', signal: new AbortController().signal }

test('a name that is none, or a payload that is too long, reaches no provider', async () => {
  const step = functionInvoke({ invoke: async () => assert.fail('it was called') })
  const context = { ...invocation, instanceId: 'i', step: 's', attempt: 1 } as const
  const call = (input: object) => step({ ...input }, { ...context, idempotencyKey: '0x01' })
  for (const name of ['../double', '', 'a/b', 7]) {
    await assert.rejects(call({ function: name }), { code: 'workflow/bad-input' })
  }
  const payload = 'ü'.repeat(131_072)
  await assert.rejects(call({ function: 'f', payload }), { message: /262146 bytes/ })
})

describe('functions over HTTP', () => {
  const http = createGuardedHttp()
  after(() => http.stop())
  async function served(t: { after(run: () => void): void }, answer: RequestListener) {
    const server = createServer(answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const address = server.address()
    assert.ok(address && typeof address === 'object')
    return createHttpFunctions({ url: `http://127.0.0.1:${address.port}/f`, http, timeoutMs: 500 })
  }

  test('get name, payload and key, and their JSON is the result', async (t) => {
    const provider = await served(t, async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.end(
        JSON.stringify({ body: JSON.parse(body), key: request.headers['idempotency-key'] }),
      )
    })
    const result = await provider.invoke('kyc', { a: 1 }, invocation)
    assert.deepEqual(result, { body: { function: 'kyc', payload: { a: 1 } }, key: '0x01' })
  })

  test('are asked again or not, by what they answer', async (t) => {
    const fails = async (retry: string, answer: RequestListener) => {
      const provider = await served(t, answer)
      await assert.rejects(provider.invoke('f', {}, invocation), {
        code: 'workflow/function-failed',
        retry,
      })
    }
    const status =
      (code: number): RequestListener =>
      (_, response) =>
        void response.writeHead(code).end('{}')
    for (const code of [429, 500, 503]) await fails('later', status(code))
    for (const code of [400, 404, 302]) await fails('never', status(code))
    await fails('never', (_, response) => void response.end('no json'))
    await fails('never', (_, response) => void response.end(`"${'x'.repeat(300_000)}"`))
    await fails('later', () => {})
    const nobody = createHttpFunctions({ url: 'http://127.0.0.1:1/', http })
    await assert.rejects(nobody.invoke('f', {}, invocation), { retry: 'later' })
  })
})
