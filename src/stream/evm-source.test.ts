/** Holds answers against the headers of blocks: logs that are hidden, receipts and headers that are made up. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Hex, keccak256, toHex, toRlp } from 'viem'
import { AppError } from '../base/app-error.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { createEventDecoder } from './event-decoder.ts'
import { createEvmSource, type EventChecks } from './evm-source.ts'
import type { SourceBlock } from './source.ts'
import type { Subscription } from './subscription.ts'

const vault = '0x00000000000000000000000000000000000000aa'
const paid = 'Paid(uint256 amount)'
const topic = keccak256(toHex('Paid(uint256)'))
const zero: Hex = `0x${'00'.repeat(32)}`
const none: Hex = `0x${'00'.repeat(256)}`

/** Bloom filter of an address and a topic. */
function bloomOf(values: readonly Hex[]): Hex {
  const bloom = new Uint8Array(256)
  for (const value of values) {
    const hash = Uint8Array.fromHex(keccak256(value).slice(2))
    for (const at of [0, 2, 4]) {
      const bit = (((hash[at] as number) << 8) + (hash[at + 1] as number)) % 2048
      bloom[255 - Math.floor(bit / 8)] =
        (bloom[255 - Math.floor(bit / 8)] as number) | (1 << (bit % 8))
    }
  }
  return toHex(bloom)
}

const data: Hex = `0x${'00'.repeat(31)}05`
const log = { address: vault, topics: [topic], data }

const factory = '0x00000000000000000000000000000000000000fa'
const made = keccak256(toHex('Made(address)'))
const makes = { address: factory, event: 'Made(address indexed child)', argument: 'child' } as const
const child = '0x00000000000000000000000000000000000000c1'
/** A factory names a contract. */
const birth = {
  address: factory,
  topics: [made, `0x${'00'.repeat(12)}${child.slice(2)}`],
  data: '0x',
}

type RawLog = Readonly<Record<'address' | 'data', string> & { topics: readonly string[] }>

/** A block whose only transaction has these logs, as an honest node gives it. */
function blockWith(
  logs: readonly RawLog[],
  bloom: Hex,
  { number = '0x7', parentHash = zero }: { readonly number?: Hex; readonly parentHash?: Hex } = {},
) {
  const cumulativeGasUsed: Hex = '0x5208'
  const rlp = toRlp([
    ...(['0x01', cumulativeGasUsed, bloom] as const),
    logs.map((one) => [one.address, one.topics, one.data]),
  ] as never)
  const typed: Hex = `0x02${rlp.slice(2)}`
  // The root of a trie with one leaf, whose key is the RLP of 0.
  const receiptsRoot = keccak256(toRlp(['0x2080', typed]))
  const fields = {
    ...{
      parentHash,
      sha3Uncles: zero,
      miner: vault,
      stateRoot: zero,
      transactionsRoot: zero,
    },
    ...{ receiptsRoot, logsBloom: bloom, difficulty: '0x0', number, gasLimit: '0x1c9c380' },
    ...{ gasUsed: cumulativeGasUsed, timestamp: '0x65', extraData: '0x', mixHash: zero },
    ...{ nonce: '0x0000000000000000', baseFeePerGas: '0x3b9aca00' },
  } as const
  const values = Object.values(fields).map((value) => (value === '0x0' ? '0x' : even(value)))
  const hash = keccak256(toRlp(values as Hex[]))
  const transactionHash: Hex = `0x${'77'.repeat(32)}`
  const place = { blockNumber: number, blockHash: hash, transactionHash }
  return {
    header: { ...fields, hash, transactions: [transactionHash] },
    logs: logs.map((one, at) => ({ ...one, ...place, logIndex: toHex(at) })),
    receipts: [{ ...place, type: '0x2', status: '0x1', cumulativeGasUsed, logsBloom: bloom, logs }],
  }
}

const even = (value: string) => (value.length % 2 === 0 ? value : `0x0${value.slice(2)}`)

/** A source over an endpoint that gives a block, in which some answers are others. */
function sourceOf(
  block: ReturnType<typeof blockWith>,
  {
    checks = 'bloom',
    others = [],
    subscriptions = [{ event: paid, address: vault }],
    ...changes
  }: {
    checks?: EventChecks
    others?: JsonRpcClient[]
    subscriptions?: readonly Subscription[]
    [method: string]: unknown
  } = {},
) {
  const answers: Record<string, unknown> = {
    ...{ eth_getBlockByNumber: block.header, eth_getLogs: block.logs },
    ...{ eth_getBlockReceipts: block.receipts, ...changes },
  }
  const asked: string[] = []
  const blamed: string[] = []
  const client: JsonRpcClient = {
    request: async (method, params) => {
      asked.push(method)
      const answer = answers[method]
      if (answer instanceof AppError) throw answer
      return (typeof answer === 'function' ? answer(params) : answer) as Json
    },
  }
  const source = createEvmSource(
    { chain: 'test', checks },
    {
      ...{ client, others, logger: silentLogger, metrics: noMetrics },
      decoder: createEventDecoder(subscriptions),
      blame: (_, reason) => blamed.push(reason),
    },
  )
  const read = async () => {
    const blocks = await source.blocksAt([7])
    return source.proven(blocks, await source.eventsOf(blocks as readonly SourceBlock[]))
  }
  return { source, read, asked, blamed }
}

const full = bloomOf([vault, topic])
const honest = blockWith([log, log], full)

describe('a source that checks', () => {
  test('takes what an honest endpoint gives, and asks for receipts only where it must', async () => {
    for (const checks of ['none', 'bloom', 'all'] as const) {
      const { read, asked, blamed } = sourceOf(honest, { checks })
      const { events } = await read()
      assert.deepEqual(
        events.map(({ args, logIndex, blockNumber }) => [args.amount, logIndex, blockNumber]),
        [
          ['5', 0, 7],
          ['5', 1, 7],
        ],
      )
      // The same said twice is two events.
      assert.equal(new Set(events.map(({ key }) => key)).size, 2)
      assert.equal(asked.includes('eth_getBlockReceipts'), checks === 'all')
      assert.deepEqual(blamed, [])
    }
  })

  test('finds logs that an endpoint hides by the receipts, and blames it', async () => {
    const { read, blamed } = sourceOf(honest, { eth_getLogs: [] })
    const { events } = await read()
    const plain = await sourceOf(honest).read()
    assert.deepEqual(events, plain.events)
    assert.match(blamed.join(), /did not give 2 logs that the receipts of block 7 prove/)
    const unchecked = sourceOf(honest, { eth_getLogs: [], checks: 'none' })
    assert.deepEqual((await unchecked.read()).events, [])
  })

  test('finds a log that is hidden among others where every block is checked', async () => {
    const { read, blamed } = sourceOf(honest, { eth_getLogs: honest.logs.slice(1), checks: 'all' })
    assert.equal((await read()).events.length, 2)
    assert.equal(blamed.length, 1)
  })

  test('refuses receipts that are not those of the header', async () => {
    const [receipt] = honest.receipts
    for (const wrong of [[], [{ ...receipt, logs: [log] }], [{ ...receipt, type: '0x1' }]]) {
      const { read } = sourceOf(honest, { eth_getLogs: [], eth_getBlockReceipts: wrong })
      await assert.rejects(read(), { code: 'stream/dishonest', message: /receipts of block 7/ })
    }
  })

  test('refuses a header whose fields are not those of its hash', async () => {
    const hiding = { ...honest.header, logsBloom: none }
    const { read } = sourceOf(honest, { eth_getBlockByNumber: hiding, checks: 'all' })
    await assert.rejects(read(), { code: 'stream/dishonest', message: /hash of block 7/ })
  })

  test('does not believe a first header of unknown form that another endpoint has in the usual one', async () => {
    const hiding = { ...honest.header, logsBloom: none }
    const showing = (header: Json): JsonRpcClient => ({ request: async () => header })
    const away: JsonRpcClient = { request: () => Promise.reject(new Error('away')) }
    const odd = { eth_getBlockByNumber: hiding, eth_getLogs: [] }
    const reading = (...others: JsonRpcClient[]) => sourceOf(honest, { ...odd, others }).read()
    await assert.rejects(reading(away, showing(honest.header)), { code: 'stream/dishonest' })
    await assert.rejects(reading(showing(null), away), { code: 'stream/inconsistent' })
    const lacking = { ...hiding, mixHash: null }
    for (const all of [[], [showing(hiding), away], [showing(lacking)]]) {
      assert.deepEqual((await reading(...all)).events, [])
    }
    const without = { eth_getBlockByNumber: lacking, eth_getLogs: [] }
    assert.deepEqual((await sourceOf(honest, without).read()).events, [])
    const strict = sourceOf(honest, { ...without, checks: 'all' })
    await assert.rejects(strict.read(), { code: 'stream/dishonest' })
  })

  test('says of receipts that are none what is wrong with them', async () => {
    const [receipt] = honest.receipts
    const refusing = new AppError({ code: 'json-rpc/error', message: 'no such method' })
    for (const wrong of [
      { eth_getBlockReceipts: [{ ...receipt, logs: [null] }] },
      {
        eth_getBlockReceipts: refusing,
        eth_getBlockByNumber: { ...honest.header, transactions: 5 },
      },
    ]) {
      const { read } = sourceOf(honest, { eth_getLogs: [], ...wrong })
      await assert.rejects(read(), { code: 'stream/bad-answer' })
    }
  })

  test('refuses a log that the bloom filter of its own block rules out', async () => {
    const clear = blockWith([], bloomOf([vault]))
    const [place] = clear.receipts
    const madeUp = { ...log, ...place, logs: undefined, logIndex: '0x0' }
    const both: Subscription[] = [
      { event: paid, factory: makes },
      { event: paid, address: vault },
    ]
    const named = { ...birth, ...honest.receipts[0], logs: undefined, logIndex: '0x9' }
    const ruledOut = { code: 'stream/dishonest', message: /bloom filter of block 7 rules out/ }
    await assert.rejects(sourceOf(clear, { eth_getLogs: [madeUp] }).read(), ruledOut)
    // Beside a log that is there, which keeps the block from being doubted.
    const beside = { eth_getLogs: [...honest.logs, named], subscriptions: both }
    await assert.rejects(sourceOf(honest, beside).read(), ruledOut)
    const believed = sourceOf(clear, { eth_getLogs: [madeUp], checks: 'none' })
    assert.equal((await believed.read()).events.length, 1)
    // A filter that no hash binds proves nothing.
    const odd = { ...clear.header, logsBloom: none }
    const own = sourceOf(clear, { eth_getBlockByNumber: odd, eth_getLogs: [madeUp] })
    assert.equal((await own.read()).events.length, 1)
  })

  test('listens to no contract that a factory did not name, and to each that it named', async () => {
    const subscriptions = [{ event: paid, factory: makes }]
    const wide = bloomOf([factory, made, child, topic])
    const born = blockWith([birth, { ...log, address: child }], wide)
    for (const checks of ['bloom', 'all'] as const) {
      const { events, discovered } = await sourceOf(born, { subscriptions, checks }).read()
      assert.deepEqual([events.length, discovered.length], [1, 1])
    }
    const wrong = { code: 'stream/dishonest', message: /receipts of block 7 name other contracts/ }
    const barren = blockWith([log], wide)
    const madeUp = { ...birth, ...barren.receipts[0], logs: undefined, logIndex: '0x0' }
    for (const eth_getLogs of [[madeUp], [madeUp, ...barren.logs]]) {
      const { read } = sourceOf(barren, { subscriptions, checks: 'all', eth_getLogs })
      await assert.rejects(read(), wrong)
    }
    const hiding = sourceOf(born, { subscriptions, eth_getLogs: [] })
    await assert.rejects(hiding.read(), wrong)
  })

  test('believes of what was made before only what receipts prove, and blames who told otherwise', async () => {
    const subscriptions = [{ event: paid, factory: makes }]
    const wide = bloomOf([factory, made, child, topic])
    const born = blockWith([birth, { ...log, address: child }], wide)
    const search = async (
      block: typeof born,
      checks: EventChecks,
      changes: Readonly<Record<string, unknown>> = {},
    ) => {
      const { source, blamed } = sourceOf(block, { subscriptions, checks, ...changes })
      const found = await source.discover?.({ from: 7, to: 7 })
      const addresses = found?.discovered.map(({ address }) => address)
      return [addresses, found?.blocks.map(({ hash }) => hash), blamed.join()] as const
    }
    const { hash } = born.header
    assert.deepEqual(await search(born, 'none'), [[child], [], ''])
    assert.deepEqual(await search(born, 'bloom'), [[child], [hash], ''])
    assert.deepEqual(await search(born, 'all'), [[child], [hash], ''])
    // Where the bloom filter lets it pass, and where it does not.
    for (const barren of [blockWith([log], wide), blockWith([log], full)]) {
      const madeUp = { ...birth, ...barren.receipts[0], logs: undefined, logIndex: '0x0' }
      const lying = { eth_getLogs: [madeUp] }
      for (const checks of ['bloom', 'all'] as const) {
        const [addresses, , reason] = await search(barren, checks, lying)
        assert.deepEqual(addresses, [])
        assert.match(reason, /named 1 contracts that block 7 does not/)
      }
      assert.deepEqual((await search(barren, 'none', lying))[0], [child])
    }
    const hiding = { eth_getLogs: [] }
    assert.deepEqual((await search(born, 'bloom', hiding))[0], [])
    const [found, , reason] = await search(born, 'all', hiding)
    assert.deepEqual(found, [child])
    assert.match(reason, /did not name 1 contracts that block 7 does/)
    const refused = { code: 'stream/dishonest' }
    for (const checks of ['bloom', 'all'] as const) {
      await assert.rejects(search(born, checks, { eth_getBlockReceipts: [] }), refused)
    }
    const odd = { eth_getBlockByNumber: { ...born.header, logsBloom: none } }
    await assert.rejects(search(born, 'all', odd), refused)
    // Nothing of a header with a form of its own can be proven.
    assert.deepEqual((await search(born, 'bloom', odd))[0], [child])
  })

  test('finds what is hidden in no block but one that follows the one before it', async () => {
    const subscriptions = [{ event: paid, factory: makes }]
    const first = blockWith([birth], bloomOf([factory, made, child]))
    const search = async (parentHash: Hex) => {
      const second = blockWith([log], full, { number: '0x8', parentHash })
      const { source } = sourceOf(first, {
        ...{ subscriptions, checks: 'all', eth_getLogs: [] },
        eth_getBlockByNumber: ([number]: Json[]) => (number === '0x7' ? first : second).header,
      })
      return source.discover?.({ from: 7, to: 8 })
    }
    const found = await search(first.header.hash)
    assert.deepEqual(
      [found?.discovered.length, found?.blocks.map(({ number }) => number)],
      [1, [8]],
    )
    await assert.rejects(search(zero), { code: 'stream/inconsistent', message: /another parent/ })
  })

  test('leaves out a log that is made up where every block is checked, and blames who gave it', async () => {
    const madeUp = { ...honest.logs[0], data: `0x${'00'.repeat(31)}06`, logIndex: '0x2' }
    const { read, blamed } = sourceOf(honest, {
      ...{ eth_getLogs: [...honest.logs, madeUp], checks: 'all' },
    })
    assert.equal((await read()).events.length, 2)
    assert.match(blamed.join(), /gave 1 logs that the receipts of block 7 do not hold/)
  })

  test('passes over a block whose bloom matches by chance, and one in which it does not', async () => {
    const chance = sourceOf(blockWith([], full))
    assert.deepEqual([(await chance.read()).events, chance.blamed], [[], []])
    assert.ok(chance.asked.includes('eth_getBlockReceipts'))
    const clear = sourceOf(blockWith([], bloomOf([vault])))
    assert.deepEqual((await clear.read()).events, [])
    assert.ok(!clear.asked.includes('eth_getBlockReceipts'))
  })
})
