/** Checks what tools ask of a development node: time, blocks, and accounts that are set by hand. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '../base/bytes.ts'
import { alice, type Fields, nobody, open, refused, slotReader } from './test-chain/ask.ts'

const latest = 'latest'

test('accounts are set by hand, under the names of both tools', async (t) => {
  const { ask } = await open(t)
  await ask('hardhat_setBalance', nobody, '0x123')
  assert.equal(await ask<Hex>('eth_getBalance', nobody, latest), '0x123')
  await ask('anvil_setNonce', nobody, '0x7')
  assert.equal(await ask<Hex>('eth_getTransactionCount', nobody, latest), '0x7')
  await ask('hardhat_setCode', nobody, `0x${slotReader.slice(-16)}`)
  await ask('anvil_setStorageAt', nobody, '0x0', `0x${'5'.padStart(64, '0')}`)
  assert.equal(Number(await ask<Hex>('eth_getStorageAt', nobody, '0x0', latest)), 5)
  assert.equal(Number(await ask<Hex>('eth_call', { to: nobody })), 5)
  await ask('evm_mine')
  assert.equal(Number(await ask<Hex>('eth_call', { to: nobody })), 5)
  const proof = await ask('eth_getProof', nobody, ['0x0'], latest)
  assert.equal(proof.nonce, '0x7')
})

test('an account that is set to nothing is not there', async (t) => {
  const { ask } = await open(t)
  const root = (await ask('eth_getBlockByNumber', latest)).stateRoot
  await ask('hardhat_setBalance', nobody, '0x1')
  await ask('hardhat_setBalance', nobody, '0x0')
  const proof = await ask('eth_getProof', nobody, [], latest)
  const first = (proof.accountProof as Hex[])[0] ?? '0x'
  assert.equal((await ask<Hex>('web3_sha3', first)) === root, true)
})

test('a snapshot brings back accounts that were set by hand', async (t) => {
  const { ask } = await open(t)
  await ask('anvil_setBalance', nobody, '0x1')
  const snapshot = await ask<Hex>('evm_snapshot')
  await ask('anvil_setBalance', nobody, '0x2')
  assert.equal(await ask<boolean>('evm_revert', snapshot), true)
  assert.equal(await ask<Hex>('eth_getBalance', nobody, latest), '0x1')
})

test('a snapshot is good once, brings back the time, and goes when there are too many', async (t) => {
  const { ask } = await open(t, { limits: { snapshots: 2 } })
  const [first, second, third] = [
    await ask<Hex>('evm_snapshot'),
    await ask<Hex>('evm_snapshot'),
    await ask<Hex>('evm_snapshot'),
  ]
  assert.equal(await ask<boolean>('evm_revert', first), false)
  const { timestamp } = await ask('eth_getBlockByNumber', 'pending')
  assert.equal(await ask<string>('evm_increaseTime', 1_000_000), '1000000')
  await ask('hardhat_mine', '0x82')
  assert.equal(await ask<boolean>('evm_revert', second), true)
  assert.equal(await ask<Hex>('eth_blockNumber'), '0x0')
  const after = await ask('eth_getBlockByNumber', 'pending')
  assert.ok(Number(after.timestamp) - Number(timestamp) < 1_000)
  assert.equal(await ask<string>('evm_increaseTime', 5), '5')
  for (const used of [second, third]) assert.equal(await ask<boolean>('evm_revert', used), false)
})

test('time, fees, gas limit, mix and coinbase of blocks can be chosen', async (t) => {
  const { ask, rpc } = await open(t)
  const { timestamp } = await ask('eth_getBlockByNumber', latest)
  const later = Number(timestamp) + 2 ** 31
  assert.equal(await ask<string>('evm_setNextBlockTimestamp', later), String(later))
  assert.equal(Number((await ask('eth_getBlockByNumber', 'pending')).timestamp), later)
  await ask('hardhat_setNextBlockBaseFeePerGas', '0x5')
  await ask('hardhat_setPrevRandao', `0x${'ab'.repeat(32)}`)
  await ask('hardhat_setCoinbase', nobody)
  await ask('evm_setBlockGasLimit', '0x3938700')
  await ask('evm_mine')
  const first = await ask('eth_getBlockByNumber', latest)
  assert.equal(Number(first.timestamp), later)
  assert.deepEqual(
    [first.baseFeePerGas, first.mixHash, first.miner, first.gasLimit],
    ['0x5', `0x${'ab'.repeat(32)}`, nobody, '0x3938700'],
  )
  await ask('hardhat_mine', '0x3', '0x3c')
  const third = await ask('eth_getBlockByNumber', latest)
  assert.deepEqual([third.number, third.miner, third.gasLimit], ['0x4', nobody, '0x3938700'])
  assert.ok(Number(third.timestamp) >= later + 2 * 60)
  await ask('evm_mine', Number(third.timestamp) + 100)
  const last = Number((await ask('eth_getBlockByNumber', latest)).timestamp)
  assert.equal(last, Number(third.timestamp) + 100)
  assert.equal((await refused(rpc, 'evm_setNextBlockTimestamp', last)).code, -32602)
  await ask('evm_increaseTime', 1_000)
  assert.ok(Number((await ask('eth_getBlockByNumber', 'pending')).timestamp) >= last + 1_000)
})

test('blocks come for each transaction, or not', async (t) => {
  const { ask } = await open(t)
  assert.equal(await ask<boolean>('hardhat_getAutomine'), false)
  const send = () => ask<Hex>('eth_sendTransaction', { from: alice, to: alice })
  const waiting = await send()
  assert.equal(await ask('eth_getTransactionReceipt', waiting), null)
  await ask('evm_setAutomine', true)
  // The one that waited gets its block, too.
  while ((await ask('eth_getTransactionReceipt', waiting)) === null)
    await new Promise((resolve) => setTimeout(resolve, 5))
  await ask('evm_setAutomine', false)
  const dropped = await send()
  assert.equal(await ask<boolean>('hardhat_dropTransaction', dropped), true)
  assert.equal(await ask('eth_getTransactionByHash', dropped), null)
})

test('a reset takes the chain back to its first block, and says what it does not do', async (t) => {
  const { ask, rpc } = await open(t)
  await ask('anvil_setBalance', nobody, '0x2')
  await ask('evm_mine')
  await ask('eth_sendTransaction', { from: alice, to: alice })
  assert.equal((await refused(rpc, 'hardhat_reset', { forking: {} })).code, -32602)
  await ask('hardhat_reset')
  assert.equal(await ask<Hex>('eth_blockNumber'), '0x0')
  assert.equal(await ask<Hex>('eth_getBalance', nobody, latest), '0x0')
  assert.deepEqual(await ask<Fields>('txpool_status'), { pending: '0x0', queued: '0x0' })
  const { chainId } = await ask('hardhat_metadata')
  assert.equal(chainId, 20_250)
  assert.equal((await ask('anvil_nodeInfo')).currentBlockNumber, '0x0')
})

test('accounts without a key send what they are impersonated for, contracts too', async (t) => {
  const { ask, rpc } = await open(t)
  await ask('hardhat_setBalance', nobody, '0xde0b6b3a7640000')
  await ask('hardhat_setCode', nobody, '0x00')
  const request = { from: nobody, to: alice, value: '0x5' }
  assert.match((await refused(rpc, 'eth_sendTransaction', request)).message, /unknown account/)
  await ask('hardhat_impersonateAccount', nobody)
  const hash = await ask<Hex>('eth_sendTransaction', request)
  await ask('evm_mine')
  const receipt = await ask('eth_getTransactionReceipt', hash)
  assert.deepEqual([receipt.status, receipt.from], ['0x1', nobody])
  assert.equal((await ask('eth_getTransactionByHash', hash)).r, '0x0')
  await ask('anvil_stopImpersonatingAccount', nobody)
  assert.match((await refused(rpc, 'eth_sendTransaction', request)).message, /unknown account/)
  await ask('anvil_autoImpersonateAccount', true)
  assert.ok(await ask('eth_sendTransaction', request))
  // Whoever signs nothing is still refused as a raw transaction.
  const raw = await ask<Hex>('eth_getRawTransactionByHash', hash)
  assert.match(
    (await refused(rpc, 'eth_sendRawTransaction', raw)).message,
    /sender|signature|known|nonce/,
  )
})
