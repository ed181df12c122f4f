/** Checks queries of logs: what they find, how it is written, and that a long one is no trouble to others. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import type { Hex } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { Chain } from '../chain/chain.ts'
import { createRpc } from './rpc.ts'
import { alice, creation, deploy, type Fields, logger, open } from './test-chain/ask.ts'
import { openChain } from './test-chain/open-chain.ts'
import { serveRpc } from './test-chain/open-rpc.ts'

const calm = { blockTimeMs: 3_600_000 }
const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}`
const post = (url: string, body: Json) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const asked = (id: number, method: string, ...params: Json[]) => ({
  ...{ jsonrpc: '2.0', id, method, params },
})

/** Code that logs so many bytes of its input with these topics. */
function logging(topics: readonly number[], size: number): string {
  const pushed = topics.toReversed().map((topic) => `60${topic.toString(16).padStart(2, '0')}`)
  return `${pushed.join('')}62${size.toString(16).padStart(6, '0')}5fa${topics.length}`
}

/** Copies the input to memory, logs parts of it, and stops. */
const loggingAll = (logs: readonly (readonly [topics: readonly number[], size: number])[]) =>
  creation(`365f5f37${logs.map((one) => logging(...one)).join('')}00`)

const large = 300_000
const kinds = loggingAll([
  ...([
    [[], 0],
    [[1], 1],
    [[1, 2], 55],
    [[1, 2, 3], 56],
    [[1, 2, 3, 4], 300],
  ] as const),
  ...Array.from({ length: 12 }, (_, at) => [[5, at], 32] as const),
  [[6], large],
])

for (const [where, blockMemoryBytes] of [
  ['in memory', 2 ** 28],
  ['on disk', 0],
] as const) {
  test(`logs of every shape ${where} are written as their receipts show them`, (t) =>
    everyShape(t, { blockMemoryBytes }))
}

async function everyShape(t: Parameters<typeof open>[0], options: Parameters<typeof open>[1]) {
  const { ask, rpc } = await open(t, options)
  const contract = await deploy(ask, kinds)
  const input: Hex = `0x${'1f80'.repeat(40_000)}`
  const hashes: Hex[] = []
  for (const data of ['0x', input, '0x7f'] as const) {
    const sent = { from: alice, to: contract, gas: '0x800000', data }
    hashes.push(await ask('eth_sendTransaction', sent))
    if (data === input) await ask('evm_mine')
  }
  await ask('evm_mine')
  const receipts = await Promise.all(hashes.map((hash) => ask('eth_getTransactionReceipt', hash)))
  const all = receipts.flatMap(({ logs }) => logs)
  assert.equal(all.length, 54)
  const found = async (query: Json) => ask<Json[]>('eth_getLogs', query)
  assert.deepEqual(await found({ fromBlock: '0x0' }), all)
  const request = asked(1, 'eth_getLogs', { fromBlock: '0x0' })
  const text = await rpc.handleText(JSON.stringify(request))
  assert.equal(text, JSON.stringify({ jsonrpc: '2.0', id: 1, result: all }))
  const numbers = Array.from({ length: 300 }, (_, at) => word(at * 2))
  for (const topics of [
    ...[[numbers], [word(5), numbers], [null, [word(1), word(3)]], [[word(1), word(6)]]],
    [
      [word(9), word(5)],
      [...numbers.slice(3), word(7)],
    ],
  ]) {
    const wanted = all.filter((log) =>
      topics.every((any, at) => {
        const topic = (log.topics as string[])[at]
        return topic !== undefined && (any === null || [any].flat().includes(topic))
      }),
    )
    const query = { fromBlock: '0x0', address: [alice, contract], topics }
    assert.deepEqual(await found(query), wanted, JSON.stringify(topics))
  }
  for (const topics of [[word(8)], [[word(8), word(2)], word(3)]])
    assert.deepEqual(await found({ fromBlock: '0x0', topics }), [])
}

test('a block with much in it is shown as its parts are', async (t) => {
  const { ask, rpc } = await open(t)
  const contract = await deploy(ask, loggingAll(Array.from({ length: 600 }, () => [[1], 1])))
  const hashes: Hex[] = []
  for (const to of [contract, contract, alice])
    hashes.push(await ask('eth_sendTransaction', { from: alice, to, gas: '0x400000' }))
  await ask('evm_mine')
  const receipts = await Promise.all(hashes.map((hash) => ask('eth_getTransactionReceipt', hash)))
  assert.equal(receipts[1]?.logs.at(-1)?.logIndex, '0x4af')
  const transactions = await Promise.all(hashes.map((one) => ask('eth_getTransactionByHash', one)))
  const block = { ...(await ask('eth_getBlockByNumber', 'latest', false)), transactions }
  for (const [method, params, result] of [
    ['eth_getBlockReceipts', ['latest'], receipts],
    ['eth_getBlockByNumber', ['latest', true], block],
  ] as const) {
    const text = await rpc.handleText(JSON.stringify(asked(1, method, ...params)))
    assert.equal(text, JSON.stringify({ jsonrpc: '2.0', id: 1, result }))
    assert.deepEqual(await ask(method, ...params), result)
  }
})

test('a batch may hold large answers among others', async (t) => {
  const { ask, rpc } = await open(t, { limits: { responseLength: 3_000 } })
  const contract = await deploy(ask, logger)
  await ask('eth_sendTransaction', { from: alice, to: contract })
  await ask('evm_mine')
  const logs = await ask<Json[]>('eth_getLogs', {})
  const calls = [{ ...asked(1, 'eth_getLogs', {}), id: 'ä' }, asked(2, 'eth_chainId')]
  const rest = Array.from({ length: 9 }, (_, at) => asked(at + 3, 'eth_getLogs', {}))
  const text = await rpc.handleText(JSON.stringify([...calls, ...rest]))
  const answers = JSON.parse(text ?? '') as { id: Json; result?: Json; error?: Fields }[]
  assert.deepEqual(answers.slice(0, 3), [
    { jsonrpc: '2.0', id: 'ä', result: logs },
    { jsonrpc: '2.0', id: 2, result: '0x4f1a' },
    { jsonrpc: '2.0', id: 3, result: logs },
  ])
  assert.equal(answers.length, 11)
  assert.equal(answers.at(-1)?.error?.code, -32003)
})

/** A chain of as many blocks, each of which takes its time to be read; and how many were. */
async function slowChain(t: Parameters<typeof openChain>[0], blocks: number) {
  const chain = await openChain(t, calm)
  for (let at = 0; at < blocks; at += 1) await chain.dev?.sealNow()
  const counted = { reads: 0, seen: (_reads: number) => {} }
  const loggedBlock: Chain['loggedBlock'] = (...asked) => {
    const end = performance.now() + 25
    while (performance.now() < end);
    counted.reads += 1
    counted.seen(counted.reads)
    return chain.loggedBlock(...asked)
  }
  const slow = new Proxy(chain, {
    get(target, name) {
      if (name === 'loggedBlock') return loggedBlock
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { slow, counted }
}

/** JSON-RPC on such a chain, and a promise that a query of logs has ended. */
async function serveSlow(t: Parameters<typeof openChain>[0], chain: Chain, nowMs?: () => number) {
  const ended = Promise.withResolvers<void>()
  const observe = (_: number, { method }: Record<string, string> = {}) => {
    if (method === 'eth_getLogs') ended.resolve()
  }
  const rpc = createRpc(
    { version: '0.0.0', port: 0 },
    {
      ...{ chain, clock: { ...systemClock, ...(nowMs && { nowMs }) } },
      ...{ logger: silentLogger, metrics: { ...noMetrics, histogram: () => ({ observe }) } },
    },
  )
  t.after(() => rpc.stop())
  await rpc.start()
  return { rpc, ended: ended.promise, url: rpc.url ?? '' }
}

test('others are answered while a query of logs goes on', async (t) => {
  const { slow, counted } = await slowChain(t, 20)
  const { url } = await serveSlow(t, slow)
  const query = post(url, asked(1, 'eth_getLogs', { fromBlock: '0x0' }))
  await new Promise<void>((resolve) => {
    counted.seen = () => resolve()
  })
  const other = await post(url, asked(2, 'eth_chainId'))
  assert.equal(((await other.json()) as Fields).result, '0x4f1a')
  assert.ok(counted.reads < 20, `${counted.reads} blocks were read before`)
  assert.deepEqual(((await (await query).json()) as Fields).result, [])
  assert.equal(counted.reads, 21)
})

test('a query of logs ends when its client is gone', async (t) => {
  const { slow, counted } = await slowChain(t, 40)
  const { url, ended } = await serveSlow(t, slow)
  const socket = new WebSocket(url.replace('http', 'ws'))
  await once(socket, 'open')
  socket.send(JSON.stringify(asked(1, 'eth_getLogs', { fromBlock: '0x0' })))
  counted.seen = () => socket.terminate()
  await ended
  assert.ok(counted.reads < 41, `${counted.reads} blocks were read`)
})

test('a query of logs ends when its time is over', async (t) => {
  const { slow, counted } = await slowChain(t, 10)
  let nowMs = 0
  const { rpc } = await serveSlow(t, slow, () => nowMs)
  counted.seen = (reads) => {
    if (reads === 3) nowMs = 60_001
  }
  await assert.rejects(rpc.call('eth_getLogs', [{ fromBlock: '0x0' }]), {
    ...{ code: 'json-rpc/error', data: { code: -32000 } },
    message: 'the query took more than 60 s; ask for fewer blocks at a time',
  })
  assert.equal(counted.reads, 3)
})

/** A node with logs of 16 MiB of text, and a request for all of them. */
async function serveLarge(t: Parameters<typeof serveRpc>[0]) {
  const { rpc, url } = await serveRpc(t, calm)
  const ask = async <T = Fields>(method: string, ...params: Json[]) =>
    (await rpc.call(method, params)) as T
  const contract = await deploy(ask, loggingAll([[[1], 500_000]]))
  for (let sent = 0; sent < 16; sent += 1) {
    await ask('eth_sendTransaction', { from: alice, to: contract, gas: '0x800000' })
    await ask('evm_mine')
  }
  const body = JSON.stringify(asked(1, 'eth_getLogs', { fromBlock: '0x0' }))
  const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(async () => void socket.destroy())
  return { rpc, url, body, socket, request: head + body }
}

test('a large answer has its length, over HTTP as over a WebSocket', async (t) => {
  const { url, body } = await serveLarge(t)
  const response = await post(url, JSON.parse(body))
  const text = await response.text()
  assert.equal(Number(response.headers.get('content-length')), text.length)
  assert.equal((JSON.parse(text) as { result: Json[] }).result.length, 16)
  const socket = new WebSocket(url.replace('http', 'ws'))
  await once(socket, 'open')
  socket.send(body)
  const [data, isBinary] = await once(socket, 'message')
  socket.terminate()
  assert.equal(isBinary, false)
  assert.ok(String(data) === text)
})

test('a client that leaves in the middle of a large answer does no harm', async (t) => {
  const { rpc, url, socket, request } = await serveLarge(t)
  socket.write(request)
  await once(socket, 'data')
  socket.destroy()
  const other = await post(url, asked(2, 'eth_chainId'))
  assert.equal(((await other.json()) as Fields).result, '0x4f1a')
  await rpc.stop()
})

test('a client that does not take a large answer does not keep the node from stopping', async (t) => {
  const { rpc, socket, request } = await serveLarge(t)
  socket.on('error', () => {})
  socket.write(request)
  await once(socket, 'data')
  socket.pause()
  await rpc.stop()
  assert.equal(rpc.url, undefined)
})
