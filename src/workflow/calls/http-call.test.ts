/** Runs `call: http` against a server of this machine. */

import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { served } from '../test-world/local-server.ts'

const echo = async (request: IncomingMessage) => {
  let body = ''
  for await (const chunk of request) body += chunk
  return { method: request.method, url: request.url, headers: request.headers, body }
}

describe('call: http', () => {
  test('sends method, query, headers and body, and gives the content', async (t) => {
    const url = await served(t, async (request, response) => {
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.end(JSON.stringify(await echo(request)))
    })
    const { http } = callsFor(t)
    const ask = async (input: object) =>
      (await http({ ...input }, context)).output as unknown as Awaited<ReturnType<typeof echo>>
    const got = await ask({
      ...{ method: 'post', endpoint: { uri: `${url}/a?x=1#f` }, headers: { 'X-Own': 7 } },
      ...{ query: { q: 'ü&', n: 2, list: ['a', 'b'], none: null }, body: { a: [1] } },
    })
    assert.deepEqual(
      [got.method, got.url, got.body],
      ['POST', '/a?x=1&q=%C3%BC%26&n=2&list=a&list=b', '{"a":[1]}'],
    )
    assert.equal(got.headers['content-type'], 'application/json')
    assert.equal(got.headers['x-own'], '7')
    const text = await ask({ method: 'PUT', endpoint: url, body: 'plain' })
    assert.deepEqual(
      [text.body, text.headers['content-type']],
      ['plain', 'text/plain; charset=utf-8'],
    )
    const form = await ask({
      ...{ method: 'post', endpoint: url, body: { a: 'b c', d: [1, 2] } },
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(form.body, 'a=b+c&d=1&d=2')
  })

  test('sends the key of its step with what changes something, unless the workflow says otherwise', async (t) => {
    const url = await served(t, async (request, response) => {
      response.end(JSON.stringify(request.headers['idempotency-key'] ?? 'none'))
    })
    const { http } = callsFor(t)
    const key = async (method: string, headers = {}) =>
      (await http({ method, endpoint: url, headers }, context)).output
    for (const method of ['post', 'PUT', 'patch', 'delete'])
      assert.equal(await key(method), context.idempotencyKey)
    assert.equal(await key('get'), 'none')
    assert.equal(await key('post', { 'Idempotency-Key': 'own' }), 'own')
    assert.equal(await key('post', { 'Idempotency-Key': '' }), 'none')
  })

  test('gives the answer as content, response or raw', async (t) => {
    const url = await served(t, ({ url: path }, response) => {
      const [type = '', body = ''] = {
        '/json': ['application/vnd.x+json', '{"a":1}'],
        '/text': ['text/html', '<p>'],
        '/bytes': ['image/png', Buffer.from([0, 255])],
        '/none': ['application/json', ''],
        '/guess': ['', '[1]'],
        '/guess-text': ['', 'a'],
        '/guess-bytes': ['', Buffer.from([255])],
      }[path ?? ''] as [string, string]
      if (type !== '') response.setHeader('content-type', type)
      response.setHeader('set-cookie', 'secret')
      response.end(body)
    })
    const { http } = callsFor(t)
    const get = async (path: string, output?: string) =>
      (await http({ method: 'get', endpoint: `${url}${path}`, output: output ?? null }, context))
        .output
    assert.deepEqual(await get('/json'), { a: 1 })
    assert.equal(await get('/text'), '<p>')
    assert.equal(await get('/bytes'), 'AP8=')
    assert.equal(await get('/none'), null)
    assert.deepEqual(await get('/guess'), [1])
    assert.equal(await get('/guess-text'), 'a')
    assert.equal(await get('/guess-bytes'), '/w==')
    assert.equal(await get('/json', 'raw'), Buffer.from('{"a":1}').toString('base64'))
    const whole = (await get('/json', 'response')) as { headers: object }
    assert.deepEqual(whole, {
      request: { method: 'GET', uri: `${url}/json`, headers: {} },
      ...{ statusCode: 200, headers: whole.headers, content: { a: 1 } },
    })
    assert.deepEqual(
      Object.keys(whole.headers).filter((name) => name.includes('cookie')),
      [],
    )
    await assert.rejects(get('/json', 'xml'), problem('validation', 400))
  })

  test('redirections are failures, unless they are said not to be', async (t) => {
    const url = await served(t, ({ url: path }, response) => {
      if (path === '/there') response.end('"here"')
      else if (path === '/not-modified') response.writeHead(304).end()
      else response.writeHead(302, { location: '/there' }).end()
    })
    const { http } = callsFor(t)
    const get = async (path: string, redirect: boolean) =>
      (await http({ method: 'get', endpoint: `${url}${path}`, redirect }, context)).output
    await assert.rejects(get('/', false), problem('communication', 302, { retry: 'never' }))
    assert.equal(await get('/', true), 'here')
    assert.equal(await get('/not-modified', true), null)
  })

  test('failures are errors of the workflow, with what may help', async (t) => {
    const url = await served(t, ({ url: path = '' }, response) => {
      const status = Number.parseInt(path.slice(1), 10)
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' })
      response.end('{"error": "no such pet"}')
    })
    const { http } = callsFor(t)
    const get = (status: number) =>
      http({ method: 'get', endpoint: `${url}/${status}?key=secret` }, context)
    const detail = /no such pet/
    await assert.rejects(get(404), problem('communication', 404, { retry: 'never', detail }))
    await assert.rejects(get(401), problem('authentication', 401, { retry: 'never' }))
    await assert.rejects(get(403), problem('authorization', 403, { retry: 'never' }))
    for (const status of [408, 425, 429, 500, 503])
      await assert.rejects(get(status), problem('communication', status, { retry: 'later' }))
    await assert.rejects(get(503), (error: { data: object; message: string }) => {
      assert.equal((error.data as { retryAfterMs: number }).retryAfterMs, 7_000)
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  })

  test('what never comes, is too large, or is no JSON is an error of its kind', async (t) => {
    const url = await served(t, ({ url: path }, response) => {
      if (path === '/large') response.end('x'.repeat(10_000))
      if (path === '/lie')
        response.writeHead(200, { 'content-type': 'application/json' }).end('<p>')
    })
    const { http } = callsFor(t, { timeoutMs: 200, maxAnswerBytes: 1_000 })
    const get = (endpoint: string) => http({ method: 'get', endpoint }, context)
    await assert.rejects(get(`${url}/silent`), problem('timeout', 408, { retry: 'later' }))
    await assert.rejects(get(`${url}/large`), problem('communication', 502, { retry: 'never' }))
    await assert.rejects(get(`${url}/lie`), problem('communication', 502))
    await assert.rejects(
      get('http://127.0.0.1:1/'),
      problem('communication', 503, { retry: 'later' }),
    )
    await assert.rejects(get('http://10.0.0.1/'), problem('configuration', 400, { retry: 'never' }))
    await assert.rejects(get('ftp://a/'), problem('validation', 400))
  })

  test('arguments of the wrong form are errors of validation', async (t) => {
    const { http } = callsFor(t)
    const endpoint = 'http://127.0.0.1:1/'
    for (const input of [
      ...[null, 7, [], {}, { method: 'get' }, { endpoint }, { method: 'get', endpoint: 7 }],
      ...[
        { method: 'get', endpoint: {} },
        { method: 'get', endpoint, headers: [] },
      ],
      ...[
        { method: 'get', endpoint, query: 'a' },
        { method: 'get', endpoint, headers: { a: {} } },
      ],
      ...[
        { method: 'brew', endpoint },
        { method: 'get', endpoint, headers: { 'a b': 'x' } },
      ],
      { method: 'get', endpoint, query: { q: 'x'.repeat(20_000) } },
    ])
      await assert.rejects(http(input, context), problem('validation', 400), JSON.stringify(input))
  })

  test('an interruption is none of the workflow’s errors', async (t) => {
    const arrived = Promise.withResolvers<void>()
    const url = await served(t, () => arrived.resolve())
    const { http } = callsFor(t)
    const cancel = new AbortController()
    const asked = http({ method: 'get', endpoint: url }, { ...context, signal: cancel.signal })
    const ended = assert.rejects(asked, { code: 'workflow/http-cancelled', retry: 'later' })
    await arrived.promise
    cancel.abort()
    await ended
  })
})
