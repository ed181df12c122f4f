/** Posts messages to servers that answer in all the forms there are. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createGuardedHttp } from '../guarded-http.ts'
import { served } from '../test-world/local-server.ts'
import { createAuthenticatedHttp } from './authentication.ts'
import type { Fields } from './call-fields.ts'
import { postRpc } from './json-rpc-post.ts'

test('messages are heard in their order, of a document, a list, a stream, and a stream that was packed unasked', async (t) => {
  const guarded = createGuardedHttp({ allowHosts: ['127.0.0.0/8'] })
  t.after(() => guarded.stop())
  const http = createAuthenticatedHttp(guarded)
  const [json, stream] = ['application/json; charset=utf-8', 'Text/Event-Stream']
  const events = 'data: {"id":1}\n\ndata: {"id":2}\n\ndata: {"id":3}\n\n'
  const cases: readonly (readonly [object, string | Buffer, readonly number[]])[] = [
    [{ 'content-type': json }, '{"id":1}', [1]],
    [{ 'content-type': json }, '[{"id":1},{"id":2},{"id":3}]', [1, 2]],
    [{ 'content-type': stream }, events, [1, 2]],
    [{ 'content-type': stream, 'content-encoding': 'gzip' }, gzipSync(events), [1, 2]],
    [{ 'content-type': 'text/plain' }, '{"id":1}', []],
  ]
  for (const [headers, body, expected] of cases) {
    let wanted: string | string[] | undefined
    const uri = await served(t, (request, response) => {
      wanted = request.headers['accept-encoding']
      response.writeHead(200, { ...headers }).end(body)
    })
    const heard: unknown[] = []
    const hear = ({ id }: Fields) => {
      heard.push(id)
      return id === 2
    }
    await postRpc(http, {
      ...{ endpoint: { uri, authentication: undefined }, method: 'POST', text: '{}' },
      ...{ headers: {}, timeoutMs: 2_000, maxBytes: 1_000, hear },
    })
    assert.deepEqual([heard, wanted], [expected, 'identity'])
  }
})
