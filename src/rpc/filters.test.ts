/** Checks filters, snapshots and what listeners hear of a reorganisation. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { alice, logger } from './test-chain/ask.ts'
import { openRpc } from './test-chain/open-rpc.ts'

const topic = `0x${'7'.padStart(64, '0')}`

type Change = Record<string, Json>

async function open(t: Parameters<typeof openRpc>[0], options: Parameters<typeof openRpc>[1] = {}) {
  let nowMs = 0
  const clock = { nowMs: () => nowMs }
  const { rpc } = await openRpc(t, { blockTimeMs: 3_600_000, ...options }, { clock })
  const ask = async <T = Change[]>(method: string, ...params: Json[]) =>
    (await rpc.call(method, params)) as T
  const deploy = async () => {
    const hash = await ask<Hex>('eth_sendTransaction', { from: alice, data: logger })
    await ask('evm_mine')
    const receipt = await ask<Change>('eth_getTransactionReceipt', hash)
    assert.equal(receipt.status, '0x1')
    return receipt.contractAddress as Hex
  }
  const emit = async (to: Hex) => {
    await ask('eth_sendTransaction', { from: alice, to })
    await ask('evm_mine')
  }
  const wait = (ms: number) => {
    nowMs += ms
  }
  return { rpc, ask, deploy, emit, wait }
}

test('filters tell what is new since the last time', async (t) => {
  const { ask, deploy, emit } = await open(t)
  const contract = await deploy()
  const blocks = await ask<Hex>('eth_newBlockFilter')
  const waiting = await ask<Hex>('eth_newPendingTransactionFilter')
  const logs = await ask<Hex>('eth_newFilter', { address: contract, topics: [topic] })
  const others = await ask<Hex>('eth_newFilter', { address: alice })
  assert.equal(new Set([blocks, waiting, logs, others]).size, 4)
  await emit(contract)
  const { hash, transactions } = await ask<Change>('eth_getBlockByNumber', 'latest')
  assert.deepEqual(await ask('eth_getFilterChanges', blocks), [hash])
  assert.deepEqual(await ask('eth_getFilterChanges', waiting), transactions)
  assert.deepEqual(await ask('eth_getFilterChanges', others), [])
  const found = await ask('eth_getFilterChanges', logs)
  assert.deepEqual(
    found.map((log) => [log.blockHash, log.removed]),
    [[hash, false]],
  )
  for (const id of [blocks, waiting, logs])
    assert.deepEqual(await ask('eth_getFilterChanges', id), [])
  assert.deepEqual(await ask('eth_getFilterLogs', logs), found)
})

test('a filter of past blocks hears nothing new', async (t) => {
  const { ask, deploy, emit } = await open(t)
  const contract = await deploy()
  const past = await ask<Hex>('eth_newFilter', { fromBlock: '0x0', toBlock: '0x1' })
  const future = await ask<Hex>('eth_newFilter', { fromBlock: '0x3', toBlock: '0x3' })
  await emit(contract)
  assert.deepEqual(await ask('eth_getFilterChanges', past), [])
  assert.deepEqual(await ask('eth_getFilterChanges', future), [])
  await emit(contract)
  assert.equal((await ask('eth_getFilterChanges', future)).length, 1)
})

test('filters hear of logs that leave the chain', async (t) => {
  const { ask, deploy, emit } = await open(t)
  const contract = await deploy()
  const logs = await ask<Hex>('eth_newFilter', {})
  const snapshot = await ask<Hex>('evm_snapshot')
  await emit(contract)
  await emit(contract)
  const added = await ask('eth_getFilterChanges', logs)
  assert.equal(added.length, 2)
  assert.equal(await ask<boolean>('evm_revert', snapshot), true)
  const removed = await ask('eth_getFilterChanges', logs)
  const expected = added.toReversed().map((log) => ({ ...log, removed: true }))
  assert.deepEqual(removed, expected)
  assert.equal(await ask<Hex>('eth_blockNumber'), '0x1')
  assert.equal(await ask<boolean>('evm_revert', snapshot), false)
})

test('a filter goes when it is uninstalled, or when nobody asks for five minutes', async (t) => {
  const { rpc, ask, wait } = await open(t)
  const [first, second] = [
    await ask<Hex>('eth_newBlockFilter'),
    await ask<Hex>('eth_newFilter', {}),
  ]
  assert.equal(await ask<boolean>('eth_uninstallFilter', first), true)
  assert.equal(await ask<boolean>('eth_uninstallFilter', first), false)
  await assert.rejects(rpc.call('eth_getFilterChanges', [first]), /filter not found/)
  wait(299_000)
  await ask('eth_getFilterChanges', second)
  wait(299_000)
  assert.deepEqual(await ask('eth_getFilterChanges', second), [])
  wait(301_000)
  await assert.rejects(rpc.call('eth_getFilterChanges', [second]), /filter not found/)
})

test('there are only so many filters, with only so many changes', async (t) => {
  const { rpc, ask, wait } = await open(t, { limits: { filters: 2, filterChanges: 3 } })
  const [one] = [await ask<Hex>('eth_newBlockFilter'), await ask<Hex>('eth_newBlockFilter')]
  await assert.rejects(rpc.call('eth_newFilter', [{}]), /there are 2 filters already/)
  await ask('evm_mine', { blocks: 3 })
  assert.equal((await ask('eth_getFilterChanges', one)).length, 3)
  await ask('evm_mine', { blocks: 4 })
  await assert.rejects(rpc.call('eth_getFilterChanges', [one]), /filter not found/)
  await ask('eth_newBlockFilter')
  wait(301_000)
  await ask('eth_newBlockFilter')
})

test('a snapshot that is gone back to takes the transactions since then with it', async (t) => {
  const { ask } = await open(t)
  const snapshot = await ask<Hex>('evm_snapshot')
  const hash = await ask<Hex>('eth_sendTransaction', { from: alice, to: alice })
  await ask('evm_mine')
  assert.equal(await ask<boolean>('evm_revert', snapshot), true)
  await ask('evm_mine')
  assert.equal(await ask('eth_getTransactionByHash', hash), null)
  assert.equal(await ask<Hex>('eth_getTransactionCount', alice, 'pending'), '0x0')
})

test('a development chain can be moved in time and back to a snapshot', async (t) => {
  const { ask } = await open(t)
  const before = await ask<Change>('eth_getBlockByNumber', 'latest')
  assert.equal(await ask<string>('evm_increaseTime', 1000), '1000')
  assert.equal(await ask<string>('evm_increaseTime', '0x10'), '1016')
  const first = await ask<Hex>('evm_snapshot')
  await ask('evm_mine')
  const after = await ask<Change>('eth_getBlockByNumber', 'latest')
  assert.ok(Number(after.timestamp) - Number(before.timestamp) >= 1016)
  const second = await ask<Hex>('evm_snapshot')
  assert.equal(await ask<boolean>('evm_revert', first), true)
  assert.equal(await ask<boolean>('evm_revert', second), false)
  assert.equal(await ask<boolean>('evm_setIntervalMining', 0), true)
  const hash = await ask<Hex>('eth_sendTransaction', { from: alice, to: alice })
  await ask('evm_mine')
  assert.equal((await ask<Change>('eth_getTransactionReceipt', hash)).status, '0x1')
})
