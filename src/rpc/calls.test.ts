/** Checks calls, estimates and access lists, on a real chain. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamAnchorCreationCode } from '../abi/stream-anchor.gen.ts'
import { concatBytes, fromHex, type Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { encodeRlp, rlpInteger } from '../chain/ledger/rlp.ts'
import { keccak256 } from '../crypto/keccak.ts'
import { signHash } from '../crypto/secp256k1.ts'
import {
  alice,
  bob,
  complainer,
  complaint,
  creation,
  deploy,
  nobody,
  open,
  refused,
  slotReader,
} from './test-chain/ask.ts'
import { testAccounts } from './test-chain/open-chain.ts'

test('a call gives what the code gives, and a revert its data and reason', async (t) => {
  const { ask, rpc } = await open(t)
  const contract = await deploy(ask, complainer)
  const error = await refused(rpc, 'eth_call', { to: contract }, 'latest')
  assert.deepEqual(error, {
    ...{ code: 3, message: 'execution reverted: no', data: `0x${complaint}` },
  })
  const estimate = await refused(rpc, 'eth_estimateGas', { to: contract })
  assert.deepEqual(estimate, error)
  assert.equal(await ask('eth_call', { to: nobody, input: '0x1234' }), '0x')
  const both = { to: nobody, input: '0x12', data: '0x13' }
  assert.match((await refused(rpc, 'eth_call', both)).message, /not equal/)
  const poor = await refused(rpc, 'eth_call', { from: nobody, to: bob, value: '0x1' })
  assert.match(
    poor.message,
    /^insufficient funds for gas \* price \+ value: address 0x.* have 0 want 1/,
  )
  const low = await refused(rpc, 'eth_call', { to: bob, maxFeePerGas: '0x1' })
  assert.match(low.message, /^max fee per gas less than block base fee/)
  const invalid = await deploy(ask, creation('fe'))
  assert.match(
    (await refused(rpc, 'eth_call', { to: invalid })).message,
    /^invalid opcode: INVALID$/,
  )
})

test('a call has the gas that it names, within the cap', async (t) => {
  const { ask, rpc } = await open(t, { limits: { callGasCap: 25_000_000n, callGas: 1_000_000n } })
  // Gives back the gas that is left.
  const contract = await deploy(ask, creation('5a5f5260205ff3'))
  const left = async (gas?: string) =>
    BigInt(await ask<Hex>('eth_call', { to: contract, ...(gas && { gas }) }))
  // Without a word it has as much as its block, or more if the limit allows.
  const most = { callGasCap: 10n ** 9n, callGas: 70_000_000n }
  for (const [limits, gas] of [
    [{ ...most, callGas: 1n }, 30_000_000n],
    [most, most.callGas],
  ] as const) {
    const other = await open(t, { limits })
    const code = { [nobody]: { code: '0x5a5f5260205ff3' } }
    const unnamed = BigInt(await other.ask<Hex>('eth_call', { to: nobody }, 'latest', code))
    assert.ok(unnamed < gas && unnamed > gas - 100_000n)
  }
  const named = await left('0x1312d00')
  assert.ok(named < 20_000_000n && named > 19_000_000n)
  assert.ok((await left('0x4a817c800')) < 25_000_000n)
  const forever = await deploy(ask, creation('5b5f56'))
  assert.match((await refused(rpc, 'eth_call', { to: forever })).message, /^out of gas/)
})

test('long calls leave the node its turns, end after their time, and with the node', async (t) => {
  const { ask, rpc, chain } = await open(t, { limits: { callMs: 3_000 } })
  const forever = await deploy(ask, creation('5b5f56'))
  const call = { to: forever, gas: '0x6fc23ac00' }
  let ended = 0
  const calls = Array.from({ length: 10 }, () =>
    refused(rpc, 'eth_call', call).finally(() => {
      ended += 1
    }),
  )
  const { number } = chain.head().header
  await ask('evm_mine')
  assert.equal(chain.head().header.number, number + 1n)
  assert.equal(ended, 0)
  for (const { code, message } of await Promise.all(calls)) {
    assert.deepEqual([code, message], [-32000, 'execution aborted (timeout)'])
  }
  const last = refused(rpc, 'eth_estimateGas', call)
  await rpc.stop()
  assert.match((await last).message, /timeout|allowance/)
})

test('a call can pretend: accounts, storage, code and the block', async (t) => {
  const { ask, rpc } = await open(t)
  const contract = await deploy(ask, slotReader)
  const key = `0x${'0'.repeat(64)}`
  const value = `0x${'9'.padStart(64, '0')}`
  const call = (overrides: Json, block: Json = null) =>
    ask('eth_call', { from: nobody, to: contract }, 'latest', overrides, block)
  assert.equal(await call({ [contract]: { stateDiff: { [key]: value } } }), value)
  assert.equal(await call({ [contract]: { state: { [key]: value } } }), value)
  assert.equal(
    await call({ [contract]: { code: '0x435f5260205ff3' } }, { number: '0x99' }),
    `0x${'99'.padStart(64, '0')}`,
  )
  assert.equal(
    await call({ [contract]: { code: '0x425f5260205ff3' } }, { time: '0x77' }),
    `0x${'77'.padStart(64, '0')}`,
  )
  const rich = { from: nobody, to: bob, value: '0x64' }
  assert.equal(await ask('eth_call', rich, 'latest', { [nobody]: { balance: '0x64' } }), '0x')
  const gas = await ask('eth_estimateGas', rich, 'latest', { [nobody]: { balance: '0x64' } })
  assert.equal(gas, '0x5208')
  assert.equal(await ask('eth_getStorageAt', contract, '0x0'), key)
  const wrong = await refused(rpc, 'eth_call', rich, 'latest', {
    [nobody]: { state: {}, stateDiff: {} },
  })
  assert.equal(wrong.code, -32602)
  assert.equal(
    (await refused(rpc, 'eth_call', rich, 'latest', {}, { gravity: '0x1' })).code,
    -32602,
  )
})

test('estimates are enough and no more', async (t) => {
  const { ask, rpc } = await open(t)
  const data = streamAnchorCreationCode
  const gas = await ask<Hex>('eth_estimateGas', { from: alice, data })
  const hash = await ask<Hex>('eth_sendTransaction', { from: alice, data, gas })
  const less = `0x${(BigInt(gas) - 1n).toString(16)}`
  const short = await ask<Hex>('eth_sendTransaction', { from: alice, data, gas: less })
  await ask('evm_mine')
  assert.equal((await ask('eth_getTransactionReceipt', hash)).status, '0x1')
  assert.equal((await ask('eth_getTransactionReceipt', short)).status, '0x0')
  const cheap = await refused(rpc, 'eth_estimateGas', { from: alice, data, gas: less })
  assert.match(cheap.message, /^gas required exceeds allowance/)
  const poor = { from: nobody, to: bob, gasPrice: '0x3b9aca000' }
  assert.match(
    (await refused(rpc, 'eth_estimateGas', poor)).message,
    /^gas required exceeds allowance \(0\)/,
  )
})

test('an estimate counts delegations that are not signed in yet (EIP-7702)', async (t) => {
  const { ask } = await open(t)
  const contract = await deploy(ask, slotReader)
  const key = testAccounts[1]?.key ?? new Uint8Array(32)
  const chainId = rlpInteger(20_250n)
  const message = encodeRlp([chainId, fromHex(contract), rlpInteger(0n)])
  const hash = keccak256(concatBytes(Uint8Array.of(5), message))
  const { yParity, r, s } = signHash(hash, key)
  const authorization = {
    ...{ chainId: '0x4f1a', address: contract, nonce: '0x0', yParity: `0x${yParity}` },
    ...{ r: `0x${r.toString(16)}`, s: `0x${s.toString(16)}` },
  }
  const plain = { from: alice, to: bob }
  const delegated = { ...plain, authorizationList: [authorization] }
  assert.equal(await ask('eth_call', plain), '0x')
  assert.equal(await ask('eth_call', delegated), `0x${'0'.repeat(64)}`)
  const gas = BigInt(await ask<Hex>('eth_estimateGas', delegated))
  const direct = BigInt(await ask<Hex>('eth_estimateGas', { from: alice, to: contract }))
  assert.ok(gas >= direct + 25_000n && gas < direct + 30_000n, `${gas} after ${direct}`)
  const enough = { ...delegated, gas: `0x${gas.toString(16)}` }
  const sent = await ask<Hex>('eth_sendTransaction', enough)
  await ask('evm_mine')
  assert.equal((await ask('eth_getTransactionReceipt', sent)).status, '0x1')
  assert.equal(await ask('eth_getCode', bob), `0xef0100${contract.slice(2)}`)
  assert.equal(
    await ask('eth_estimateGas', { ...delegated, gas: '0x6d60' }).catch(String),
    'AppError: gas required exceeds allowance (28000)',
  )
})

test('an access list names what a call touches', async (t) => {
  const { ask } = await open(t)
  const contract = await deploy(ask, slotReader)
  const listed = await ask('eth_createAccessList', { from: alice, to: contract })
  assert.deepEqual(listed.accessList, [{ address: contract, storageKeys: [`0x${'0'.repeat(64)}`] }])
  const failing = await deploy(ask, complainer)
  const failed = await ask('eth_createAccessList', { from: alice, to: failing })
  assert.equal(failed.error, 'execution reverted')
})

test('code that a call only pretends is not kept', async (t) => {
  const { ask, chain } = await open(t)
  const pretended = { [nobody]: { code: '0x5b5b5b00' } }
  await ask('eth_estimateGas', { to: nobody }, 'latest', pretended)
  await ask('eth_createAccessList', { to: nobody }, 'latest', pretended)
  const state = chain.stateAt(chain.head().hash)
  assert.throws(() => state?.code(keccak256(fromHex('0x5b5b5b00'))), { code: 'state/unknown-code' })
})
