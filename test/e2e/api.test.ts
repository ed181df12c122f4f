/** Asks the API of a running node over HTTP: answers, pages, streams, and everything it must refuse. */

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import { eventually, getJson, temporaryFolder } from './program.ts'

interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

interface Answer {
  readonly status: number
  readonly body: string
}

describe('the API of a node', { timeout: 240_000 }, () => {
  let node: RunningNode
  const cleaning: (() => Promise<void>)[] = []
  let instanceId = ''

  before(async () => {
    const data = await temporaryFolder({ after: (run) => void cleaning.push(run) })
    const started = await startNode({
      ...{ dev: true, demo: false, data, rpcPort: 0, apiPort: 0, blockTime: 0.1, pollInterval: 20 },
    })
    assert.ok(started)
    node = started
    await node.deposit('first')
    await node.deposit('second')
    await eventually(async () => {
      const { items } = await getJson<Page<{ id: string; status: string }>>(
        `${node.apiUrl}/v1/instances`,
      )
      instanceId = items[0]?.id ?? ''
      return items.length === 2 && items.every(({ status }) => status === 'completed')
        ? true
        : undefined
    })
  })
  after(async () => {
    await node?.stop()
    for (const run of cleaning) await run()
  })

  const get = <T>(path: string) => getJson<T>(`${node.apiUrl}${path}`)

  /** A request with any headers, as `fetch` would not send them. */
  function raw(
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) {
    const { method = 'GET', headers = {}, body } = options
    return new Promise<Answer>((resolve, reject) => {
      const sent = request(`${node.apiUrl}${path}`, { method, headers }, (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  test('shows status, chains, workflows, and what a run left behind', async () => {
    const status = await get<{
      ready: boolean
      instances: { completed: number }
      senders: { address: string }[]
    }>('/v1/status')
    assert.equal(status.ready, true)
    assert.equal(status.instances.completed, 2)
    assert.equal(status.senders[0]?.address, node.senderAddress)
    const [chain] = (
      await get<Page<{ name: string; accounts: string[]; contracts: object }>>('/v1/chains')
    ).items
    assert.equal(chain?.accounts.length, 8)
    assert.deepEqual(Object.keys(chain?.contracts ?? {}).sort(), [
      'allocationToken',
      'depositVault',
      'streamAnchor',
    ])
    const [workflow] = (
      await get<Page<{ name: string; steps: { name: string }[] }>>('/v1/workflows')
    ).items
    assert.deepEqual(
      workflow?.steps.map(({ name }) => name),
      ['notify', 'kyc', 'decide', 'allocate', 'refund', 'record'],
    )
    assert.equal(
      (await get<{ name: string }>('/v1/workflows/deposit-kyc-allocation')).name,
      workflow?.name,
    )
    const detail = await get<{
      journal: { kind: string }[]
      event: { id: string; instances: string[] }
    }>(`/v1/instances/${instanceId}`)
    assert.equal(detail.journal.filter(({ kind }) => kind === 'completed').length, 4)
    assert.deepEqual(detail.event.instances, [instanceId])
    assert.equal(
      (await get<{ id: string }>(`/v1/events/${encodeURIComponent(detail.event.id)}`)).id,
      detail.event.id,
    )
    assert.equal((await get<Page<unknown>>('/v1/notifications')).items.length, 2)
    assert.equal(
      (await get<Page<{ workflow: string }>>('/v1/records')).items[0]?.workflow,
      'deposit-kyc-allocation',
    )
  })

  test('pages every list by cursor, without gaps or doubles', async () => {
    for (const list of ['events', 'instances', 'notifications', 'records']) {
      const first = await get<Page<{ id: string }>>(`/v1/${list}?limit=1`)
      const second = await get<Page<{ id: string }>>(`/v1/${list}?limit=1&cursor=${first.next}`)
      assert.equal(second.next, null, list)
      assert.notEqual(first.items[0]?.id, second.items[0]?.id, list)
    }
    const top = await get<Page<{ number: number }>>('/v1/blocks?limit=2')
    const below = await get<Page<{ number: number }>>(`/v1/blocks?limit=2&cursor=${top.next}`)
    assert.equal(below.items[0]?.number, (top.items[1]?.number ?? 0) - 1)
    const filtered = await get<Page<unknown>>('/v1/instances?status=failed')
    assert.deepEqual(filtered.items, [])
  })

  test('gives one block by number and by hash', async () => {
    const byNumber = await get<{ hash: string; transactionHashes: string[] }>('/v1/blocks/1')
    const byHash = await get<{ hash: string }>(`/v1/blocks/${byNumber.hash}`)
    assert.deepEqual(byHash, byNumber)
  })

  test('refuses what it does not understand or have, in one shape', async () => {
    const refused = async (path: string, status: number, code: string) => {
      const answer = await raw(path)
      assert.equal(answer.status, status, path)
      assert.equal(JSON.parse(answer.body).error.code, code, path)
    }
    for (const limit of ['0', '201', 'abc', '', '1.5']) {
      await refused(`/v1/instances?limit=${limit}`, 400, 'api/bad-request')
      const { error } = JSON.parse((await raw(`/v1/instances?limit=${limit}`)).body)
      assert.equal(error.message, 'limit: expected a whole number from 1 to 200')
    }
    await refused('/v1/instances?cursor=x', 400, 'store/bad-cursor')
    await refused('/v1/events?cursor=x', 400, 'store/bad-cursor')
    await refused('/v1/records?cursor=x', 400, 'store/bad-cursor')
    for (const cursor of ['-1', '', '1e1', '0x1', ' 1'])
      await refused(`/v1/blocks?cursor=${encodeURIComponent(cursor)}`, 400, 'api/bad-request')
    await refused('/v1/blocks/abc', 400, 'api/bad-request')
    await refused('/v1/blocks/99999999', 404, 'api/not-found')
    await refused('/v1/blocks?chain=none', 404, 'api/not-found')
    await refused('/v1/instances/none', 404, 'api/not-found')
    await refused('/v1/instances/none/events', 404, 'api/not-found')
    await refused('/v1/events/none', 404, 'api/not-found')
    await refused('/v1/workflows/none', 404, 'api/not-found')
    await refused('/v1/nothing', 404, 'api/not-found')
    await refused('/..%2f..%2fpackage.json', 404, 'api/not-found')
  })

  test('says which methods an address takes, in the same shape', async () => {
    const headers = { 'content-type': 'application/json' }
    for (const [method, path, allow] of [
      ...[['POST', '/v1/status', 'GET, HEAD'] as const, ['DELETE', '/', 'GET, HEAD'] as const],
      ...[['OPTIONS', '/v1/status', 'GET, HEAD'] as const, ['GET', '/v1/rpc/dev', 'POST'] as const],
    ]) {
      const answer = await fetch(`${node.apiUrl}${path}`, { method, headers })
      assert.equal(answer.status, 405, `${method} ${path}`)
      assert.equal(answer.headers.get('allow'), allow)
      const { error } = (await answer.json()) as { error: { code: string } }
      assert.equal(error.code, 'api/method-not-allowed')
    }
  })

  test('answers are neither kept nor guessed at by a browser', async () => {
    for (const path of ['/v1/status', '/metrics', '/v1/nothing']) {
      const { headers } = await fetch(`${node.apiUrl}${path}`)
      assert.equal(headers.get('cache-control'), 'no-store', path)
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    }
  })

  test('a cursor beyond the head begins at the head', async () => {
    const { items, next } = await get<Page<{ number: number }>>(
      '/v1/blocks?cursor=99999999&limit=2',
    )
    assert.equal(items.length, 2)
    assert.equal(next, String((items[1]?.number ?? 0) - 1))
  })

  test('streams that nobody reads any more, or never could, make room', async () => {
    for (const path of ['/v1/stream', `/v1/instances/${instanceId}/events`]) {
      for (let times = 0; times < 210; times += 1) {
        const head = await fetch(`${node.apiUrl}${path}`, { method: 'HEAD' })
        assert.equal(head.headers.get('content-type'), 'text/event-stream')
      }
    }
    for (let times = 0; times < 210; times += 1) {
      const response = await fetch(`${node.apiUrl}/v1/stream`)
      assert.equal(response.status, 200, `stream ${times}`)
      await response.body?.cancel()
    }
  })

  test('keeps web pages elsewhere out', async () => {
    const refused = async (path: string, headers: Record<string, string>, method = 'GET') => {
      const body = method === 'POST' ? '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}' : undefined
      return (await raw(path, { method, headers, ...(body ? { body } : {}) })).status
    }
    assert.equal(await refused('/v1/status', { host: 'evil.example' }), 403)
    assert.equal(await refused('/v1/status', { origin: 'https://evil.example' }), 403)
    assert.equal(await refused('/', { host: 'evil.example' }), 403)
    assert.equal(
      await refused('/v1/rpc/dev', { origin: 'null', 'content-type': 'application/json' }, 'POST'),
      403,
    )
    assert.equal(await refused('/v1/rpc/dev', { 'content-type': 'text/plain' }, 'POST'), 415)
    assert.equal(await refused('/v1/rpc/dev', { 'content-type': 'application/json' }, 'POST'), 200)
    assert.equal(
      await refused(
        '/v1/rpc/dev',
        { 'content-type': 'application/json', origin: node.apiUrl },
        'POST',
      ),
      200,
    )
    assert.equal(await refused('/v1/rpc/none', { 'content-type': 'application/json' }, 'POST'), 404)
    const large = await raw('/v1/rpc/dev', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ' '.repeat(5 * 1024 * 1024 + 1),
    })
    assert.equal(large.status, 413)
  })

  /** The first messages of a stream. */
  async function messages(path: string, count: number, headers: Record<string, string> = {}) {
    const response = await fetch(`${node.apiUrl}${path}`, { headers })
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    const reader = (response.body as ReadableStream)
      .pipeThrough(new TextDecoderStream())
      .getReader()
    let text = ''
    let found: { event: string; id: string | undefined; data: Record<string, unknown> }[] = []
    while (found.length < count) {
      const { value, done } = await reader.read()
      if (done) break
      text += value
      found = text
        .split('\n\n')
        .slice(0, -1)
        .flatMap((block) => {
          const field = (name: string) =>
            block
              .split('\n')
              .find((line) => line.startsWith(`${name}: `))
              ?.slice(name.length + 2)
          const [event, data] = [field('event'), field('data')]
          return event && data ? [{ event, id: field('id'), data: JSON.parse(data) }] : []
        })
    }
    await reader.cancel()
    return found
  }

  test('streams the journal of a run, from where a reader was cut off, to its end', async () => {
    const all = await messages(`/v1/instances/${instanceId}/events`, 100)
    assert.equal(all.at(-1)?.event, 'end')
    const journal = all.filter(({ event }) => event === 'journal')
    assert.equal(journal.length, 4)
    const rest = await messages(`/v1/instances/${instanceId}/events`, 100, {
      'last-event-id': journal[1]?.id ?? '',
    })
    assert.deepEqual(
      rest.map(({ id }) => id),
      [...journal.slice(2).map(({ id }) => id), undefined],
    )
  })

  test('streams blocks, events and runs as they happen', async () => {
    const listening = messages('/v1/stream', 40)
    await node.deposit('live')
    const kinds = new Set((await listening).map(({ event }) => event))
    assert.deepEqual([...kinds].sort(), ['block', 'event', 'instance', 'notification'])
  })

  test('tells health, readiness and measures, and serves its own description and the console', async () => {
    assert.deepEqual(JSON.parse((await raw('/healthz')).body), { status: 'ok' })
    const ready = JSON.parse((await raw('/readyz')).body)
    assert.deepEqual(
      ready.checks.map(({ name, ok }: { name: string; ok: boolean }) => [name, ok]),
      [
        ['chain', true],
        ['database', true],
        ['queue', true],
        ['sinks', true],
        ['projections', true],
        ['listener', true],
      ],
    )
    const { body: metrics } = await raw('/metrics')
    for (const name of ['chain_blocks', 'stream_events', 'workflow_instances', 'rpc_requests']) {
      assert.match(metrics, new RegExp(`^quantumstream_${name}_total.* \\d+$`, 'm'), name)
    }
    assert.equal(JSON.parse((await raw('/openapi.json')).body).openapi, '3.1.0')
    for (const path of ['/', '/instances/x'])
      assert.match((await raw(path)).body, /<div id="root">/)
    assert.match(
      (await fetch(node.apiUrl)).headers.get('content-security-policy') ?? '',
      /default-src 'self'/,
    )
  })
})
