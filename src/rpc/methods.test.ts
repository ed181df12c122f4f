/** Checks what the methods answer, on a real chain. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, type Hex, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { orderedRoot } from '../chain/state/ordered-root.ts'
import { keccak256 } from '../crypto/keccak.ts'
import {
  alice,
  bob,
  creation,
  deploy,
  type Fields,
  logger,
  nobody,
  open,
  refused,
  slotReader,
} from './test-chain/ask.ts'

test('a transaction is seen in the pool, then in a block with its receipt', async (t) => {
  const { ask } = await open(t)
  const hash = await ask<Hex>('eth_sendTransaction', { from: alice, to: bob, value: '0x5' })
  const waiting = await ask('eth_getTransactionByHash', hash)
  assert.equal(waiting.blockHash, null)
  assert.equal(waiting.gasPrice, waiting.maxFeePerGas)
  assert.equal(await ask('eth_getTransactionReceipt', hash), null)
  assert.equal(await ask('eth_getTransactionCount', alice, 'pending'), '0x1')
  assert.equal(await ask('eth_getTransactionCount', alice), '0x0')
  assert.deepEqual(await ask('txpool_status'), { pending: '0x1', queued: '0x0' })
  await ask('evm_mine')
  const block = await ask('eth_getBlockByNumber', 'latest', true)
  const mined = await ask('eth_getTransactionByHash', hash)
  assert.deepEqual(block.transactions, [mined])
  assert.equal(mined.blockTimestamp, block.timestamp)
  assert.deepEqual([mined.type, mined.yParity, mined.gas], ['0x2', mined.v, '0x5208'])
  const receipt = await ask('eth_getTransactionReceipt', hash)
  const price = BigInt(block.baseFeePerGas as string) + BigInt(mined.maxPriorityFeePerGas as string)
  assert.equal(BigInt(receipt.effectiveGasPrice as string), price)
  assert.equal(receipt.effectiveGasPrice, mined.gasPrice)
  assert.deepEqual([receipt.status, receipt.to, receipt.from], ['0x1', bob, alice])
  assert.equal(receipt.contractAddress, null)
  assert.deepEqual(await ask('eth_getBlockReceipts', block.hash as string), [receipt])
  const { number, hash: blockHash } = block as Record<string, string>
  for (const found of [
    await ask('eth_getTransactionByBlockNumberAndIndex', number ?? '', '0x0'),
    await ask('eth_getTransactionByBlockHashAndIndex', blockHash ?? '', '0x0'),
  ]) {
    assert.deepEqual(found, mined)
  }
  assert.equal(await ask('eth_getTransactionByBlockNumberAndIndex', number ?? '', '0x1'), null)
  const raw = await ask<Hex>('eth_getRawTransactionByHash', hash)
  assert.equal(toHex(keccak256(fromHex(raw))), hash)
  assert.equal(block.transactionsRoot, toHex(orderedRoot([fromHex(raw)])))
})

test('blocks are found by tag, number and hash, with uncles there never are', async (t) => {
  const { ask, rpc } = await open(t)
  await ask('evm_mine', { blocks: 5 })
  const block = await ask('eth_getBlockByNumber', 'latest', false)
  assert.equal(block.number, '0x5')
  assert.deepEqual(await ask('eth_getBlockByHash', block.hash as string, false), block)
  assert.equal((await ask('eth_getBlockByNumber', 'earliest')).number, '0x0')
  assert.equal((await ask('eth_getBlockByNumber', 'finalized')).number, '0x3')
  assert.equal((await ask('eth_getBlockByNumber', 'safe')).number, '0x3')
  assert.equal(await ask('eth_getBlockByNumber', '0x6'), null)
  assert.equal(await ask('eth_getBlockByHash', `0x${'0'.repeat(64)}`), null)
  assert.equal(await ask('eth_getBlockTransactionCountByNumber', 'latest'), '0x0')
  assert.equal(await ask('eth_getUncleCountByBlockNumber', '0x1'), '0x0')
  assert.equal(await ask('eth_getUncleByBlockNumberAndIndex', '0x1', '0x0'), null)
  assert.equal((await ask('eth_getHeaderByNumber', '0x5')).transactions, undefined)
  for (const wrong of ['0x05', '5', 'newest', '', 5, true, `0x1${'0'.repeat(16)}`])
    assert.equal((await refused(rpc, 'eth_getBlockByNumber', wrong, false)).code, -32602)
})

test('the pending block holds what the pool would give', async (t) => {
  const { ask } = await open(t)
  const hash = await ask<Hex>('eth_sendTransaction', { from: alice, to: nobody, value: '0x5' })
  const block = await ask('eth_getBlockByNumber', 'pending', false)
  assert.deepEqual([block.number, block.hash, block.nonce, block.miner], ['0x1', null, null, null])
  assert.deepEqual(block.transactions, [hash])
  assert.equal(await ask('eth_getBalance', nobody, 'pending'), '0x5')
  assert.equal(await ask('eth_getBalance', nobody, 'latest'), '0x0')
  await ask('eth_sendTransaction', { from: bob, to: nobody, value: '0x1' })
  assert.equal(await ask('eth_getBalance', nobody, 'pending'), '0x6')
  await ask('evm_mine')
  const mined = await ask('eth_getBlockByNumber', 'latest', false)
  assert.equal(mined.parentHash, block.parentHash)
  assert.equal((await ask('eth_getBlockByNumber', 'pending')).number, '0x2')
})

test('a block that is late before it is begun takes one transaction all the same', async (t) => {
  const { ask } = await open(t, { limits: { pendingBuildMs: -1 } })
  const hash = await ask<Hex>('eth_sendTransaction', { from: alice, to: nobody, value: '0x5' })
  await ask('eth_sendTransaction', { from: alice, to: nobody, value: '0x5' })
  assert.deepEqual((await ask('eth_getBlockByNumber', 'pending', false)).transactions, [hash])
})

test('accounts are read at any block whose state is kept', async (t) => {
  const { ask, rpc } = await open(t)
  const genesis = (await ask('eth_getBlockByNumber', '0x0')).hash as string
  await ask('eth_sendTransaction', { from: alice, to: nobody, value: '0x7' })
  await ask('evm_mine')
  assert.equal(await ask('eth_getBalance', nobody), '0x7')
  for (const at of ['0x0', 'earliest', genesis, { blockHash: genesis, requireCanonical: true }])
    assert.equal(await ask('eth_getBalance', nobody, at), '0x0')
  assert.equal(await ask('eth_getBalance', nobody, { blockNumber: '0x1' }), '0x7')
  const wrong = { blockNumber: '0x1', blockHash: genesis }
  assert.equal((await refused(rpc, 'eth_getBalance', nobody, wrong)).code, -32602)
  assert.deepEqual(await refused(rpc, 'eth_getBalance', nobody, '0x9'), {
    ...{ code: -32000, message: 'header not found', data: undefined },
  })
  await ask('evm_mine', { blocks: 130 })
  const { code, message } = await refused(rpc, 'eth_getBalance', nobody, '0x1')
  assert.equal(code, -32000)
  assert.match(message, /^state not available at block 1:/)
})

test('code, storage and proofs are read', async (t) => {
  const { ask, rpc } = await open(t)
  const contract = await deploy(ask, slotReader)
  assert.equal(await ask('eth_getCode', contract), '0x5f545f5260205ff3')
  assert.equal(await ask('eth_getCode', nobody), '0x')
  const zero = `0x${'0'.repeat(64)}`
  for (const key of ['0x0', '0x', '0x00', zero])
    assert.equal(await ask('eth_getStorageAt', contract, key, 'latest'), zero)
  const long = await refused(rpc, 'eth_getStorageAt', contract, `0x0${'0'.repeat(64)}`)
  assert.match(long.message, /storage key too long/)
  const proof = await ask('eth_getProof', contract, ['0x0', zero], 'latest')
  assert.equal(proof.nonce, '0x1')
  assert.equal(proof.codeHash, toHex(keccak256(fromHex('0x5f545f5260205ff3'))))
  const { stateRoot } = await ask('eth_getBlockByNumber', 'latest')
  const [top] = proof.accountProof as Hex[]
  assert.equal(toHex(keccak256(fromHex(top ?? '0x'))), stateRoot)
  const keys = (proof.storageProof as { key: string }[]).map(({ key }) => key)
  assert.deepEqual(keys, ['0x0', zero])
})

test("pool errors come with geth's texts and code -32000", async (t) => {
  const { ask, rpc } = await open(t)
  const sign = { from: alice, to: bob, gas: '0x5208', nonce: '0x0' }
  const { raw } = await ask<{ raw: Hex }>('eth_signTransaction', sign)
  assert.equal(await ask('eth_sendRawTransaction', raw), toHex(keccak256(fromHex(raw))))
  const again = await refused(rpc, 'eth_sendRawTransaction', raw)
  assert.deepEqual([again.code, again.message], [-32000, 'already known'])
  await ask('evm_mine')
  const late = await refused(rpc, 'eth_sendRawTransaction', raw)
  assert.equal(late.code, -32000)
  assert.match(late.message, /^nonce too low/)
  assert.equal((await refused(rpc, 'eth_sendRawTransaction', '0x02')).code, -32000)
  assert.equal((await refused(rpc, 'eth_sendRawTransaction', '0x2')).code, -32602)
  const foreign = await refused(rpc, 'eth_sendTransaction', { from: nobody, to: bob })
  assert.match(foreign.message, /^unknown account/)
})

test('transactions sent at once get nonces of their own, and each type is as asked', async (t) => {
  const { ask } = await open(t)
  const fields = { from: alice, to: bob, gas: '0x7530' }
  const sent = await Promise.all([
    ...[{}, { gasPrice: '0x77359400' }, { gasPrice: '0x77359400', accessList: [] }].map((more) =>
      ask<Hex>('eth_sendTransaction', { ...fields, ...more }),
    ),
  ])
  await ask('evm_mine')
  const found = await Promise.all(sent.map((hash) => ask('eth_getTransactionByHash', hash)))
  assert.deepEqual(
    found.map(({ type }) => type),
    ['0x2', '0x0', '0x1'],
  )
  assert.deepEqual(found.map(({ nonce }) => nonce).sort(), ['0x0', '0x1', '0x2'])
  const legacy = found[1]
  assert.equal(legacy?.yParity, undefined)
  assert.ok([20_250n * 2n + 35n, 20_250n * 2n + 36n].includes(BigInt(legacy?.v as string)))
})

test('the pool is shown by sender and nonce', async (t) => {
  const { ask } = await open(t)
  const tx = { from: alice, to: bob, gas: '0x5208' }
  await ask('eth_sendTransaction', tx)
  await ask('eth_sendTransaction', { ...tx, nonce: '0x5' })
  assert.deepEqual(await ask('txpool_status'), { pending: '0x1', queued: '0x1' })
  const shown = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
  const content = await ask<{ pending: Fields; queued: Fields }>('txpool_content')
  assert.deepEqual(Object.keys(content.pending), [shown])
  assert.deepEqual(Object.keys(content.queued[shown] as object), ['5'])
  const from = await ask<{ pending: Fields; queued: Fields }>('txpool_contentFrom', alice)
  assert.deepEqual(from.pending, content.pending[shown])
  const { pending } = await ask<{ pending: Fields }>('txpool_inspect')
  assert.match(JSON.stringify(pending), /: 0 wei \+ 21000 gas × \d+ wei/)
})

test('fees are suggested, and their history told', async (t) => {
  const { ask, rpc } = await open(t)
  assert.equal(await ask('eth_maxPriorityFeePerGas'), '0x3b9aca00')
  const tip = (gwei: number) => ({
    ...{ from: alice, to: bob, gas: '0x5208' },
    maxPriorityFeePerGas: `0x${(gwei * 1e9).toString(16)}`,
  })
  for (const gwei of [3, 2, 5]) await ask('eth_sendTransaction', tip(gwei))
  await ask('evm_mine')
  assert.equal(BigInt(await ask<Hex>('eth_maxPriorityFeePerGas')), 3_000_000_000n)
  const history = await ask('eth_feeHistory', '0x400', 'latest', [0, 50, 100])
  assert.equal(history.oldestBlock, '0x0')
  assert.deepEqual((history.reward as Json[])[1], ['0x77359400', '0xb2d05e00', '0x12a05f200'])
  assert.deepEqual(history.gasUsedRatio, [0, 63_000 / 30_000_000])
  const head = await ask('eth_getBlockByNumber', 'latest')
  const fees = history.baseFeePerGas as Hex[]
  assert.equal(fees.length, 3)
  assert.equal(fees[1], head.baseFeePerGas)
  assert.equal(fees[2], await ask('eth_baseFee'))
  await ask('evm_mine')
  assert.equal((await ask('eth_getBlockByNumber', 'latest')).baseFeePerGas, fees[2])
  assert.equal(await ask('eth_blobBaseFee'), '0x1')
  assert.equal((await refused(rpc, 'eth_feeHistory', 1, 'latest', [50, 20])).code, -32602)
  assert.match((await refused(rpc, 'eth_feeHistory', 1, '0x99', [])).message, /beyond head/)
})

test('messages are signed as wallets sign them', async (t) => {
  const { ask } = await open(t)
  const signature = await ask<Hex>('eth_sign', alice, '0x68656c6c6f')
  assert.equal(signature.length, 132)
  assert.equal(await ask('personal_sign', '0x68656c6c6f', alice), signature)
  assert.ok(['1b', '1c'].includes(signature.slice(-2)))
})

test('logs are found by address, topic and block, within bounds', async (t) => {
  const { ask, rpc } = await open(t, { limits: { logResults: 3, logRange: 100n } })
  const contract = await deploy(ask, logger)
  const sent = await ask<Hex>('eth_sendTransaction', { from: alice, to: contract })
  await ask('evm_mine')
  const block = await ask('eth_getBlockByNumber', 'latest')
  const all = await ask<Record<string, Json>[]>('eth_getLogs', { fromBlock: '0x0' })
  const topic = `0x${'7'.padStart(64, '0')}`
  assert.deepEqual(all, [
    {
      ...{ address: contract, topics: [topic], data: `0x${'0'.repeat(64)}`, removed: false },
      ...{ blockHash: block.hash, blockNumber: '0x2', blockTimestamp: block.timestamp },
      ...{ transactionHash: sent, transactionIndex: '0x0', logIndex: '0x0' },
    },
  ])
  assert.deepEqual((await ask('eth_getTransactionReceipt', sent)).logs, all)
  const blockHash = block.hash as string
  for (const query of [
    { blockHash },
    {},
    { address: contract, fromBlock: 'earliest', toBlock: 'latest' },
    { address: [bob, contract], topics: [topic] },
    { topics: [[topic, blockHash]] },
    { topics: [null] },
  ]) {
    assert.deepEqual(await ask('eth_getLogs', query), all, JSON.stringify(query))
  }
  for (const query of [
    { address: bob, fromBlock: '0x0' },
    { topics: [blockHash] },
    { topics: [topic, null] },
    { topics: [null, topic] },
    { fromBlock: '0x0', toBlock: '0x1' },
  ]) {
    assert.deepEqual(await ask('eth_getLogs', query), [], JSON.stringify(query))
  }
  const code = async (query: Json) => (await refused(rpc, 'eth_getLogs', query)).code
  assert.equal(await code({ fromBlock: '0x2', toBlock: '0x1' }), -32602)
  assert.equal(await code({ toBlock: '0x99' }), -32602)
  assert.equal(await code({ blockHash, fromBlock: '0x1' }), -32602)
  assert.equal(await code({ blockHash: `0x${'1'.repeat(64)}` }), -32000)
  assert.equal(await code({ topics: [null, null, null, null, null] }), -32602)
  await Promise.all([1, 2, 3].map(() => ask('eth_sendTransaction', { from: alice, to: contract })))
  await ask('evm_mine')
  const many = await refused(rpc, 'eth_getLogs', { fromBlock: '0x0' })
  assert.equal(many.code, -32005)
  assert.match(many.message, /more than 3 logs; ask for fewer blocks/)
  const last = await ask<{ logIndex: string }[]>('eth_getLogs', {})
  assert.deepEqual(
    last.map(({ logIndex }) => logIndex),
    ['0x0', '0x1', '0x2'],
  )
  await ask('evm_mine', { blocks: 100 })
  assert.match((await refused(rpc, 'eth_getLogs', { fromBlock: '0x1' })).message, /wider than 100/)
})

test('a creation that fails names the address it would have had, as geth does', async (t) => {
  const { ask } = await open(t)
  const failing = { from: alice, data: '0x5f5ffd', gas: '0x30000' }
  const hash = await ask<Hex>('eth_sendTransaction', failing)
  await ask('evm_mine')
  const { status, contractAddress } = await ask('eth_getTransactionReceipt', hash)
  assert.equal(status, '0x0')
  assert.equal(contractAddress, '0x5fbdb2315678afecb367f032d93f642f64180aa3')
})

test('a query of logs ends when there is more than an answer can hold', async (t) => {
  const { ask, rpc } = await open(t, { limits: { responseLength: 400 } })
  // Logs 100 zero bytes.
  const contract = await deploy(ask, creation('60645fa000'))
  for (let count = 0; count < 3; count += 1) {
    await ask('eth_sendTransaction', { from: alice, to: contract })
    await ask('evm_mine')
  }
  const { code, message } = await refused(rpc, 'eth_getLogs', { fromBlock: '0x0' })
  assert.equal(code, -32005)
  assert.match(String(message), /ask for fewer blocks/)
  assert.equal((await ask<Json[]>('eth_getLogs', {})).length, 1)
})

test('logs are the same whether they are written at once or made as values', async (t) => {
  const { ask, rpc } = await open(t)
  const contract = await deploy(ask, logger)
  for (let sent = 0; sent < 3; sent += 1)
    await ask('eth_sendTransaction', { from: alice, to: contract, gas: '0x186a0' })
  await ask('evm_mine')
  const params = [{ fromBlock: '0x0', toBlock: 'latest' }]
  const values = await rpc.call('eth_getLogs', params)
  const request = { jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params }
  const text = await rpc.handleText(JSON.stringify(request))
  assert.equal((values as Json[]).length, 3)
  assert.equal(text, JSON.stringify({ jsonrpc: '2.0', id: 1, result: values }))
})
