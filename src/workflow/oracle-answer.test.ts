/** Brings what sources agree on to a contract: medians, votes, outliers, disagreement, once for a key. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFunctionData, keccak256, parseAbi, parseTransaction, stringToHex } from 'viem'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createContractBook } from './contract-book.ts'
import { workflowMigrations } from './engine.ts'
import { evmFunctions } from './evm-functions.ts'
import type { SendRequest, TransactionSender } from './sent-transaction.ts'
import { keySigner } from './signers.ts'
import { ManualTime } from './test-world/manual-time.ts'
import { ScriptedNode } from './test-world/scripted-node.ts'
import { createTransactionSender } from './transaction-sender.ts'

const address = `0x${'22'.repeat(20)}` as Hex
const hash = `0x${'33'.repeat(32)}` as Hex
const signature = 'answer(uint256 round, int256 price)'
const abi = parseAbi([`function ${signature}`])
const contextOf = (name: string) => ({
  ...{ instanceId: 'i', step: 's', idempotencyKey: keccak256(stringToHex(name)), attempt: 1 },
  signal: new AbortController().signal,
})

async function bookOf() {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(workflowMigrations)
  const book = createContractBook({ sql, nowMs: () => 0, fixed: [], abis: [] })
  return { sql, book }
}

interface Given {
  readonly [name: string]: Json
}

/** The step on a sender that takes everything. */
async function world() {
  const { book } = await bookOf()
  const sent: SendRequest[] = []
  const outcome = { hash, blockNumber: 5, blockHash: hash, succeeded: true, gasUsed: '21000' }
  const sender = {
    ...{ address, hasSigned: async () => false },
    send: async (request: SendRequest) => {
      sent.push(request)
      return outcome
    },
  } as unknown as TransactionSender
  const client = { request: async () => assert.fail('nothing is asked') }
  const steps = evmFunctions({ client, sender, book, clock: { nowMs: () => 0 } })
  const run = async (input: Given, isEnding = false) => {
    const given = { contract: address, function: signature, args: ['7'], quorum: 2, ...input }
    return (steps['oracle.answer'] ?? assert.fail())(given, { ...contextOf('a'), isEnding })
  }
  /** What was sent as the price, with what the step gives. */
  const answered = async (input: Given) => {
    const ending = await run(input)
    assert.ok(ending.kind === 'done')
    const output = ending.output as { answer: Json; agreed: string[]; outliers: Json[]; hash: Hex }
    assert.equal(output.hash, hash)
    const { args } = decodeFunctionData({ abi, data: sent.at(-1)?.data ?? '0x' })
    assert.equal(args[0], 7n)
    assert.equal(String(args[1]), String(output.answer))
    return output
  }
  return { sent, run, answered }
}

test('the median of those that answered is sent as the last argument, and outliers are named', async () => {
  const { sent, answered } = await world()
  const answers = [
    { source: 'a', value: '1000' },
    { source: 'b', value: 1004 },
    { source: 'c', value: null },
    { source: 'd', problem: 'away' },
    { source: 'e', value: '5000' },
    { source: 'f', value: 'a lot' },
  ]
  const { answer, agreed, outliers } = await answered({ answers, maxDeviation: 50 })
  assert.equal(answer, '1004')
  assert.deepEqual(agreed, ['a', 'b'])
  assert.deepEqual(outliers, [answers[4], answers[5]])
  assert.equal(sent.length, 1)
})

test('decimals are compared to the last digit and sent with as many places as are told', async () => {
  const { answered } = await world()
  const price = async (answers: Json, more: Given = {}) =>
    (await answered({ answers, decimals: 8, maxDeviation: '1%', ...more })).answer
  assert.equal(await price(['2000.10', '1999', '2001.123456789']), '200010000000')
  assert.equal(await price([0.1, '0.1']), '10000000')
  assert.equal(await price(['1e-7', 1e-7]), '10')
  assert.equal(await price(['1.000000019', '1.000000019']), '100000001')
  assert.equal(await price(['-1.000000011', '-1.000000011']), '-100000002')
  assert.equal(await price(['1', '2'], { maxDeviation: '33.4%' }), '150000000')
  assert.equal(await price(['1.5', '1.5'], { decimals: '2' }), '150')
  // 0.5 % of 1000 is 5: on the edge is within, one digit more is not.
  const edge = ['995', '1000', '1005']
  assert.equal((await answered({ answers: edge, quorum: 3, maxDeviation: '0.5%' })).answer, '1000')
  const over = ['995', '1000', '1005.000000000000000000000001']
  const { outliers } = await answered({ answers: over, decimals: 0, maxDeviation: '0.5%' })
  assert.deepEqual(outliers, [{ source: '#2', value: over[2] }])
})

test('integers larger than any double stay exact', async () => {
  const { answered, run } = await world()
  const big = 2n ** 254n + 1n
  const answers = [String(big), String(big + 2n), String(big + 1n)]
  const { answer, agreed } = await answered({ answers, maxDeviation: '0.000000000000000001%' })
  assert.equal(answer, String(big + 1n))
  assert.equal(agreed.length, 3)
  // Without a deviation they must be the same.
  await assert.rejects(run({ answers }), { message: /fewer than 2 of 3 agree/ })
  const same = [...answers.slice(1), String(big + 1n)]
  assert.equal((await answered({ answers: same })).answer, String(big + 1n))
  // A whole number that JSON rounds is not taken for what it is not.
  const rounded = { answers: [1e30, 1e30], aggregate: 'median' }
  await assert.rejects(run(rounded), { message: /fewer than 2 of 2 agree/ })
})

test('around zero only zero agrees', async () => {
  const { answered } = await world()
  const { answer, outliers } = await answered({ answers: [0, '0', '1'], maxDeviation: 500 })
  assert.equal(answer, '0')
  assert.equal(outliers.length, 1)
})

test('anything else is what most say', async () => {
  const { sent, run } = await world()
  const vote = async (answers: Json, type: string) => {
    const given = { answers, function: `settle(${type} winner)`, args: [] }
    const ending = await run(given)
    assert.ok(ending.kind === 'done')
    const { answer, outliers } = ending.output as { answer: Json; outliers: Json[] }
    return { answer, outliers: outliers.length }
  }
  const names = await vote(['home', 'away', 'home'], 'string')
  assert.deepEqual(names, { answer: 'home', outliers: 1 })
  const [lower, upper] = [`0x${'ab'.repeat(20)}`, `0x${'AB'.repeat(20)}`]
  const addresses = await vote([lower, upper, `0x${'11'.repeat(20)}`], 'address')
  assert.deepEqual(addresses, { answer: lower, outliers: 1 })
  assert.deepEqual(await vote([true, true, 'true'], 'bool'), { answer: true, outliers: 1 })
  const tuples = [{ value: { a: '1', b: '2' } }, { value: { b: '2', a: '1' } }, 7]
  const named = [
    { source: 'x', ...(tuples[0] as object) },
    { source: 'y', ...(tuples[1] as object) },
  ]
  const tuple = await vote([...named, 7], '(uint8 a, uint8 b)')
  assert.deepEqual(tuple, { answer: { a: '1', b: '2' }, outliers: 1 })
  const before = sent.length
  await assert.rejects(vote(['a', 'a', 'b', 'b'], 'string'), { message: /agree/ })
  assert.equal(sent.length, before)
  const { answered } = await world()
  const asMode = { answers: [3, '3', 9, 10], aggregate: 'mode' }
  assert.equal((await answered(asMode)).answer, 3)
})

test('too few answers and answers that disagree are an error of its own, and nothing is sent', async () => {
  const { sent, run } = await world()
  const type = 'urn:quantumstream:error:oracle-disagreement'
  const problem = async (input: Given, title: string) => {
    await assert.rejects(run(input), (error: unknown) => {
      const { problem, code } = error as { problem: { [name: string]: Json }; code: string }
      assert.deepEqual([problem.type, problem.title, problem.status], [type, title, 409])
      assert.equal(code, 'workflow/raised')
      return true
    })
  }
  await problem({ answers: [] }, 'Too few answers')
  await problem({ answers: [5, null] }, 'Too few answers')
  await problem({ answers: [100, 200], maxDeviation: 100 }, 'Answers disagree')
  await problem({ answers: ['x', 'y'], decimals: 2 }, 'Answers disagree')
  await problem({ answers: [1, 1, 1000, 1000], maxDeviation: '5%' }, 'Answers disagree')
  assert.equal(sent.length, 0)
})

test('what is no question is refused', async () => {
  const { sent, run } = await world()
  const answers = [5, 5]
  const bad: [Given, RegExp][] = [
    [{ answers: 'x' }, /"answers" must be a list/],
    [{ answers, quorum: 0 }, /"quorum" must be at least 1/],
    [{ answers, quorum: 1.5 }, /"quorum" must be a whole number/],
    [
      {
        answers: [
          { source: 'a', value: 1 },
          { source: 'a', value: 1 },
        ],
      },
      /"a" answers twice/,
    ],
    [{ answers: [{ source: 1, value: 1 }] }, /"answers\[0\].source" must be a name/],
    [{ answers, maxDeviation: '5%%' }, /"maxDeviation"/],
    [{ answers, maxDeviation: -1 }, /"maxDeviation"/],
    [{ answers, decimals: 78 }, /"decimals"/],
    [{ answers, aggregate: 'mean' }, /"aggregate" must be/],
    [{ answers, aggregate: 'mode', decimals: 2 }, /belong to the median/],
    [{ answers, args: 'x' }, /"args" must be a list/],
    [{ answers, args: [] }, /2 arguments are needed/],
    [{ answers: Array.from({ length: 1_001 }, () => 5) }, /at most 1000/],
  ]
  for (const [input, message] of bad) {
    await assert.rejects(run(input), { code: 'workflow/bad-input', message })
  }
  assert.equal(sent.length, 0)
})

test('the same key sends once, and an instance that is undone begins nothing', async (t) => {
  const { sql, book } = await bookOf()
  t.after(() => sql.close())
  const [client, time] = [new ScriptedNode(), new ManualTime()]
  const sender = createTransactionSender(
    { chainId: 7, signer: keySigner(new Uint8Array(32).fill(5)), maxFeePerGas: 100n * 10n ** 9n },
    { client, sql, clock: time, timer: time, logger: silentLogger, metrics: noMetrics },
  )
  const steps = evmFunctions({ client, sender, book, clock: time })
  const answer = steps['oracle.answer'] ?? assert.fail()
  const given = { answers: [5, 5], quorum: 2, contract: address, function: signature, args: ['7'] }
  const ending = { ...contextOf('a'), isEnding: true }
  assert.deepEqual(await answer(given, ending), { kind: 'untouched' })
  const sending = answer(given, contextOf('a'))
  while (client.sent.length === 0) await new Promise((resolve) => setImmediate(resolve))
  client.mine()
  time.advance(1_000)
  const first = await sending
  assert.equal(first.kind, 'done')
  assert.deepEqual(await answer(given, contextOf('a')), first)
  assert.deepEqual(await answer(given, ending), first)
  assert.equal(client.sent.length, 1)
  const { data } = parseTransaction(client.sent[0] as Hex)
  assert.deepEqual(decodeFunctionData({ abi, data: data ?? '0x' }).args, [7n, 5n])
})
