/** Checks that requests are read and answered by the letter of JSON-RPC 2.0, within the limits. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../base/app-error.ts'
import type { Chain } from '../chain/chain.ts'
import { createRpc } from './rpc.ts'
import { rpcClient } from './rpc-client.ts'
import { openRpc } from './test-chain/open-rpc.ts'

type Test = Parameters<typeof openRpc>[0]

const chainId = { jsonrpc: '2.0', method: 'eth_chainId' }
const answer = (id: unknown) => ({ jsonrpc: '2.0', id, result: '0x4f1a' })

async function openText(t: Test, options: Parameters<typeof openRpc>[1] = {}) {
  const { rpc } = await openRpc(t, options)
  return async (body: unknown) => {
    const text = await rpc.handleText(typeof body === 'string' ? body : JSON.stringify(body))
    return text === undefined ? undefined : JSON.parse(text)
  }
}

test('a request is answered with its own id, be it text, number or null', async (t) => {
  const ask = await openText(t)
  for (const id of [1, 0, -1.5, 'a', '', null])
    assert.deepEqual(await ask({ ...chainId, id }), answer(id))
  assert.deepEqual(await ask({ ...chainId, id: 1, params: [] }), answer(1))
  assert.deepEqual(await ask({ ...chainId, id: 1, params: null }), answer(1))
})

test('an id that a double cannot hold comes back as it was', async (t) => {
  const { rpc } = await openRpc(t)
  const ids = ['9007199254740993', '123456789012345678901234567890', '1.5e400']
  const request = (id: string) => `{"jsonrpc":"2.0","id":${id},"method":"net_listening"}`
  for (const id of ids) {
    assert.equal(await rpc.handleText(request(id)), `{"jsonrpc":"2.0","id":${id},"result":true}`)
  }
  const batch = await rpc.handleText(`[${ids.map(request).join(',')}]`)
  for (const id of ids) assert.ok(batch?.includes(`"id":${id},`))
})

test('a notification is not answered, not even when it fails', async (t) => {
  const ask = await openText(t)
  assert.equal(await ask(chainId), undefined)
  assert.equal(await ask({ ...chainId, method: 'eth_nothing' }), undefined)
  assert.equal(await ask([chainId, chainId]), undefined)
  assert.deepEqual(await ask([chainId, { ...chainId, id: 2 }]), [answer(2)])
})

test('what is no request is refused with the right code', async (t) => {
  const ask = await openText(t)
  const code = async (body: unknown) => {
    const { id, error } = await ask(body)
    return [id, error.code]
  }
  assert.deepEqual(await code('{"jsonrpc": "2.0", "method": "foobar, "params"'), [null, -32700])
  assert.deepEqual(await code(''), [null, -32700])
  assert.deepEqual(await code('1'), [null, -32600])
  assert.deepEqual(await code({ jsonrpc: '2.0', id: 1, method: 1, params: 'bar' }), [1, -32600])
  assert.deepEqual(await code({ jsonrpc: '1.0', id: 1, method: 'eth_chainId' }), [1, -32600])
  assert.deepEqual(await code({ ...chainId, id: {} }), [null, -32600])
  assert.deepEqual(await code({ ...chainId, id: 1, params: 'bar' }), [1, -32600])
  assert.deepEqual(await code({ ...chainId, id: 1, params: { a: 1 } }), [1, -32602])
  assert.deepEqual(await code({ ...chainId, id: 1, params: [1] }), [1, -32602])
  assert.deepEqual(await code([]), [null, -32600])
  for (const method of ['eth_nothing', 'constructor', '__proto__', 'toString', ''])
    assert.deepEqual(await code({ ...chainId, id: 1, method }), [1, -32601])
})

test('a batch is answered item by item', async (t) => {
  const ask = await openText(t)
  const answers = await ask([{ ...chainId, id: 'a' }, 1, {}, { ...chainId, id: 'b' }])
  assert.deepEqual(answers[0], answer('a'))
  assert.equal(answers[1].error.code, -32600)
  assert.equal(answers[2].error.code, -32600)
  assert.deepEqual(answers[3], answer('b'))
})

test('a batch may not be too long', async (t) => {
  const ask = await openText(t)
  const batch = (length: number) => Array.from({ length }, (_, id) => ({ ...chainId, id }))
  assert.equal((await ask(batch(1_000))).length, 1_000)
  const { error } = await ask(batch(1_001))
  assert.equal(error.code, -32600)
  assert.match(error.message, /1001 requests, at most 1000/)
})

test('answers may not be too long together, and nothing runs once they are', async (t) => {
  let runs = 0
  const metrics = {
    counter: () => ({
      add: () => {
        runs += 1
      },
    }),
    gauge: () => ({ set: () => {} }),
    observed: () => () => {},
    histogram: () => ({ observe: () => {} }),
  }
  const { rpc } = await openRpc(t, { limits: { responseLength: 150 } }, { metrics })
  runs = 0
  const batch = Array.from({ length: 10 }, (_, id) => ({ ...chainId, id }))
  const answers = JSON.parse((await rpc.handleText(JSON.stringify(batch))) ?? '')
  assert.equal(answers.length, 10)
  assert.deepEqual(answers[0], answer(0))
  assert.equal(answers[9].id, 9)
  assert.equal(answers[9].error.code, -32003)
  assert.equal(runs, answers.filter((one: object) => 'result' in one).length + 1)
})

test('parsed bodies are answered in the process', async (t) => {
  const { rpc } = await openRpc(t)
  assert.deepEqual(await rpc.handle({ ...chainId, id: 1 }), answer(1))
  assert.deepEqual(await rpc.handle([{ ...chainId, id: 1 }], 'dev'), [answer(1)])
  assert.deepEqual(await rpc.handle(JSON.stringify({ ...chainId, id: 1 })), answer(1))
  assert.equal(await rpc.handle(chainId), undefined)
  await assert.rejects(rpc.handle({ ...chainId, id: 1 }, 'other'), /no chain named "other"/)
})

test('the in-process client gives results and throws errors', async (t) => {
  const { rpc } = await openRpc(t)
  const client = rpcClient(rpc)
  assert.equal(await client.request('eth_chainId'), '0x4f1a')
  await assert.rejects(client.request('eth_getBalance', ['0x12']), (error) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'json-rpc/error')
    assert.equal(error.data.code, -32602)
    assert.match(error.message, /params\[0\]: expected an address of 20 bytes, got "0x12"/)
    return true
  })
  await assert.rejects(client.request('eth_subscribe', ['newHeads']), /notifications not supported/)
})

test('a failure that nobody planned is logged and not shown', async (t) => {
  const lines: unknown[] = []
  const log = () => {}
  const logger = {
    debug: log,
    info: log,
    warn: log,
    error: (...line: unknown[]) => lines.push(line),
  }
  const { chain } = await openRpc(t)
  const broken = {
    manifest: chain.manifest,
    subscribe: () => () => {},
    head: () => {
      throw new Error('secret')
    },
  } as unknown as Chain
  const { rpc } = await openRpc(t, {}, { chain: broken, logger: logger as never })
  const text = await rpc.handleText(
    JSON.stringify({ ...chainId, id: 1, method: 'eth_blockNumber' }),
  )
  assert.equal(JSON.parse(text ?? '').error.code, -32603)
  assert.doesNotMatch(text ?? '', /secret/)
  assert.equal(lines.length, 1)
})

test('the development methods are there only in development', async (t) => {
  const { rpc } = await openRpc(t, { dev: false })
  await assert.rejects(rpc.call('evm_mine', []), /the method evm_mine does not exist/)
  const modules = (await rpc.call('rpc_modules', [])) as object
  assert.deepEqual(Object.keys(modules).sort(), [
    ...['admin', 'debug', 'eth', 'net', 'personal', 'qs', 'rpc', 'testing', 'txpool', 'web3'],
  ])
})

test('it refuses to be made for a public address', async (t) => {
  const { chain } = await openRpc(t)
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const metrics = {
    counter: () => ({ add() {} }),
    observed: () => () => {},
    gauge: () => ({ set() {} }),
    histogram: () => ({ observe() {} }),
  }
  const dependencies = { chain, clock: { nowMs: () => 0 }, logger, metrics } as const
  assert.throws(
    () => createRpc({ version: '0', host: '0.0.0.0' }, dependencies),
    (error) => error instanceof AppError && error.code === 'base/public-address',
  )
})

test('whatever comes, a well-formed answer goes', async (t) => {
  const { rpc } = await openRpc(t, { limits: { callGas: 100_000n, callGasCap: 100_000n } })
  const known = Object.keys((await rpc.call('rpc_modules', [])) as object).length
  assert.ok(known > 0)
  const methods = [
    ...['eth_call', 'eth_getLogs', 'eth_getBalance', 'eth_getStorageAt', 'eth_feeHistory'],
    ...['eth_estimateGas', 'eth_sendTransaction', 'eth_sendRawTransaction', 'eth_getProof'],
    ...['eth_newFilter', 'eth_getFilterChanges', 'eth_getBlockByNumber', 'eth_subscribe'],
    ...['eth_createAccessList', 'eth_getTransactionByHash', 'eth_sign', 'txpool_contentFrom'],
    ...['eth_simulateV1', 'testing_buildBlockV1', 'eth_getStorageValues', 'hardhat_setBalance'],
    ...['anvil_setCode', 'hardhat_setStorageAt', 'debug_getRawBlock', 'evm_mine'],
    ...['eth_getBlockReceipts', 'evm_revert', 'evm_increaseTime', 'evm_setIntervalMining'],
  ]
  const account = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
  const leaf = fc.oneof(
    fc.constantFrom(
      '0x',
      '0x0',
      '0x1',
      '0x01',
      'latest',
      'pending',
      account,
      `0x${'0'.repeat(64)}`,
    ),
    fc.jsonValue({ maxDepth: 1 }),
  )
  const fields = ['from', 'to', 'data', 'gas', 'value', 'topics', 'address', 'fromBlock', 'toBlock']
  const record = fc.dictionary(fc.constantFrom(...fields, 'blockHash', account), leaf)
  const param = fc.oneof(leaf, record, fc.dictionary(fc.constantFrom(account, '0x1'), record))
  const request = fc.record({
    jsonrpc: fc.constant('2.0'),
    id: fc.integer(),
    method: fc.constantFrom(...methods),
    params: fc.array(param, { maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.oneof(request, fc.jsonValue()), async (body) => {
      const text = await rpc.handleText(JSON.stringify(body))
      if (text === undefined) return
      for (const { jsonrpc, error } of [JSON.parse(text)].flat()) {
        assert.equal(jsonrpc, '2.0')
        if (error) assert.notEqual(error.code, -32603, `${JSON.stringify(body)}: ${error.message}`)
      }
    }),
    { numRuns: 600 },
  )
})
