/** Reads blocks from endpoints that lie about them, each in a way of its own. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Hex, keccak256, parseTransaction, toHex, toRlp } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { AppError } from '../base/app-error.ts'
import { systemClock } from '../base/clock.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { createBlockReader } from './block-reader.ts'
import type { EventChecks } from './evm-source.ts'

type Fields = Record<string, Json>
/** The two answers about one block. */
interface Answers {
  readonly block: Fields & { transactions: Fields[] }
  readonly receipts: Fields[]
}

const account = privateKeyToAccount(`0x${'05'.repeat(32)}`)
const zero: Hex = `0x${'00'.repeat(32)}`
const bloom: Hex = `0x${'00'.repeat(256)}`
const to: Hex = `0x${'11'.repeat(20)}`
const even = (value: string) =>
  (value === '0x0' ? '0x' : value.length % 2 ? `0x0${value.slice(2)}` : value) as Hex
/** Root of a trie with one leaf, whose key is the RLP of 0. */
const rootOf = (value: Hex) => keccak256(toRlp(['0x2080', value]))

const raw = await account.signTransaction({
  ...{ type: 'eip1559', chainId: 7, nonce: 4, gas: 60_000n, to, value: 5n, data: '0x01' },
  ...{ maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 7n },
})

/** A block with one transaction that has one log, as an honest node gives it. */
function honest(): Answers {
  const { r = '0x', s = '0x', yParity } = parseTransaction(raw)
  const log = { address: to, topics: [keccak256('0x01')], data: '0x05' }
  const receipt = toRlp([
    ...(['0x01', '0x5208', bloom] as Hex[]),
    [[log.address, log.topics, log.data]],
  ] as never)
  const header = {
    ...{ parentHash: zero, sha3Uncles: zero, miner: to, stateRoot: zero },
    ...{ transactionsRoot: rootOf(raw), receiptsRoot: rootOf(`0x02${receipt.slice(2)}`) },
    ...{ logsBloom: bloom, difficulty: '0x0', number: '0x7', gasLimit: '0x1c9c380' },
    ...{ gasUsed: '0x5208', timestamp: '0x65', extraData: '0x', mixHash: zero },
    ...{ nonce: '0x0000000000000000', baseFeePerGas: '0x3b9aca00' },
  }
  const blockHash = keccak256(toRlp(Object.values(header).map(even)))
  const transactionHash = keccak256(raw)
  const place = { blockHash, blockNumber: '0x7', transactionIndex: '0x0' }
  const price = toHex(1_000_000_007)
  const from = account.address.toLowerCase()
  const transaction = {
    ...{ ...place, hash: transactionHash, from, to, type: '0x2', chainId: '0x7', nonce: '0x4' },
    ...{ gas: toHex(60_000), value: '0x5', input: '0x01', maxFeePerGas: toHex(3_000_000_000) },
    ...{
      maxPriorityFeePerGas: '0x7',
      gasPrice: price,
      accessList: [],
      yParity: toHex(yParity ?? 0),
    },
    ...{ r, s },
  }
  const ofReceipt = {
    ...{ ...place, transactionHash, from, to, contractAddress: null, type: '0x2', status: '0x1' },
    ...{
      gasUsed: '0x5208',
      cumulativeGasUsed: '0x5208',
      effectiveGasPrice: price,
      logsBloom: bloom,
    },
    logs: [{ ...log, ...place, transactionHash, logIndex: '0x0' }],
  }
  return {
    block: { ...header, hash: blockHash, transactions: [transaction] },
    receipts: [ofReceipt],
  }
}

/** An endpoint whose answers are made by a lie; it counts what it is asked. */
function endpoint(lie: (answers: Answers) => unknown = () => {}) {
  const answers = honest()
  lie(answers)
  const asked: string[] = []
  const client: JsonRpcClient = {
    async request(method) {
      asked.push(method)
      return (method === 'eth_getBlockByNumber' ? answers.block : answers.receipts) as Json
    },
  }
  return { client, asked }
}

function readerOf(endpoints: readonly { readonly client: JsonRpcClient }[], checks: EventChecks) {
  const named = endpoints.map(({ client }, at) => ({ name: `e${at}`, client }))
  const world = { clock: systemClock, logger: silentLogger, metrics: noMetrics }
  return createBlockReader({ chain: 'c', checks, endpoints: named }, world)
}

const logs = ({ receipts: [first = {}] }: Answers) => first.logs as Fields[]
const log = (answers: Answers) => logs(answers)[0] as Fields
const other = `0x${'99'.repeat(20)}`
const lies: Record<string, (answers: Answers) => unknown> = {
  'a header with another miner': ({ block }) => Object.assign(block, { miner: other }),
  'a transaction with another value': ({ block }) =>
    Object.assign(block.transactions[0] ?? {}, { value: '0x6' }),
  'a transaction by somebody else': ({ block }) =>
    Object.assign(block.transactions[0] ?? {}, { from: other }),
  'a transaction with another hash': ({ block }) =>
    Object.assign(block.transactions[0] ?? {}, { hash: zero }),
  'a transaction at another price': ({ block }) =>
    Object.assign(block.transactions[0] ?? {}, { gasPrice: '0x1' }),
  'a block without its transactions': (answers) => {
    answers.block.transactions.pop()
    answers.receipts.pop()
  },
  'a receipt that failed': ({ receipts }) => Object.assign(receipts[0] ?? {}, { status: '0x0' }),
  'a receipt of another transaction': ({ receipts }) =>
    Object.assign(receipts[0] ?? {}, { transactionHash: zero }),
  'a receipt that used other gas': ({ receipts }) =>
    Object.assign(receipts[0] ?? {}, { gasUsed: '0x1' }),
  'a receipt that made a contract': ({ receipts }) =>
    Object.assign(receipts[0] ?? {}, { contractAddress: other }),
  'a log with other data': (answers) => Object.assign(log(answers), { data: '0x06' }),
  'a log at another place': (answers) => Object.assign(log(answers), { logIndex: '0x1' }),
  'a log less': (answers) => logs(answers).pop(),
  'a log that is nothing': (answers) => logs(answers).splice(0, 1, null as never),
  'a transaction that pays by a base fee, and no base fee': (answers) => {
    const { block, receipts } = answers
    const { baseFeePerGas: _, hash, transactions, ...header } = block
    const own = keccak256(toRlp(Object.values(header as Record<string, string>).map(even)))
    const text = JSON.stringify({ transactions, receipts }).replaceAll(String(hash), own)
    const moved = JSON.parse(text) as Pick<Answers, 'receipts'> & { transactions: Fields[] }
    Object.assign(block, { hash: own, transactions: moved.transactions })
    delete block.baseFeePerGas
    receipts.splice(0, 1, ...moved.receipts)
  },
}

describe('a reader of blocks', () => {
  test('gives what an honest endpoint says, with and without receipts', async () => {
    for (const checks of ['none', 'bloom', 'all'] as const) {
      const reader = readerOf([endpoint()], checks)
      const [block] = await reader.blocks([7], { receipts: true })
      assert.deepEqual([block?.transactions.length, block?.receipts.length], [1, 1])
      const [bare] = await reader.blocks([7], { receipts: false })
      assert.equal(bare?.receipts.length, 0)
    }
  })

  for (const [name, lie] of Object.entries(lies)) {
    test(`refuses ${name}, asks another endpoint, and stays there`, async () => {
      const [liar, good] = [endpoint(lie), endpoint()]
      const reader = readerOf([liar, good], 'bloom')
      const [block] = await reader.blocks([7], { receipts: true })
      assert.deepEqual(block?.fields.miner, to)
      assert.deepEqual(block?.transactions, honest().block.transactions)
      assert.deepEqual(block?.receipts, honest().receipts)
      const before = liar.asked.length
      await reader.blocks([7], { receipts: true })
      assert.equal(liar.asked.length, before)
    })
  }

  test('has nothing where the only endpoint lies, until it is honest', async () => {
    const { 'a header with another miner': asHeader, ...rest } = lies
    for (const lie of Object.values(rest)) {
      const reader = readerOf([endpoint(lie)], 'bloom')
      await assert.rejects(reader.blocks([7], { receipts: true }), {
        code: /^stream\/(dishonest|inconsistent|bad-answer)$/,
        retry: 'later',
      })
    }
    let answers = honest()
    const client = { request: async () => answers.block as Json }
    const reader = readerOf([{ client }], 'bloom')
    await reader.blocks([7], { receipts: false })
    asHeader?.(answers)
    await assert.rejects(reader.blocks([7], { receipts: false }), { code: 'stream/dishonest' })
    answers = honest()
    await reader.blocks([7], { receipts: false })
  })

  test('believes no form of its own of one endpoint while the others are away', async () => {
    const form = ({ block }: Answers) =>
      Object.assign(block.transactions[0] ?? {}, { type: '0x7e' })
    let isAway = true
    const second = endpoint(form)
    const client: JsonRpcClient = {
      request(...asked) {
        if (!isAway) return second.client.request(...asked)
        return Promise.reject(new AppError({ code: 'json-rpc/unreachable', message: 'away' }))
      },
    }
    const reader = readerOf([endpoint(form), { client }], 'bloom')
    const reading = () => reader.blocks([7], { receipts: false })
    await assert.rejects(reading(), { code: 'stream/inconsistent', retry: 'later' })
    isAway = false
    assert.equal((await reading()).length, 1)
    isAway = true
    assert.equal((await reading()).length, 1)
  })

  test('believes headers and transactions of a form of their own where no endpoint has another one', async () => {
    const forms: ((answers: Answers) => unknown)[] = [
      ({ block }) => Object.assign(block, { hash: zero }),
      ({ block }) => Object.assign(block, { mixHash: null }),
      ({ block }) => Object.assign(block.transactions[0] ?? {}, { type: '0x7e' }),
    ]
    for (const form of forms) {
      const own = readerOf([endpoint(form), endpoint(form)], 'bloom')
      assert.equal((await own.blocks([7], { receipts: false })).length, 1)
      const strict = readerOf([endpoint(form)], 'all')
      await assert.rejects(strict.blocks([7], { receipts: false }), { code: 'stream/unknown-form' })
      const beside = readerOf([endpoint(form), endpoint()], 'bloom')
      const [block] = await beside.blocks([7], { receipts: false })
      assert.deepEqual(block?.fields, honest().block)
    }
  })
})
