/** Checks the sockets: HTTP, WebSocket with subscriptions, their limits, start and stop. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { AppError } from '../base/app-error.ts'
import { toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { openChain, testAccounts } from './test-chain/open-chain.ts'
import { openRpc, serveRpc } from './test-chain/open-rpc.ts'

type Test = Parameters<typeof serveRpc>[0]
type Message = Record<string, Json> & {
  params: { subscription: string; result: Record<string, Json> }
}

const alice = testAccounts[0]?.address ?? '0x'
const calm = { blockTimeMs: 3_600_000 }
const chainId = { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }

const post = (url: string, body: string) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

/** A WebSocket that remembers what it got. */
async function socketTo(t: Test, ws: string, options: object = {}) {
  const socket = new WebSocket(ws, options)
  t.after(async () => socket.terminate())
  const got: Message[] = []
  const watchers = new Set<() => void>()
  socket.on('message', (data) => {
    got.push(JSON.parse(String(data)))
    for (const watcher of watchers) watcher()
  })
  await once(socket, 'open')
  const until = (found: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!found()) return
        watchers.delete(look)
        resolve()
      }
      watchers.add(look)
      look()
    })
  let id = 0
  const ask = async (method: string, ...params: Json[]) => {
    id += 1
    const mine = id
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: mine, method, params }))
    await until(() => got.some((one) => one.id === mine))
    return got.find((one) => one.id === mine)?.result as string
  }
  const told = (subscription: string) =>
    got
      .filter((one) => one.params?.subscription === subscription)
      .map(({ params }) => params.result)
  return { socket, got, until, ask, told }
}

test('HTTP takes bodies up to the limit, and keeps the connection', async (t) => {
  const { url } = await serveRpc(t, { ...calm, limits: { requestBytes: 1_000 } })
  const fitting = JSON.stringify(chainId).padEnd(1_000)
  assert.equal((await post(url, fitting)).status, 200)
  const refused = await post(url, `${fitting} `)
  assert.equal(refused.status, 413)
  assert.match(
    ((await refused.json()) as { error: { message: string } }).error.message,
    /1000 bytes/,
  )
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(async () => void socket.destroy())
  const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  const one = `${head}content-length: ${fitting.length}\r\n\r\n${fitting}`
  socket.write(one + one)
  while (text.split('"0x4f1a"').length < 3) await once(socket, 'data')
  const chunk = `${(1_001).toString(16)}\r\n${'x'.repeat(1_001)}\r\n`
  socket.write(`${head}transfer-encoding: chunked\r\n\r\n${chunk}`)
  await once(socket, 'close')
  assert.match(text, /HTTP\/1.1 413/)
})

test('only POST is answered', async (t) => {
  const { url } = await serveRpc(t, calm)
  const response = await fetch(url)
  assert.equal(response.status, 405)
  assert.equal(response.headers.get('allow'), 'POST')
})

test('a WebSocket answers requests and tells of heads, logs and pending transactions', async (t) => {
  const { ws } = await serveRpc(t, calm)
  const { ask, told, until, got } = await socketTo(t, ws)
  const heads = await ask('eth_subscribe', 'newHeads')
  const logs = await ask('eth_subscribe', 'logs', {})
  const hashes = await ask('eth_subscribe', 'newPendingTransactions')
  const whole = await ask('eth_subscribe', 'newPendingTransactions', true)
  assert.equal(new Set([heads, logs, hashes, whole]).size, 4)
  // Creation code that emits a log with topic 7.
  const data = '0x600760205fa1'
  const hash = await ask('eth_sendTransaction', { from: alice, data })
  await until(() => told(whole).length === 1)
  assert.deepEqual(told(hashes), [hash])
  assert.equal(told(whole)[0]?.hash, hash)
  assert.equal(told(whole)[0]?.from, alice)
  const snapshot = await ask('evm_snapshot')
  await ask('evm_mine')
  await until(() => told(logs).length === 1)
  assert.equal(told(heads)[0]?.number, '0x1')
  assert.equal(told(heads)[0]?.transactions, undefined)
  assert.equal(told(logs)[0]?.transactionHash, hash)
  assert.equal(await ask('eth_unsubscribe', heads), true)
  assert.equal(await ask('eth_unsubscribe', heads), false)
  await ask('evm_revert', snapshot)
  await until(() => told(logs).length === 2)
  assert.deepEqual(told(logs)[1], { ...told(logs)[0], removed: true })
  await ask('evm_mine')
  assert.equal(told(heads).length, 1)
  assert.ok(got.every((one) => one.id === undefined || one.error === undefined))
})

test('a subscription is not told of before its id is', async (t) => {
  const { ws } = await serveRpc(t, calm)
  const { socket, got, until } = await socketTo(t, ws)
  const ask = (id: number, method: string, ...params: Json[]) => ({
    ...{ jsonrpc: '2.0', id, method, params },
  })
  socket.send(
    JSON.stringify([ask(1, 'eth_subscribe', 'newHeads'), ask(2, 'evm_mine'), ask(3, 'evm_mine')]),
  )
  await until(() => got.length === 3)
  assert.ok(Array.isArray(got[0]))
  assert.deepEqual(
    got.slice(1).map(({ params }) => params.result.number),
    ['0x1', '0x2'],
  )
})

test('a WebSocket has only so many subscriptions', async (t) => {
  const { ws } = await serveRpc(t, { ...calm, limits: { subscriptions: 2 } })
  const { ask, got } = await socketTo(t, ws)
  for (const kind of ['newHeads', 'logs', 'syncing']) await ask('eth_subscribe', kind)
  const { error } = got.at(-1) as { error?: { code: number } }
  assert.equal(error?.code, -32005)
})

test('a WebSocket message may not be too long', async (t) => {
  const { ws } = await serveRpc(t, { ...calm, limits: { requestBytes: 1_000 } })
  const { socket } = await socketTo(t, ws)
  socket.send('x'.repeat(1_001))
  const [code] = await once(socket, 'close')
  assert.equal(code, 1009)
})

test('a client that does not read is closed, and others are not', async (t) => {
  const { url, ws } = await serveRpc(t, { ...calm, limits: { socketQueueBytes: 100_000 } })
  const slow = await socketTo(t, ws)
  const quick = await socketTo(t, ws)
  await slow.ask('eth_subscribe', 'newPendingTransactions', true)
  await quick.ask('eth_subscribe', 'newPendingTransactions', true)
  const closed = once(slow.socket, 'close')
  slow.socket.pause()
  const data = toHex(new Uint8Array(100_000))
  const send = (nonce: number) => ({
    ...{ jsonrpc: '2.0', id: nonce, method: 'eth_sendTransaction' },
    params: [{ from: alice, to: alice, data, gas: '0x989680', nonce: `0x${nonce.toString(16)}` }],
  })
  for (let nonce = 0; nonce < 60; nonce += 1) {
    const response = await post(url, JSON.stringify(send(nonce)))
    assert.match(await response.text(), /"result"/)
  }
  await quick.until(() => quick.got.length === 61)
  slow.socket.resume()
  const [code] = await closed
  assert.equal(code, 1006)
  assert.ok(slow.got.length < 61)
  assert.equal(await quick.ask('eth_chainId'), '0x4f1a')
})

test('a WebSocket of a foreign page or name is refused', async (t) => {
  const { ws, url } = await serveRpc(t, calm)
  for (const [options, status] of [
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'chrome-extension://abc' }, 403],
    [{ headers: { host: 'evil.example' } }, 403],
  ] as const) {
    const socket = new WebSocket(ws, options)
    const [, response] = await once(socket, 'unexpected-response')
    assert.equal(response.statusCode, status)
    socket.on('error', () => {})
    socket.terminate()
  }
  const lost = new WebSocket(`${ws}/rpc/other`)
  const [, response] = await once(lost, 'unexpected-response')
  assert.equal(response.statusCode, 404)
  lost.on('error', () => {})
  lost.terminate()
  const own = await socketTo(t, `${ws}/rpc/dev`, { origin: url })
  assert.equal(await own.ask('eth_chainId'), '0x4f1a')
})

test('a taken port is named', async (t) => {
  const { url } = await serveRpc(t, calm)
  const port = Number(new URL(url).port)
  const { rpc } = await openRpc(t, { ...calm, port })
  await assert.rejects(rpc.start(), (error) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'rpc/port-in-use')
    assert.match(error.message, new RegExp(`port ${port} .* is taken.*--rpc-port`))
    return true
  })
})

test('stopping closes everything and frees the port', async (t) => {
  const { rpc, url, ws } = await serveRpc(t, calm)
  const { socket, ask } = await socketTo(t, ws)
  await ask('eth_subscribe', 'newHeads')
  const closed = once(socket, 'close')
  await rpc.stop()
  const [code] = await closed
  assert.equal(code, 1001)
  await assert.rejects(post(url, JSON.stringify(chainId)))
  const again = await openRpc(t, { ...calm, port: Number(new URL(url).port) })
  await again.rpc.start()
  assert.equal(again.rpc.url, url)
})

test('it listens on IPv6 loopback too', async (t) => {
  const chain = await openChain(t, calm)
  const { rpc } = await openRpc(t, { ...calm, host: '::1' }, { chain })
  try {
    await rpc.start()
  } catch (error) {
    if (error instanceof AppError && error.code === 'rpc/cannot-listen')
      return t.skip('no IPv6 here')
    throw error
  }
  assert.match(rpc.url ?? '', /^http:\/\/\[::1\]:/)
  assert.equal((await post(rpc.url ?? '', JSON.stringify(chainId))).status, 200)
})

test('stops at once although a client has sent only half a request', async (t) => {
  const { rpc, url } = await serveRpc(t, calm)
  const half = connect(Number(new URL(url).port), '127.0.0.1')
  half.on('error', () => {})
  const head = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
  half.write(`${head}content-length: 100\r\n\r\n{`)
  const silent = connect(Number(new URL(url).port), '127.0.0.1')
  silent.on('error', () => {})
  await (await post(url, JSON.stringify(chainId))).text()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const startedMs = Date.now()
  await rpc.stop()
  assert.ok(Date.now() - startedMs < 5_000)
  half.destroy()
  silent.destroy()
})

test('a client that resets a refused WebSocket does no harm', async (t) => {
  const { url } = await serveRpc(t, calm)
  const head =
    'GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket'
  for (let round = 0; round < 50; round += 1) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`${head}\r\nsec-websocket-version: 13\r\n\r\n`)
    await new Promise((resolve) => setTimeout(resolve, round % 3))
    socket.resetAndDestroy()
  }
  assert.equal((await post(url, JSON.stringify(chainId))).status, 200)
})

test('a refused WebSocket leaves no connection behind, whatever its client does', async (t) => {
  const { rpc, url } = await serveRpc(t, calm)
  const head =
    'GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket'
  const sockets = Array.from({ length: 3 }, () => {
    const socket = connect({
      port: Number(new URL(url).port),
      host: '127.0.0.1',
      allowHalfOpen: true,
    })
    socket.write(`${head}\r\nsec-websocket-version: 13\r\n\r\n`)
    return socket
  })
  await Promise.all(sockets.map((socket) => once(socket, 'data')))
  for (const socket of sockets) socket.end('more')
  const startedMs = Date.now()
  await rpc.stop()
  assert.ok(Date.now() - startedMs < 5_000)
  for (const socket of sockets) socket.destroy()
})

test('an HTTP client that does not take its answer is cut off', async (t) => {
  const { url, chain } = await serveRpc(t, { ...calm, limits: { responseTimeoutMs: 100 } })
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(async () => void socket.destroy())
  socket.pause()
  const body = JSON.stringify(
    Array.from({ length: 200 }, (_, id) => ({
      ...{ jsonrpc: '2.0', id, method: 'rpc_discover' },
    })),
  )
  const head = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
  socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`)
  socket.on('error', () => {})
  // Whoever does not read sees the end of the connection only when writing.
  const writing = setInterval(() => socket.write(' '), 20)
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(writing)
  assert.equal(chain.head().header.number, 0n)
})

test('a client that has closed its side gets its answer, then the end', async (t) => {
  const { url } = await serveRpc(t, calm)
  const { port, hostname } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  t.after(async () => void socket.destroy())
  const body = JSON.stringify({ ...chainId, method: 'evm_mine' })
  const head = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
  socket.end(`${head}content-length: ${body.length}\r\n\r\n${body}`)
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  await once(socket, 'end')
  assert.match(text, /"result":"0x0"/)
})

test('lists within lists without end are refused like anything else', async (t) => {
  const { url } = await serveRpc(t, calm)
  const deep = '['.repeat(500_000) + ']'.repeat(500_000)
  const request = (method: string, params: string) =>
    `{"jsonrpc":"2.0","id":1e400,"method":"${method}","params":${params}}`
  const bodies = [
    ...[deep, request('eth_call', `[${deep}]`), request('eth_chainId', deep)],
    ...[
      request('eth_getLogs', `[{"topics":${deep}}]`),
      request('debug_traceCall', `[{},{},${deep}]`),
    ],
    request('eth_simulateV1', `[{"blockStateCalls":${deep}}]`),
  ]
  for (const body of bodies) {
    const response = await post(url, body)
    assert.equal(response.status, 200)
    assert.match(await response.text(), /"error":\{"code":-32[67]0[0-9]/)
  }
  assert.match(await (await post(url, JSON.stringify(chainId))).text(), /0x4f1a/)
})
