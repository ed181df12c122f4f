/** Asks a real server over HTTP: results, errors, and the reasons why no answer came. */

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { createHttpClient, type HttpClientOptions } from './json-rpc-http.ts'
import type { Test } from './test-chain/listening.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A client of a server that answers so; both end with the test. */
async function clientOf(t: Test, answer: Answer, options: Partial<HttpClientOptions> = {}) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return createHttpClient({ url: `http://user:key@127.0.0.1:${port}/secret`, ...options })
}

const json =
  (body: unknown, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status).end(JSON.stringify(body))

/** Begins an answer that never ends. */
const beginning: Answer = (_, response) => void response.writeHead(200).write('{"result":')

describe('the HTTP client', () => {
  test('posts a request with credentials, and gives the result', async (t) => {
    const seen: unknown[] = []
    const client = await clientOf(t, async (request, response) => {
      const body = (await request.toArray()).join('')
      seen.push(request.headers.authorization, JSON.parse(body))
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: '0x7' }))
    })
    assert.equal(await client.request('eth_chainId', ['0x1']), '0x7')
    const body = { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: ['0x1'] }
    assert.deepEqual(seen, [`Basic ${btoa('user:key')}`, body])
  })

  test('gives the error of the node, whatever the status', async (t) => {
    const error = { code: -32005, message: 'limit exceeded', data: '0x' }
    const client = await clientOf(t, json({ error }, 429))
    await assert.rejects(client.request('eth_getLogs'), {
      ...{ code: 'json-rpc/error', message: 'limit exceeded', retry: 'later' },
      data: { code: -32005, data: '0x' },
    })
  })

  test('gives the status, or the text, where a gateway refuses', async (t) => {
    const refusing = await clientOf(t, json({ message: 'bad key' }, 401))
    await assert.rejects(refusing.request('eth_chainId'), {
      ...{ code: 'json-rpc/unreachable', message: /HTTP 401/ },
    })
    const telling = await clientOf(t, json({ error: 'no such project' }, 403))
    await assert.rejects(telling.request('eth_chainId'), {
      ...{ code: 'json-rpc/error', message: 'no such project' },
    })
  })

  test('says that an answer is too large', async (t) => {
    const client = await clientOf(t, json({ result: 'x'.repeat(2_000) }), {
      maxResponseBytes: 1_000,
    })
    await assert.rejects(client.request('eth_getLogs'), {
      ...{ code: 'json-rpc/unreachable', data: { reason: 'too-large' } },
      message: /the answer is over 1000 bytes/,
    })
  })

  test('says that an answer did not come in time', async (t) => {
    for (const answer of [() => {}, beginning] as const) {
      const client = await clientOf(t, answer, { timeoutMs: 50 })
      await assert.rejects(client.request('eth_getLogs'), {
        ...{ code: 'json-rpc/unreachable', data: { reason: 'timeout' }, retry: 'later' },
      })
    }
  })

  test('names the host only when the answer is of no use, or none comes', async (t) => {
    const useless: readonly Answer[] = [
      json({}),
      json('text', 502),
      (_, response) => response.end('<html>'),
      (_, response) => response.writeHead(302, { location: '/other' }).end(),
      (request) => request.socket.destroy(),
    ]
    for (const answer of useless) {
      const client = await clientOf(t, answer)
      await assert.rejects(client.request('eth_chainId'), (error: Error) => {
        assert.match(error.message, /^http:\/\/127\.0\.0\.1:\d+ does not answer: ./)
        assert.doesNotMatch(error.message, /key|secret/)
        return true
      })
    }
  })
})
