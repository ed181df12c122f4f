/** Checks the requests that tools and wallets make, sent by hand, and by curl. */

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { encodeFunctionData, type Hex, keccak256, parseEther } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { streamAnchorAbi, streamAnchorCreationCode } from '../../src/abi/stream-anchor.gen.ts'
import { serveRpc } from '../../src/rpc/test-chain/open-rpc.ts'
import { skipIfMissing } from './lacking.ts'
import { callRpc, eventually } from './program.ts'

const words = 'test test test test test test test test test test test junk'
const account = mnemonicToAccount(words)
const to = '0x00000000000000000000000000000000000ff001'

interface Receipt {
  readonly status: Hex
  readonly gasUsed: Hex
  readonly blockHash: Hex
  readonly contractAddress: Hex | null
  readonly logs: readonly { readonly address: Hex; readonly blockTimestamp: Hex }[]
}

interface FeeHistory {
  readonly baseFeePerGas: readonly Hex[]
  readonly reward: readonly (readonly Hex[])[]
}

const receiptOf = (url: string, hash: string) =>
  eventually(
    async () =>
      (await callRpc<Receipt | null>(url, 'eth_getTransactionReceipt', hash)) ?? undefined,
  )

test('a deployment script of forge gets its answers', async (t) => {
  const { url } = await serveRpc(t)
  const chainId = Number(await callRpc<Hex>(url, 'eth_chainId'))
  const from = account.address
  const nonce = Number(await callRpc<Hex>(url, 'eth_getTransactionCount', from, 'pending'))
  const history = await callRpc<FeeHistory>(url, 'eth_feeHistory', '0xa', 'latest', [20])
  const base = BigInt(history.baseFeePerGas.at(-1) ?? 0)
  const data = streamAnchorCreationCode
  const fields = { from, data, value: '0x0', chainId: '0x4f1a', nonce: '0x0' }
  const gas = BigInt(await callRpc<Hex>(url, 'eth_estimateGas', fields))
  const fees = { maxFeePerGas: base * 2n + 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n }
  const sign = (one: { nonce: number; data: Hex; to?: Hex; gas: bigint }) =>
    account.signTransaction({ type: 'eip1559', chainId, ...fees, ...one })
  const anchor = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
  const call = encodeFunctionData({
    abi: streamAnchorAbi,
    functionName: 'send',
    args: [keccak256('0x01'), '{}', '0x1234'],
  })
  const raws = [
    await sign({ nonce, data, gas: (gas * 13n) / 10n }),
    await sign({ nonce: nonce + 1, to: anchor, data: call, gas: 300_000n }),
  ]
  const batch = raws.map((raw, id) => ({
    ...{ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [raw] },
  }))
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(batch),
  })
  const answers = (await response.json()) as { id: number; result: Hex }[]
  assert.deepEqual(answers.map(({ id }) => id).sort(), [0, 1])
  const hashes = answers.toSorted((a, b) => a.id - b.id).map(({ result }) => result)
  assert.deepEqual(
    hashes,
    raws.map((raw) => keccak256(raw)),
  )
  const [deployed, called] = await Promise.all(hashes.map((hash) => receiptOf(url, hash)))
  assert.equal(deployed?.contractAddress, anchor.toLowerCase())
  assert.equal(deployed?.status, '0x1')
  assert.ok(BigInt(deployed.gasUsed) <= gas)
  assert.equal(called?.status, '0x1')
  assert.equal(called?.logs[0]?.address, anchor.toLowerCase())
  assert.match(called?.logs[0]?.blockTimestamp ?? '', /^0x[1-9a-f]/)
})

test('MetaMask can show an account and send from it', async (t) => {
  const { url } = await serveRpc(t)
  const ask = <T>(method: string, ...params: unknown[]) => callRpc<T>(url, method, ...params)
  assert.equal(await ask('eth_chainId'), '0x4f1a')
  assert.equal(await ask('net_version'), '20250')
  const block = await ask<{ number: Hex; gasLimit: Hex; baseFeePerGas: Hex }>(
    ...(['eth_getBlockByNumber', 'latest', false] as const),
  )
  assert.match(block.number, /^0x(0|[1-9a-f][0-9a-f]*)$/)
  const ether = await ask('eth_getBalance', account.address, block.number)
  assert.equal(ether, `0x${parseEther('10000').toString(16)}`)
  const price = BigInt(await ask<Hex>('eth_gasPrice'))
  assert.ok(price >= 10n ** 9n)
  const history = await ask<FeeHistory>('eth_feeHistory', '0x5', 'latest', [10, 20, 30])
  assert.ok(history.reward.every((rewards) => rewards.length === 3))
  assert.equal(history.baseFeePerGas.length, history.reward.length + 1)
  const value = `0x${parseEther('2').toString(16)}`
  const gas = await ask<Hex>('eth_estimateGas', { from: account.address, to, value })
  assert.equal(gas, '0x5208')
  assert.equal(await ask('eth_getCode', to, 'latest'), '0x')
  const nonce = Number(await ask<Hex>('eth_getTransactionCount', account.address, 'latest'))
  const raw = await account.signTransaction({
    ...{ type: 'eip1559', chainId: 20_250, nonce, to, value: parseEther('2'), gas: BigInt(gas) },
    ...{ maxFeePerGas: price * 2n, maxPriorityFeePerGas: 10n ** 9n },
  })
  const hash = await ask<Hex>('eth_sendRawTransaction', raw)
  const tx = await ask<{ from: Hex; nonce: Hex }>('eth_getTransactionByHash', hash)
  assert.equal(tx.from, account.address.toLowerCase())
  const receipt = await receiptOf(url, hash)
  assert.equal(receipt.status, '0x1')
  const mined = await ask<{ blockHash: Hex }>('eth_getTransactionByHash', hash)
  assert.equal(mined.blockHash, receipt.blockHash)
  assert.equal(await ask('eth_getBalance', to, 'latest'), value)
})

const skipCurl = () =>
  skipIfMissing(
    spawnSync('curl', ['--version']).error !== undefined,
    'the test with curl is left out: install curl (Debian: apt-get install curl)',
  )

test('curl gets answers, and is refused what a web page elsewhere would send', {
  skip: skipCurl(),
}, async (t) => {
  const { url } = await serveRpc(t)
  const curl = async (body: string, ...headers: string[]) => {
    const words = ['-s', '-w', '\n%{http_code}', url, '-d', body]
    const { stdout } = await promisify(execFile)('curl', [
      ...words,
      ...headers.flatMap((header) => ['-H', header]),
    ])
    const [text = '', status] = stdout.split('\n')
    return { status, answer: text === '' ? undefined : JSON.parse(text) }
  }
  const json = 'content-type: application/json'
  const request = (id: number, method: string) => ({ jsonrpc: '2.0', id, method, params: [] })
  const single = JSON.stringify(request(1, 'eth_chainId'))
  assert.deepEqual(await curl(single, json), {
    ...{ status: '200', answer: { jsonrpc: '2.0', id: 1, result: '0x4f1a' } },
  })
  const batch = JSON.stringify([request(1, 'net_version'), request(2, 'eth_nothing')])
  const { answer } = await curl(batch, json)
  assert.equal(answer[0].result, '20250')
  assert.equal(answer[1].error.code, -32601)
  assert.equal((await curl('{', json)).answer.error.code, -32700)
  const notification = JSON.stringify({ jsonrpc: '2.0', method: 'eth_chainId' })
  assert.deepEqual(await curl(notification, json), { status: '204', answer: undefined })
  for (const [status, ...headers] of [
    ['403', json, 'Origin: https://evil.example'],
    ['403', json, 'Origin: null'],
    ['403', json, 'Host: evil.example'],
    ['415', 'content-type: text/plain'],
    ['415'],
    ['200', json, `Origin: ${url}`],
    ['200', json, 'Origin: chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn'],
    ['200', json, 'Host: localhost'],
  ] as const) {
    assert.equal((await curl(single, ...headers)).status, status, headers.join())
  }
  const { stdout } = await promisify(execFile)('curl', ['-s', '-i', '-X', 'OPTIONS', url])
  assert.match(stdout, /405/)
  assert.doesNotMatch(stdout, /access-control/i)
})

test('a chain answers at its own path too, and nothing at another', async (t) => {
  const { url } = await serveRpc(t)
  assert.equal(await callRpc(`${url}/rpc/dev`, 'eth_chainId'), '0x4f1a')
  for (const path of ['/rpc/other', '/rpc/', '/else', '/rpc/__proto__']) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' })
    const headers = { 'content-type': 'application/json' }
    assert.equal((await fetch(url + path, { method: 'POST', headers, body })).status, 404, path)
  }
})
