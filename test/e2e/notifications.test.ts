/** Has a node send what its workflow and people order, and looks after it by REST and by the command. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startNode } from '../../src/node/node.ts'
import { eventually, getJson, startProgram, temporaryFolder } from './program.ts'

interface Row {
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly state: string
  readonly channel: string
}

/** What a command prints. */
async function run(words: readonly string[]): Promise<string> {
  const program = startProgram(words)
  await program.exited
  return program.output()
}

test('a deposit is told to a hook; templates, subscriptions and dead notifications are looked after', async (t) => {
  let status = 404
  const got: { readonly to: string; readonly subject: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    got.push(JSON.parse(body))
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  const data = await temporaryFolder(t)
  const notifyWebhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const node = await startNode({
    ...{ dev: true, demo: false, data, rpcPort: 0, apiPort: 0, blockTime: 0.1, pollInterval: 20 },
    ...{ notifyWebhook, notifications: JSON.stringify({ push: { contact: 'mailto:a@b.c' } }) },
  })
  assert.ok(node)
  t.after(() => node.stop())
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${node.apiUrl}${path}`, {
      ...{ method, headers: { 'content-type': 'application/json' } },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const rows = async () =>
    (await getJson<{ items: readonly Row[] }>(`${node.apiUrl}/v1/notifications`)).items

  await node.deposit('first')
  const dead = await eventually(async () => (await rows()).find(({ state }) => state === 'dead'))
  assert.equal(dead.channel, 'webhook')
  status = 204
  assert.equal((await ask('POST', `/v1/notifications/${dead.id}/requeue`)).status, 200)
  await eventually(async () =>
    (await rows()).find(({ id, state }) => id === dead.id && state === 'sent'),
  )
  assert.equal((await ask('POST', `/v1/notifications/${dead.id}/requeue`)).status, 404)

  const template = { subject: 'Paid ${ .n }', text: 'Text', html: '<b>${ .n }</b>' }
  assert.equal((await ask('PUT', '/v1/templates/paid', template)).status, 200)
  assert.equal((await ask('PUT', '/v1/templates/bad', { ...template, text: '${' })).status, 400)
  const order = { channel: 'email', data: { n: '<5>' } }
  assert.deepEqual((await ask('POST', '/v1/templates/paid/preview', order)).body, {
    ...{ subject: 'Paid <5>', text: 'Text', formatted: '<b>&lt;5&gt;</b>' },
  })
  const port = ['--api-port', new URL(node.apiUrl).port]
  const words = ['notify', 'preview', 'paid', '--channel', 'email', '--values', '{"n":7}', ...port]
  assert.equal(await run(words), 'Paid 7\n\n<b>7</b>\n')
  const tried = await run(['notify', 'test', 'ann', '--channel', 'webhook', ...port])
  assert.match(tried, /webhook +ann/)
  await eventually(async () => got.find(({ to }) => to === 'ann'))
  assert.match(await run(['notify', 'list', ...port]), /A test/)
  assert.equal((await ask('DELETE', '/v1/templates/paid')).status, 204)
  assert.equal((await ask('POST', '/v1/templates/paid/preview', {})).status, 404)

  assert.match((await ask('GET', '/v1/push/key')).body.publicKey, /^[\w-]{87}$/)
  const keys = { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth: 'AAAAAAAAAAAAAAAAAAAAAA' }
  const subscription = { endpoint: 'https://push.example/1', keys }
  const added = await ask('POST', '/v1/push/subscriptions', { subscriber: 'ann', subscription })
  assert.equal(added.body.service, 'push.example')
  const path = `/v1/push/subscriptions/${added.body.id}`
  assert.equal((await ask('DELETE', path)).status, 204)
  assert.equal((await ask('DELETE', path)).status, 404)
})
