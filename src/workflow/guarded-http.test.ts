/** Asks servers that are hostile, slow, private, or lie about where they are. */

import assert from 'node:assert/strict'
import { createServer as createNetServer, type Socket } from 'node:net'
import { after, describe, test } from 'node:test'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { AppError } from '../base/app-error.ts'
import { createGuardedHttp, retryAfterOf, statusError } from './guarded-http.ts'
import { listening, served, type TestScope } from './test-world/local-server.ts'

const here = ['127.0.0.0/8']
const http = createGuardedHttp({ allowHosts: here })
after(() => http.stop())

describe('an answer', () => {
  test('comes with status, headers and body, whatever the status is', async (t) => {
    const url = await served(t, async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.writeHead(418, {
        'set-cookie': ['a=1', 'b=2'],
        'x-got': `${request.method} ${body}`,
      })
      response.end(JSON.stringify(request.headers))
    })
    const answer = await http.request({
      ...{
        url: `${url}/a?b=c`,
        method: 'post',
        body: 'é',
        headers: { 'X-Own': 'ü', Host: 'evil' },
      },
    })
    assert.equal(answer.status, 418)
    assert.equal(answer.headers['set-cookie'], 'a=1, b=2')
    assert.equal(answer.url, `${url}/a?b=c`)
    const seen = JSON.parse(answer.body.toString())
    assert.equal(seen['content-length'], '2')
    assert.equal(seen.host, url.slice('http://'.length))
    assert.equal(seen['x-own'], 'ü')
  })

  test('to HEAD, the length of what would come is no limit', async (t) => {
    const url = await served(t, (_, response) => {
      response.writeHead(200, { 'content-length': 2 ** 30 }).end()
    })
    const { headers, body } = await http.request({ url, method: 'HEAD', maxBytes: 1 })
    assert.deepEqual([headers['content-length'], body.length], [String(2 ** 30), 0])
  })

  test('ends where who watches it has enough, or throws', async (t) => {
    let closed = 0
    const url = await served(t, (_, response) => {
      response.on('close', () => {
        closed += 1
      })
      response.writeHead(201, { 'x-own': 'yes' })
      response.write('enough')
    })
    const seen: unknown[] = []
    const answer = await http.request({
      url,
      watch(chunk, { status, headers }) {
        seen.push([chunk.toString(), status, headers['x-own']])
        return true
      },
    })
    assert.deepEqual([answer.status, answer.body.toString()], [201, 'enough'])
    assert.deepEqual(seen, [['enough', 201, 'yes']])
    const error = new AppError({ code: 'test/no', message: 'no' })
    const throwing = () => {
      throw error
    }
    await assert.rejects(http.request({ url, watch: throwing }), error)
    while (closed < 2) await new Promise(setImmediate)
  })

  test('connections are kept and bounded', async (t) => {
    const sockets = new Set<Socket>()
    const url = await served(t, (request, response) => {
      sockets.add(request.socket)
      setImmediate(() => response.end())
    })
    const own = createGuardedHttp({ allowHosts: here, connectionsPerHost: 3 })
    t.after(() => own.stop())
    await Promise.all(Array.from({ length: 40 }, () => own.request({ url })))
    await Promise.all(Array.from({ length: 40 }, () => own.request({ url })))
    assert.equal(sockets.size, 3)
  })

  test('compressed in each usual way, it is unpacked', async (t) => {
    const url = await served(t, ({ url: path = '' }, response) => {
      const body = Buffer.from('x'.repeat(1_000))
      const packed = {
        gzip: gzipSync,
        deflate: deflateSync,
        raw: deflateRawSync,
        br: brotliCompressSync,
      }
      const name = path.slice(1) as keyof typeof packed
      response.setHeader('content-encoding', name === 'raw' ? 'deflate' : name)
      response.end(packed[name](body))
    })
    for (const name of ['gzip', 'deflate', 'raw', 'br']) {
      const { body } = await http.request({ url: `${url}/${name}` })
      assert.equal(body.toString(), 'x'.repeat(1_000), name)
    }
  })
})

describe('a server that wants to do harm', () => {
  const ends = (t: TestScope, code: string, answer: Parameters<typeof served>[1], more = {}) =>
    served(t, answer).then((url) =>
      assert.rejects(http.request({ url, maxBytes: 10_000, timeoutMs: 300, ...more }), {
        code: `workflow/http-${code}`,
      }),
    )

  test('an answer of 1 GB ends at the limit, announced or not, and the server is let go', async (t) => {
    await ends(t, 'too-large', (_, response) => {
      response.writeHead(200, { 'content-length': 2 ** 30 }).write('x')
    })
    let sent = 0
    const closed = Promise.withResolvers<void>()
    await ends(
      ...([t, 'too-large'] as const),
      (_, response) => {
        const piece = Buffer.alloc(64 * 1024)
        const more = () => {
          while (sent < 2 ** 30 && !response.destroyed) {
            sent += piece.length
            if (!response.write(piece)) break
          }
        }
        response.on('drain', more).on('close', closed.resolve)
        more()
      },
      { timeoutMs: 30_000 },
    )
    await closed.promise
    assert.ok(sent < 2 ** 28, `${sent} bytes were sent`)
  })

  test('small answers that unpack to much end at the limit', async (t) => {
    for (const [name, pack] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
    ] as const) {
      const bomb = pack(Buffer.alloc(2 ** 22))
      assert.ok(bomb.length < 10_000)
      await ends(t, 'too-large', (_, response) => {
        response.writeHead(200, { 'content-encoding': name }).end(bomb)
      })
    }
    await ends(t, 'bad-answer', (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip')
    })
    await ends(t, 'bad-answer', (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end('x')
    })
  })

  test('one that never answers, or drips, ends in time', async (t) => {
    const drip = (write: (piece: string) => void) => {
      const timer = setInterval(() => write('x'), 10)
      t.after(() => clearInterval(timer))
    }
    await ends(t, 'timeout', () => {})
    await ends(t, 'timeout', (_, response) => {
      response.writeHead(200)
      drip((piece) => response.write(piece))
    })
    const port = await listening(
      t,
      createNetServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nx-slow: ')
        drip((piece) => socket.write(piece))
      }),
    )
    await assert.rejects(http.request({ url: `http://127.0.0.1:${port}`, timeoutMs: 300 }), {
      ...{ code: 'workflow/http-timeout', retry: 'later' },
    })
  })

  test('floods of headers and answers that are no HTTP are refused', async (t) => {
    const says = async (code: string, text: string) => {
      const server = createNetServer((socket) => socket.once('data', () => socket.end(text)))
      const url = `http://127.0.0.1:${await listening(t, server)}`
      await assert.rejects(http.request({ url }), { code: `workflow/http-${code}` })
    }
    await says('bad-answer', `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(10_000)}\r\n`)
    await says('bad-answer', `HTTP/1.1 200 OK\r\nx-a: ${'b'.repeat(100_000)}\r\n\r\n`)
    await says('bad-answer', 'SSH-2.0-OpenSSH_9.6\r\n')
    await says('bad-answer', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx')
    await says('unreachable', '')
    await says('unreachable', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort')
  })

  test('nobody there, or a name that leads nowhere, may pass', async () => {
    const gone = { code: 'workflow/http-unreachable', retry: 'later', message: /does not answer/ }
    await assert.rejects(http.request({ url: 'http://127.0.0.1:1/' }), gone)
    await assert.rejects(http.request({ url: 'http://no-such-host.invalid/' }), gone)
  })

  test('a signal ends what is under way, waits for a connection, or has not begun', async (t) => {
    const url = await served(t, () => {})
    const own = createGuardedHttp({ allowHosts: here, connectionsPerHost: 1 })
    t.after(() => own.stop())
    const cancel = new AbortController()
    const { signal } = cancel
    const asked = [own.request({ url, signal }), own.request({ url, signal })]
    setImmediate(() => cancel.abort(new Error('enough')))
    for (const one of asked)
      await assert.rejects(one, { code: 'workflow/http-cancelled', retry: 'later' })
    await assert.rejects(own.request({ url, signal }), { code: 'workflow/http-cancelled' })
  })
})

describe('a question', () => {
  test('that is none, or would smuggle something, is not asked', async () => {
    const refused = { code: 'workflow/http-bad-request', retry: 'never' }
    for (const url of ['', 'x', 'ftp://a/', 'file:///etc/passwd', 'javascript:1', 'http://a:b:c/'])
      await assert.rejects(http.request({ url }), refused, url)
    const url = 'http://127.0.0.1:1/'
    for (const headers of [
      { 'a b': 'x' },
      { a: 'x\r\nb: y' },
      { a: 'x\0' },
      { 'a:': 'x' },
      { '': 'x' },
    ])
      await assert.rejects(http.request({ url, headers }), refused, JSON.stringify(headers))
    for (const method of ['CONNECT', 'TRACE', 'GET / HTTP/1.1\r\n', ''])
      await assert.rejects(http.request({ url, method }), refused, method)
    await assert.rejects(http.request({ url: `${url}${'x'.repeat(20_000)}` }), refused)
    await assert.rejects(http.request({ url, headers: { a: 'x'.repeat(70_000) } }), refused)
  })

  test('to a private host reaches no socket, however the address is written', async (t) => {
    let connections = 0
    const server = createNetServer(() => {
      connections += 1
    })
    const port = await listening(t, server)
    const guarded = createGuardedHttp()
    t.after(() => guarded.stop())
    const hosts = ['127.0.0.1', '2130706433', '0x7f.1', '017700000001', '127.1', 'localhost', '0']
    for (const host of [...hosts, '[::1]', '[::ffff:127.0.0.1]', '①②⑦.⓪.⓪.①'])
      await assert.rejects(
        guarded.request({ url: `http://${host}:${port}/` }),
        { code: 'workflow/http-forbidden-host', retry: 'never', message: /QS_ALLOW_HOSTS/ },
        host,
      )
    assert.equal(connections, 0)
  })

  test('goes to the address that was checked, not to what DNS says next', async (t) => {
    const port = Number(new URL(await served(t, (_, response) => void response.end('in'))).port)
    const answers = [['127.0.0.1'], ['169.254.169.254', '10.0.0.1'], ['127.0.0.1', '10.0.0.1']]
    const asked: string[] = []
    const resolve = async (hostname: string) => {
      asked.push(hostname)
      return (answers.shift() ?? []).map((address) => ({ address, family: 4 }))
    }
    const guarded = createGuardedHttp({ resolve })
    t.after(() => guarded.stop())
    const url = `http://rebinding.example:${port}/`
    for (let ask = 0; ask < 4; ask += 1)
      await assert.rejects(guarded.request({ url }), { code: 'workflow/http-forbidden-host' })
    assert.equal(asked.length, 4)
    const mixed = createGuardedHttp({
      allowHosts: ['127.0.0.1/32'],
      resolve: async () => [
        { address: '10.0.0.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    })
    t.after(() => mixed.stop())
    assert.equal((await mixed.request({ url })).body.toString(), 'in')
    const named = createGuardedHttp({
      allowHosts: [`rebinding.example:${port}`],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    })
    t.after(() => named.stop())
    assert.equal((await named.request({ url })).body.toString(), 'in')
  })

  test('of an operator may go to a private host', async (t) => {
    const url = await served(t, (_, response) => void response.end('in'))
    const guarded = createGuardedHttp()
    t.after(() => guarded.stop())
    assert.equal((await guarded.request({ url, trusted: true })).body.toString(), 'in')
    await assert.rejects(guarded.request({ url }), { code: 'workflow/http-forbidden-host' })
  })
})

describe('a redirection', () => {
  test('is the answer, unless it is to be followed', async (t) => {
    const url = await served(t, ({ url: path, method }, response) => {
      if (path === '/') response.writeHead(302, { location: '/there' }).end()
      else response.end(`${method} ${path}`)
    })
    assert.equal((await http.request({ url })).status, 302)
    const answer = await http.request({ url, method: 'POST', body: 'x', redirect: 'follow' })
    assert.deepEqual([answer.body.toString(), answer.url], ['GET /there', `${url}/there`])
  })

  test('keeps method and body where it says so', async (t) => {
    const url = await served(t, async (request, response) => {
      if (request.url === '/') return void response.writeHead(307, { location: '/there' }).end()
      let body = ''
      for await (const chunk of request) body += chunk
      response.end(`${request.method} ${body}`)
    })
    const { body } = await http.request({ url, method: 'PUT', body: 'x', redirect: 'follow' })
    assert.equal(body.toString(), 'PUT x')
  })

  test('to another server takes no credentials along', async (t) => {
    const seen = await served(t, (request, response) => {
      response.end(JSON.stringify(request.headers))
    })
    const url = await served(t, (_, response) => {
      response.writeHead(307, { location: seen }).end()
    })
    const secret = {
      authorization: 'Bearer s',
      cookie: 's',
      'x-api-key': 's',
      'webhook-signature': 's',
    }
    const { body } = await http.request({
      ...{ url: url.replace('//', '//user:word@'), redirect: 'follow' },
      headers: { ...secret, accept: 'text/plain', 'idempotency-key': 'k' },
    })
    const headers = JSON.parse(body.toString())
    for (const name of Object.keys(secret)) assert.equal(headers[name], undefined, name)
    assert.deepEqual([headers.accept, headers['idempotency-key']], ['text/plain', 'k'])
  })

  test('to a private address is refused, also from a server of the operator', async (t) => {
    const url = await served(t, (_, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end()
    })
    for (const client of [http, createGuardedHttp()]) {
      const asked = client.request({ url, redirect: 'follow', trusted: client !== http })
      await assert.rejects(asked, { code: 'workflow/http-forbidden-host' })
      if (client !== http) await client.stop()
    }
  })

  test('in a circle, to nowhere, or to another scheme ends', async (t) => {
    let asked = 0
    const places: Readonly<Record<string, string>> = {
      '/circle': '/circle',
      '/nowhere': 'http://[',
      '/file': 'file:///etc/passwd',
    }
    const url = await served(t, ({ url: path = '' }, response) => {
      asked += 1
      response.writeHead(302, { location: places[path] }).end()
    })
    const follow = (path: string) => http.request({ url: `${url}${path}`, redirect: 'follow' })
    await assert.rejects(follow('/circle'), { code: 'workflow/http-redirects', retry: 'never' })
    assert.equal(asked, 6)
    await assert.rejects(follow('/nowhere'), { code: 'workflow/http-redirects' })
    await assert.rejects(follow('/file'), { code: 'workflow/http-bad-request' })
  })
})

test('an answer that is a failure says whether it may pass, and when', () => {
  const answer = (status: number, headers = {}) => ({
    ...{ status, headers, url: '' },
    body: Buffer.of(),
  })
  for (const status of [408, 425, 429, 500, 503, 599])
    assert.equal(statusError('s', answer(status), 0).retry, 'later')
  for (const status of [302, 400, 401, 404, 409, 422])
    assert.equal(statusError('s', answer(status), 0).retry, 'never')
  const after = (value: string) => retryAfterOf(answer(503, { 'retry-after': value }), 1_000_000)
  assert.equal(after('120'), 120_000)
  assert.equal(after(new Date(1_060_000).toUTCString()), 60_000)
  assert.equal(after(new Date(0).toUTCString()), 0)
  assert.equal(after('999999999999'), 24 * 3_600_000)
  assert.equal(after('soon'), undefined)
  assert.deepEqual(statusError('s', answer(429, { 'retry-after': '2' }), 0).data, {
    ...{ status: 429, retryAfterMs: 2_000 },
  })
})

test('a client that is stopped ends what is under way', async (t) => {
  const arrived = Promise.withResolvers<void>()
  const url = await served(t, () => arrived.resolve())
  const own = createGuardedHttp({ allowHosts: here })
  const asked = own.request({ url })
  await arrived.promise
  await Promise.all([assert.rejects(asked, { code: 'workflow/http-unreachable' }), own.stop()])
})
