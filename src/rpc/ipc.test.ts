/** Checks JSON-RPC over a socket file: framing, subscriptions, limits, start and stop. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonValues } from './server/json-values.ts'
import { openRpc } from './test-chain/open-rpc.ts'

type Test = Parameters<typeof openRpc>[0]
type Message = { id?: number; result?: unknown; params?: { result: { number: string } } }

const asking = (method: string, id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method })

async function socketPath(t: Test): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-ipc-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return path.join(folder, 'node.ipc')
}

async function serve(t: Test, limits: Parameters<typeof openRpc>[1] = {}) {
  const ipc = await socketPath(t)
  const opened = await openRpc(t, { blockTimeMs: 3_600_000, ...limits, ipc })
  await opened.rpc.start()
  return { ...opened, ipc }
}

/** A client that remembers what it got. */
async function client(t: Test, ipc: string) {
  const socket = connect(ipc)
  t.after(async () => void socket.destroy())
  await once(socket, 'connect')
  const got: Message[] = []
  const values = new JsonValues(1e9)
  socket.on('data', (bytes: Buffer) => {
    for (const text of values.take(bytes).texts) got.push(JSON.parse(text))
    socket.emit('told')
  })
  socket.on('error', () => {})
  const until = async (found: () => boolean) => {
    while (!found()) await once(socket, 'told')
  }
  return { socket, got, until }
}

test('values follow each other without any sign between them', async (t) => {
  const { ipc } = await serve(t)
  const { socket, got, until } = await client(t, ipc)
  const many = `${asking('eth_chainId')}[${asking('eth_chainId', 2)}] \n${asking('net_version', 3)}`
  socket.write(many.slice(0, 20))
  socket.write(many.slice(20))
  await until(() => got.length === 3)
  assert.deepEqual(got.find(({ id }) => id === 1)?.result, '0x4f1a')
  assert.deepEqual(got.find(({ id }) => id === 3)?.result, '20250')
})

test('a client that has stopped sending gets its answers, then the end', async (t) => {
  const { ipc } = await serve(t)
  const { socket, got } = await client(t, ipc)
  socket.end(asking('eth_chainId'))
  await once(socket, 'end')
  assert.equal(got[0]?.result, '0x4f1a')
})

test('subscriptions are told', async (t) => {
  const { ipc, chain } = await serve(t)
  const { socket, got, until } = await client(t, ipc)
  socket.write('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}')
  await until(() => got.length === 1)
  await chain.dev.sealNow()
  await until(() => got.length === 2)
  assert.equal(got[1]?.params?.result.number, '0x1')
})

test('what is not JSON gets the error and the end; what is too long or too slow the end', async (t) => {
  const { ipc } = await serve(t, { limits: { requestBytes: 100, requestTimeoutMs: 50 } })
  const wrong = await client(t, ipc)
  wrong.socket.write('hello')
  await once(wrong.socket, 'end')
  assert.match(JSON.stringify(wrong.got), /-32700/)
  const long = await client(t, ipc)
  long.socket.write('[')
  long.socket.write(' '.repeat(100))
  await once(long.socket, 'close')
  const slow = await client(t, ipc)
  slow.socket.write('{')
  await once(slow.socket, 'close')
})

test('an abandoned socket is replaced, one in use and any other file are left', async (t) => {
  const ipc = await socketPath(t)
  const other = createServer().listen(ipc)
  t.after(async () => void other.close())
  await once(other, 'listening')
  const taken = await openRpc(t, { ipc })
  await assert.rejects(taken.rpc.start(), { code: 'rpc/ipc-in-use' })
  const file = await socketPath(t)
  await writeFile(file, 'mine')
  const blocked = await openRpc(t, { ipc: file })
  await assert.rejects(blocked.rpc.start(), { code: 'rpc/ipc-in-use' })
  const none = await openRpc(t, { ipc: path.join(ipc, 'deeper', 'node.ipc') })
  await assert.rejects(none.rpc.start(), { code: 'rpc/cannot-listen-ipc' })
})

test('the socket is removed at the stop, and clients are closed', async (t) => {
  const { ipc, rpc } = await serve(t)
  const { socket, got, until } = await client(t, ipc)
  socket.write(asking('eth_chainId'))
  await until(() => got.length === 1)
  await Promise.all([once(socket, 'end'), rpc.stop()])
  await assert.rejects(access(ipc))
})

test('values are cut the same wherever the stream is broken', () => {
  const value = fc.oneof(fc.dictionary(fc.string(), fc.json()), fc.array(fc.string()))
  fc.assert(
    fc.property(fc.array(value), fc.array(fc.nat(200)), (all, cuts) => {
      const bytes = Buffer.from(all.map((one) => JSON.stringify(one)).join(' '))
      const values = new JsonValues(1e6)
      const places = [...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length]
      const texts = places.flatMap((to, at) => {
        const cut = values.take(bytes.subarray(places[at - 1] ?? 0, to))
        assert.equal(cut.refusal, undefined)
        return cut.texts
      })
      assert.deepEqual(
        texts.map((text) => JSON.parse(text)),
        all.map((one) => JSON.parse(JSON.stringify(one))),
      )
      assert.equal(values.isWithin, false)
    }),
  )
})
