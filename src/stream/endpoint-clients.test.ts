/** Speaks to real servers over WebSockets, and goes over to another endpoint when one is away. */

import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { WebSocketServer } from 'ws'
import { AppError } from '../base/app-error.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { createFailoverClient } from './endpoint-clients.ts'
import { createSocketClient, type SocketClientOptions } from './json-rpc-socket.ts'
import type { Test } from './test-chain/listening.ts'

type Answer = (
  request: { readonly id: number; readonly method: string },
  tell: (message: unknown) => void,
) => void

/** A client of a server that answers so; both end with the test. */
async function clientOf(t: Test, answer: Answer, options: Partial<SocketClientOptions> = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  server.on('connection', (socket) => {
    socket.on('message', (text) => {
      const tell = (message: unknown) =>
        socket.send(typeof message === 'string' ? message : JSON.stringify(message))
      answer(JSON.parse(String(text)), tell)
    })
  })
  const { port } = server.address() as AddressInfo
  const client = createSocketClient({ url: `ws://127.0.0.1:${port}/secret`, ...options })
  t.after(async () => {
    client.close()
    for (const socket of server.clients) socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  })
  return { client, server }
}

const echo: Answer = ({ id, method }, tell) => tell({ jsonrpc: '2.0', id, result: method })

describe('the WebSocket client', () => {
  test('gives each question its own answer, and connects again after the connection broke', async (t) => {
    const { client, server } = await clientOf(t, echo)
    const methods = ['eth_chainId', 'eth_blockNumber', 'net_version']
    assert.deepEqual(await Promise.all(methods.map((one) => client.request(one))), methods)
    for (const socket of server.clients) socket.terminate()
    await assert.rejects(
      async () => {
        for (;;) await client.request('eth_chainId')
      },
      { code: 'json-rpc/unreachable', retry: 'later' },
    )
    assert.equal(await client.request('eth_chainId'), 'eth_chainId')
  })

  test('tells of new heads, to whom listens', async (t) => {
    const { client } = await clientOf(t, ({ id, method }, tell) => {
      tell({ jsonrpc: '2.0', id, result: '0x1' })
      if (method === 'eth_subscribe') tell({ jsonrpc: '2.0', method: 'eth_subscription' })
    })
    const looked = Promise.withResolvers<void>()
    const end = client.subscribe?.(() => looked.resolve())
    await looked.promise
    end?.()
  })

  test('gives the error of the node, and says why there is no answer', async (t) => {
    const { client } = await clientOf(t, ({ id }, tell) => {
      tell({ id, error: { code: -32005, message: 'limit exceeded' } })
    })
    await assert.rejects(client.request('eth_getLogs'), {
      ...{ code: 'json-rpc/error', message: 'limit exceeded', retry: 'later' },
    })
    const mute = await clientOf(t, () => {}, { timeoutMs: 50 })
    await assert.rejects(mute.client.request('eth_getLogs'), { data: { reason: 'timeout' } })
    const long: Answer = ({ id }, tell) => tell({ id, result: 'x'.repeat(2_000) })
    const large = await clientOf(t, long, { maxMessageBytes: 1_000 })
    await assert.rejects(large.client.request('eth_getLogs'), (error: AppError) => {
      assert.deepEqual([error.code, error.data.reason], ['json-rpc/unreachable', 'too-large'])
      return !error.message.includes('secret')
    })
    const nested: Answer = ({ id }, tell) =>
      tell(`{"id":${id},"result":${'['.repeat(100)}${']'.repeat(100)}}`)
    const deep = await clientOf(t, nested, { timeoutMs: 50 })
    await assert.rejects(deep.client.request('eth_getLogs'), { code: 'json-rpc/unreachable' })
  })
})

describe('the client of several endpoints', () => {
  const away = new AppError({ code: 'json-rpc/unreachable', message: 'away', retry: 'later' })
  const refused = new AppError({ code: 'json-rpc/error', message: 'reverted' })
  const clientThat = (asked: string[], name: string, error?: AppError): JsonRpcClient => ({
    request: async (): Promise<Json> => {
      asked.push(name)
      if (error) throw error
      return name
    },
  })

  test('goes over to the next one when one is away, and stays there', async () => {
    const asked: string[] = []
    const clients = [clientThat(asked, 'a', away), clientThat(asked, 'b')]
    const client = createFailoverClient(clients)
    assert.equal(await client.request('eth_call'), 'b')
    assert.deepEqual(await client.requestAll?.([['eth_call', []]]), ['b'])
    assert.deepEqual(asked, ['a', 'b', 'b'])
  })

  test('gives the error of the last when all are away, and of the first that refuses', async () => {
    const asked: string[] = []
    const none = createFailoverClient([clientThat(asked, 'a', away), clientThat(asked, 'b', away)])
    await assert.rejects(none.request('eth_call'), { code: 'json-rpc/unreachable' })
    const refusing = createFailoverClient([clientThat(asked, 'c', refused), clientThat(asked, 'd')])
    await assert.rejects(refusing.request('eth_call'), { message: 'reverted' })
    assert.deepEqual(asked, ['a', 'b', 'c'])
  })

  test('gives all of them what one took, and asks all for what one does not know', async () => {
    const heard: string[] = []
    const client = createFailoverClient(
      [null, null, 'found'].map((answer, at) => ({
        async request(method: string) {
          heard.push(`${at} ${method}`)
          return method === 'eth_sendRawTransaction' ? 'hash' : answer
        },
      })),
    )
    assert.equal(await client.request('eth_sendRawTransaction', ['0x']), 'hash')
    assert.equal(await client.request('eth_getTransactionReceipt', ['0x']), 'found')
    assert.equal(await client.request('eth_getBlockByNumber', ['0x']), null)
    const three = (method: string) => [0, 1, 2].map((at) => `${at} ${method}`)
    assert.deepEqual(heard, [
      ...[...three('eth_sendRawTransaction'), ...three('eth_getTransactionReceipt')],
      '0 eth_getBlockByNumber',
    ])
  })

  test('does not take for refused what another one may have taken: a nonce can be used by this very transaction', async () => {
    const asked: string[] = []
    const used = new AppError({ code: 'json-rpc/error', message: 'nonce too low' })
    const client = createFailoverClient([
      clientThat(asked, 'a', away),
      clientThat(asked, 'b', used),
    ])
    await assert.rejects(client.request('eth_sendRawTransaction', ['0x']), {
      code: 'json-rpc/unreachable',
    })
    // The next one is asked alone, and its word counts.
    await assert.rejects(client.request('eth_sendRawTransaction', ['0x']), {
      message: 'nonce too low',
    })
    assert.deepEqual(asked, ['a', 'b', 'b'])
  })
})
