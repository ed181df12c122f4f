/** Tests that a stream of a node is followed over its cuts, each message once, until it is enough. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { followApi } from './api-stream.ts'

test('after a cut it goes on behind the last message, and a refusal ends it', async (t) => {
  const asked: (string | undefined)[] = []
  const answers: ((response: ServerResponse) => void)[] = [
    (response) => {
      response.write('retry: 1000\n\n: ping\n\nevent: journal\nid: 1\ndata: {"n":1}\n\nevent: jour')
      setImmediate(() => response.destroy())
    },
    (response) => response.end('id: 2\ndata: {"n":2}\n\nevent: journal\ndata: {"n":0}\n\n'),
    (response) => response.writeHead(404).end('{"error":{"message":"there is no instance"}}'),
  ]
  const server = createServer((request, response) => {
    const { 'last-event-id': last } = request.headers
    asked.push(last === undefined ? undefined : String(last))
    answers.shift()?.(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const told: unknown[] = []
  const stop = new AbortController()
  const following = async () => {
    for await (const { event, data } of followApi(address, stop.signal)) told.push([event, data])
  }
  await assert.rejects(following(), { code: 'cli/refused', message: 'there is no instance' })
  assert.deepEqual(told, [
    ['journal', { n: 1 }],
    ['message', { n: 2 }],
    ['journal', { n: 0 }],
  ])
  assert.deepEqual(asked, [undefined, '1', '2'])
  answers.push((response) => void response.write('data: 3\n\n'))
  for await (const { data } of followApi(address, stop.signal)) {
    assert.equal(data, 3)
    stop.abort()
  }
})
