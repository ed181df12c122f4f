/** Makes the chain steps that read, call, deploy and wait, on a node whose answers the test gives. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Abi,
  decodeFunctionData,
  encodeAbiParameters,
  encodeErrorResult,
  parseAbi,
} from 'viem'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { openSqlite } from '../store/sqlite.ts'
import { contractMigrations, createContractBook } from './contract-book.ts'
import { evmFunctions } from './evm-functions.ts'
import type { SendRequest, TransactionSender } from './sent-transaction.ts'

const address = `0x${'22'.repeat(20)}` as Hex
const hash = `0x${'33'.repeat(32)}` as Hex
const abi = parseAbi([
  'struct Leg { address to; uint256[] amounts; }',
  'function pay(Leg leg, bool now) returns (bool)',
  'function quote(uint256 amount) view returns (uint256 price, int8 sign)',
  'function quote(uint256 amount, uint256 limit) view returns (uint256)',
  'error TooMuch(uint256 amount, address by)',
  'constructor(address owner, uint256 cap)',
]) as Abi
const context = {
  ...{ instanceId: 'i', step: 's', idempotencyKey: hash, attempt: 1 },
  signal: new AbortController().signal,
}

async function world(answers: Readonly<Record<string, (params: readonly Json[]) => Json>>) {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(contractMigrations)
  const book = createContractBook({ sql, nowMs: () => 0, fixed: [], abis: [] })
  const asked: { readonly method: string; readonly params: readonly Json[] }[] = []
  const client: JsonRpcClient = {
    async request(method, params = []) {
      asked.push({ method, params })
      return (answers[method] ?? assert.fail(method))(params)
    },
  }
  const sent: SendRequest[] = []
  const outcome = { hash, blockNumber: 5, blockHash: hash, succeeded: true, gasUsed: '21000' }
  const sender = {
    address,
    async send(request: SendRequest) {
      sent.push(request)
      return { ...outcome, ...(request.to === undefined ? { contractAddress: address } : {}) }
    },
  } as unknown as TransactionSender
  const steps = evmFunctions({ client, sender, book, clock: { nowMs: () => 0 } })
  const run = (name: string, input: Json) => (steps[name] ?? assert.fail(name))(input, context)
  return { book, asked, sent, run }
}

test('a contract of the book is called by the name of its function, with nested arguments', async () => {
  const { book, sent, run } = await world({})
  await book.add({ name: 'desk', address, abi: abi as unknown as Json })
  const args = [{ to: address, amounts: [`${2n ** 255n}`, 7] }, true]
  const outcome = await run('evm.send', { contract: 'desk', function: 'pay', args, value: '12' })
  assert.equal(outcome.kind, 'done')
  const [request] = sent
  assert.equal(request?.value, 12n)
  const call = decodeFunctionData({ abi, data: request?.data ?? '0x' })
  assert.deepEqual(call.args, [{ to: address, amounts: [2n ** 255n, 7n] }, true])
})

test('answers are JSON with integers as decimal text; overloads are told apart by their arguments', async () => {
  const price = 2n ** 200n + 1n
  const { book, run } = await world({
    eth_call: ([call]) => {
      const { data } = call as { readonly data: Hex }
      return data.length > 74
        ? encodeAbiParameters([{ type: 'uint256' }], [9n])
        : encodeAbiParameters([{ type: 'uint256' }, { type: 'int8' }], [price, -1])
    },
  })
  await book.add({ name: 'desk', address, abi: abi as unknown as Json })
  const one = await run('evm.call', { contract: 'desk', function: 'quote', args: [1] })
  assert.deepEqual(one, { kind: 'done', output: [String(price), '-1'] })
  const two = await run('evm.call', { contract: 'desk', function: 'quote', args: ['1', '2'] })
  assert.deepEqual(two, { kind: 'done', output: '9' })
})

test('a custom error of the contract is told with its arguments', async () => {
  const data = encodeErrorResult({ abi, errorName: 'TooMuch', args: [5n, address] })
  const { book, run } = await world({
    eth_call: () => {
      const data1 = { code: 3, data }
      throw new AppError({ code: 'json-rpc/error', message: 'execution reverted', data: data1 })
    },
  })
  await book.add({ name: 'desk', address, abi: abi as unknown as Json })
  await assert.rejects(run('evm.call', { contract: 'desk', function: 'quote', args: [1] }), {
    ...{ code: 'workflow/call-reverted' },
    message: new RegExp(`TooMuch\\(5, ${address}\\)`, 'i'),
  })
})

test('an answer that does not fit is told, however long or malformed', async () => {
  for (const answer of ['0x', '0x01', `0x${'ff'.repeat(200_000)}`]) {
    const { run } = await world({ eth_call: () => answer })
    const call = { contract: address, function: 'names() returns (string[])' }
    await assert.rejects(run('evm.call', call), { code: 'workflow/bad-answer' })
  }
  // Eight levels of sixteen members that are one: four thousand million values, if they were all read.
  const word = (value: number) => value.toString(16).padStart(64, '0')
  const level = (inner: string) => `${word(16)}${word(16 * 32).repeat(16)}${inner}`
  const bomb = Array.from({ length: 8 }).reduce<string>(level, word(0))
  const { run } = await world({ eth_call: () => `0x${word(32)}${bomb}` })
  const call = { contract: address, function: `lists() returns (uint256${'[]'.repeat(9)})` }
  await assert.rejects(run('evm.call', call), { code: 'workflow/bad-answer' })
})

test('a contract is deployed with its constructor, and its address given', async () => {
  const { sent, run } = await world({})
  const given = { bytecode: '0x6001', args: [address, '10'] }
  const outcome = await run('evm.deploy', {
    ...given,
    signature: 'constructor(address owner, uint256 cap)',
  })
  assert.ok(outcome.kind === 'done' && (outcome.output as { address: Hex }).address === address)
  assert.equal(sent[0]?.to, undefined)
  assert.equal(sent[0]?.data.length, 2 + 4 + 128)
  await assert.rejects(run('evm.deploy', given), { message: /0 arguments are needed/ })
  await assert.rejects(run('evm.deploy', { bytecode: '0x6' }), { message: /creation code/ })
  await assert.rejects(run('evm.deploy', { bytecode: `0x${'00'.repeat(50_000)}` }), {
    message: /longer than 49152 bytes/,
  })
})

test('the chain is read, quantities as decimal text', async () => {
  const { asked, run } = await world({
    eth_getBalance: () => '0xde0b6b3a7640000',
    eth_getBlockByNumber: () => ({ number: '0x10', hash, transactions: [], baseFeePerGas: '0x7' }),
    eth_getLogs: () => Array.from({ length: 1_001 }, () => ({})),
  })
  const balance = await run('evm.read', { read: 'balance', address, block: 3 })
  assert.deepEqual(balance, { kind: 'done', output: '1000000000000000000' })
  assert.deepEqual(asked[0]?.params, [address, '0x3'])
  const block = await run('evm.read', { read: 'block', block: 'latest' })
  assert.deepEqual(block, {
    kind: 'done',
    output: { number: '16', hash, transactions: [], baseFeePerGas: '7' },
  })
  await assert.rejects(run('evm.read', { read: 'logs', filter: {} }), { message: /limit of 1000/ })
  await assert.rejects(run('evm.read', { read: 'secrets' }), { message: /known are balance/ })
  await assert.rejects(run('evm.read', { read: 'code', address: '0x12' }), { message: /"address"/ })
})

test('a transaction, a height and a condition are waited for', async () => {
  let head = 10
  let mined = false
  const answer = () => encodeAbiParameters([{ type: 'uint256' }], [BigInt(head)])
  const { run } = await world({
    eth_blockNumber: () => `0x${head.toString(16)}`,
    eth_getTransactionReceipt: () => (mined ? { blockNumber: '0xb', status: '0x1' } : null),
    eth_call: answer,
  })
  const steps: Json[] = [
    { transaction: hash, confirmations: 1 },
    { block: 12 },
    { contract: address, function: 'n() returns (uint256)', until: '. == "12"', everyMs: 500 },
  ]
  for (const step of steps) assert.equal((await run('evm.waitFor', step)).kind, 'waiting')
  mined = true
  head = 12
  for (const step of steps) assert.equal((await run('evm.waitFor', step)).kind, 'done')
  await assert.rejects(run('evm.waitFor', {}), { code: 'workflow/bad-input' })
})

test('who signed is asked again while no endpoint answers', async () => {
  const { run } = await world({
    eth_getCode() {
      throw new AppError({ code: 'json-rpc/unreachable', message: 'nobody answers' })
    },
  })
  const given = { message: 'it is me', signature: `0x${'11'.repeat(65)}`, signer: address }
  const outcome = await run('identity.verify', given)
  assert.ok(outcome.kind === 'waiting' && outcome.reason === 'nobody answers')
})

test('arguments that do not fit are told with their place', async () => {
  const { run } = await world({})
  const call = (signature: string, args: Json) =>
    run('evm.call', { contract: address, function: signature, args })
  await assert.rejects(call('f(uint256 a)', ['1.5']), { message: /args\[0\] \(a\)/ })
  await assert.rejects(call('f(uint256[2] a)', [['1']]), { message: /must have 2 items/ })
  await assert.rejects(call('f((address to, bool b) leg)', [{ to: address }]), {
    message: /leg\)\.b/,
  })
  await assert.rejects(call('f(bool)', ['true']), { message: /true or false/ })
  await assert.rejects(call('f(address)', ['0x12']), { code: 'workflow/bad-input' })
  await assert.rejects(call('f(uint8)', [256]), { code: 'workflow/bad-input' })
  await assert.rejects(call('f()', [1]), { message: /0 arguments are needed/ })
  await assert.rejects(call('nonsense', []), { message: /has no function "nonsense"/ })
})

test('the book keeps contracts by name, and lets none be replaced unseen', async () => {
  const { book } = await world({})
  const abiText = ['function a() view returns (uint256)']
  await book.add({ name: 'one', address, abi: abiText })
  await book.add({ name: 'one', address, abi: abiText })
  const other = `0x${'44'.repeat(20)}`
  await assert.rejects(book.add({ name: 'one', address: other, abi: abiText }), {
    code: 'workflow/name-taken',
  })
  for (const bad of ['x', [{ type: 'gift' }], ['function (']]) {
    await assert.rejects(book.add({ name: 'two', address, abi: bad }), { code: 'workflow/bad-abi' })
  }
  assert.equal((await book.list({ limit: 10 })).items.length, 1)
  assert.equal(await book.remove('one'), true)
  assert.equal(await book.remove('one'), false)
})
