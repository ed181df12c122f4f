/** Checks how a foreign chain is met, and how JSON-RPC is passed on to it. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Composition } from './composition.ts'
import { openChain } from './source-chain.ts'

/** Opens a foreign chain at an endpoint that answers methods by `answers`, or every body by one text. */
async function foreign(
  t: TestContext,
  answers: Readonly<Record<string, unknown>> | string,
  isDropped = (_method: string, _before: number) => false,
) {
  const asked: unknown[] = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
    const before = asked.filter((method) => method === body.method).length
    asked.push(body.method)
    if (isDropped(body.method, before)) return void response.destroy()
    const known = typeof answers === 'string' || answers[body.method]
    const error = { code: -32_601, message: 'no such method' }
    const result = { jsonrpc: '2.0', id: body.id, ...(known ? { result: known } : { error }) }
    response.end(typeof answers === 'string' ? answers : JSON.stringify(result))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const values = { endpoint: `http://127.0.0.1:${port}/key`, contract: `0x${'1'.repeat(40)}` }
  const stops: (() => Promise<void>)[] = []
  t.after(async () => {
    for (const stop of stops) await stop()
  })
  const composition = { values, given: {}, hooks: {}, stops } as unknown as Composition
  return { asked, port, open: () => openChain(composition) }
}

const vault = { eth_chainId: '0x7', eth_call: `0x${'22'.repeat(20).padStart(64, '0')}` }

test('what answers, but not as a chain does, is named', async (t) => {
  const { port, open } = await foreign(t, '{"error": {"message": "no such page"}}')
  const message = `http://127.0.0.1:${port}/… does not tell its chain id: no such page`
  await assert.rejects(open(), { code: 'node/no-chain', message })
})

test('settings for chains of the node are refused', async () => {
  const values = { endpoint: 'http://127.0.0.1:9', contract: `0x${'1'.repeat(40)}` }
  for (const set of [{ injectKeyFile: 'key.json' }, { injectSchemas: 'schemas' }]) {
    const composition = { values: { ...values, ...set }, given: {}, hooks: {} } as unknown
    await assert.rejects(openChain(composition as Composition), { code: 'node/no-own-chain' })
  }
})

test('a chain id that is no number is not taken', async (t) => {
  const { open } = await foreign(t, { ...vault, eth_chainId: 'seven' })
  await assert.rejects(open(), { code: 'node/no-chain' })
})

test('requests are passed on; notifications get no answer, and params by name are refused', async (t) => {
  const { asked, open } = await foreign(t, { ...vault, net_version: '7' })
  const chain = await open()
  const answer = async (body: unknown) => {
    const text = await chain?.answer(JSON.stringify(body))
    return text === undefined ? undefined : JSON.parse(text)
  }
  const request = { jsonrpc: '2.0', method: 'net_version' }
  assert.deepEqual(await answer({ ...request, id: 1 }), { jsonrpc: '2.0', id: 1, result: '7' })
  assert.equal(await answer(request), undefined)
  assert.equal(await answer([request, request]), undefined)
  assert.equal((await answer([request, { ...request, id: 2 }])).length, 1)
  assert.equal((await answer({ ...request, id: 3, params: { a: 1 } })).error.code, -32_602)
  assert.equal((await answer([null]))[0].error.code, -32_600)
  assert.equal(asked.filter((method) => method === 'net_version').length, 6)
})

test('a question that is dropped at the start is asked again', async (t) => {
  const answers = { ...vault, web3_clientVersion: 'anvil/v1' }
  const { asked, open } = await foreign(t, answers, (_, before) => before === 0)
  const chain = await open()
  assert.deepEqual(
    [chain?.chainId, chain?.contracts?.allocationToken, chain?.minesOnDemand],
    [7, `0x${'22'.repeat(20)}`, true],
  )
  const methods = ['eth_chainId', 'eth_call', 'web3_clientVersion']
  assert.deepEqual(
    methods.map((method) => asked.filter((one) => one === method).length),
    [2, 2, 2],
  )
})
