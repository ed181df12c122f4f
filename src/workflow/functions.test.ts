/** Calls functions in worker threads and over HTTP, well-behaved ones and others. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { functionInvoke } from './functions.ts'
import { createGuardedHttp } from './guarded-http.ts'
import { createHttpFunctions } from './http-functions.ts'
import { createLocalFunctions } from './local-functions.ts'

const invocation = { idempotencyKey: '0x01', signal: new AbortController().signal }

describe('local functions', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'qs-functions-'))
    await writeFile(path.join(folder, 'package.json'), '{"type": "module"}')
    const files = {
      double: 'export default async ({ n }, { idempotencyKey }) => ({ n: n * 2, idempotencyKey })',
      refuses: 'export default () => { throw new Error("not this one") }',
      endless: 'export default () => { for (;;); }',
      hungry:
        'export default () => { const all = []; for (;;) all.push(new Array(1e6).fill(Math.random())) }',
      large: 'export default () => "x".repeat(300000)',
      leaves: 'export default () => process.exit(3)',
      secrets: 'export default () => Object.keys(process.env)',
    }
    for (const [name, text] of Object.entries(files))
      await writeFile(path.join(folder, `${name}.js`), text)
  })
  after(() => rm(folder, { recursive: true }))
  const call = (name: string, payload: object = {}) =>
    createLocalFunctions({ folder, timeoutMs: 1_500 }).invoke(name, { ...payload }, invocation)

  test('give their result, and see key and payload but no environment', async () => {
    assert.deepEqual(await call('double', { n: 4 }), { n: 8, idempotencyKey: '0x01' })
    assert.deepEqual(await call('secrets'), [])
  })

  test('fail for good when they throw, hang, eat memory, give too much or leave', {
    timeout: 60_000,
  }, async () => {
    const fails = (name: string, message: RegExp) =>
      assert.rejects(call(name), { code: 'workflow/function-failed', retry: 'never', message })
    await fails('refuses', /refused: not this one/)
    await fails('endless', /took longer than 1500 ms/)
    await fails('hungry', /memory/)
    await fails('large', /over 262144 bytes/)
    await fails('leaves', /ended with code 3/)
    await assert.rejects(call('absent'), { code: 'workflow/no-function' })
  })

  test('a name that is none never reaches the disk', async () => {
    const step = functionInvoke(createLocalFunctions({ folder }))
    const context = {
      ...invocation,
      instanceId: 'i',
      step: 's',
      attempt: 1,
      idempotencyKey: '0x01' as const,
    }
    for (const name of ['../double', '', 'a/b', 7]) {
      await assert.rejects(step({ function: name }, context), { code: 'workflow/bad-input' })
    }
  })
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
