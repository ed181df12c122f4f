/** Decodes logs by Solidity signatures: what is asked for, what fits, and how values become JSON. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AbiParameter, encodeAbiParameters, parseAbiParameters, toEventSelector } from 'viem'
import type { Hex } from '../base/bytes.ts'
import { createEventDecoder, type EventDecoder, parseEvent } from './event-decoder.ts'
import type { RawLog } from './subscription.ts'

const vault = '0x00000000000000000000000000000000000000aa'
const token = '0x00000000000000000000000000000000000000BB'
const account = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
const word = (value: number): Hex => `0x${value.toString(16).padStart(64, '0')}`

/** Decodes one log of an event, with these topics after the first and these data. */
function decoded(event: string, { topics = [], data }: { topics?: readonly Hex[]; data: Hex }) {
  const decoder = createEventDecoder([{ event, address: vault }])
  return read(decoder, { topics: [topicOf(decoder), ...topics], data })
}

const topicOf = (decoder: EventDecoder) => decoder.queries()[0]?.topics[0]?.[0] as Hex

/** What is read of a log; nothing where there is nothing. */
function read(decoder: EventDecoder, log: Partial<RawLog>) {
  const reading = decoder.read({ address: vault, topics: [], data: '0x', blockNumber: 1, ...log })
  return typeof reading === 'string' ? undefined : reading
}

const encoded = (types: string, values: readonly unknown[]) =>
  encodeAbiParameters(parseAbiParameters(types) as readonly AbiParameter[], values)

describe('the event decoder', () => {
  test('asks for each address and each topic once, addresses in lower case', () => {
    const event = 'Paid(address indexed who, uint256 amount)'
    const decoder = createEventDecoder([
      { event, address: vault },
      { event, address: token },
      { event: 'Closed()', address: token },
    ])
    const topics = ['Paid(address,uint256)', 'Closed()'].map((text) => toEventSelector(text))
    const address = [vault, token.toLowerCase()]
    assert.deepEqual(decoder.queries(), [{ topics: [topics], address }])
  })

  test('wants the event of one contract on that contract only', () => {
    const decoder = createEventDecoder([
      { event: 'Opened()', address: vault },
      { event: 'Closed()', address: token },
    ])
    const opened = [toEventSelector('Opened()')]
    const lower = token.toLowerCase() as Hex
    const log = { data: '0x', blockNumber: 1 } as const
    assert.ok(decoder.wants({ ...log, address: vault, topics: opened }))
    assert.ok(!decoder.wants({ ...log, address: lower, topics: opened }))
    assert.ok(!decoder.wants({ ...log, address: vault, topics: [] }))
    assert.deepEqual(read(decoder, { topics: opened }), {
      ...{ name: 'Opened', signature: 'Opened()', args: {} },
    })
    assert.equal(read(decoder, { address: lower, topics: opened }), undefined)
  })

  test('refuses what is no event, no address, or nothing', () => {
    for (const event of [
      '',
      'Paid',
      'Paid(uint256)',
      'Paid(uint256 a, nothing b)',
      'Paid(uint a',
    ]) {
      const told = { code: 'stream/bad-event', message: /is no event signature with named/ }
      assert.throws(() => parseEvent(event), told)
    }
    assert.equal(parseEvent('event Paid(uint256 amount)').name, 'Paid')
    for (const address of ['0xaa', vault.slice(2), `${vault}0`, `0x${'g'.repeat(40)}`]) {
      const subscription = { event: 'Closed()', address: address as Hex }
      assert.throws(() => createEventDecoder([subscription]), { code: 'stream/bad-address' })
    }
    assert.throws(() => createEventDecoder([]), { code: 'stream/no-events' })
  })

  test('refuses an event whose arguments share a name', () => {
    assert.throws(() => parseEvent('Paid(uint256 a, uint256 a)'), { code: 'stream/bad-event' })
  })

  test('tells apart events that share a topic by what is indexed', () => {
    const decoder = createEventDecoder([
      { event: 'Moved(address who, uint256 amount)', address: vault },
      { event: 'Moved(address indexed who, uint256 amount)', address: vault },
      { event: 'Moved(address indexed who, uint256 indexed amount)', address: vault },
    ])
    const topic = topicOf(decoder)
    const logs = [
      { topics: [topic], data: encoded('address, uint256', [account, 5n]) },
      { topics: [topic, word(0xaa)], data: word(5) },
      { topics: [topic, word(0xaa), word(5)], data: '0x' as Hex },
    ]
    const found = logs.map((log) => read(decoder, log)?.args)
    const rest = { who: vault, amount: '5' }
    assert.deepEqual(found, [{ who: account.toLowerCase(), amount: '5' }, rest, rest])
  })

  test('gives nothing for a log with other topics or too few data', () => {
    const event = 'Paid(address indexed who, uint256 amount)'
    assert.equal(decoded(event, { data: word(5) }), undefined)
    assert.equal(decoded(event, { topics: [word(1)], data: '0x' }), undefined)
    assert.equal(decoded(event, { topics: [word(1)], data: '0x05' }), undefined)
    assert.equal(decoded(event, { topics: [word(1), word(2)], data: word(5) }), undefined)
    assert.equal(decoded('Paid(string memo)', { data: word(2 ** 40) }), undefined)
  })

  test('is not kept busy by data that point at the same place again and again, or far away', () => {
    const bare = (value: number) => word(value).slice(2)
    // Sixteen members that are one: eight levels of them would be four thousand million values.
    const level = (inner: string) => `${bare(16)}${bare(16 * 32).repeat(16)}${inner}`
    const bomb = Array.from({ length: 8 }).reduce<string>(level, bare(0))
    const event = `Listed(uint256${'[]'.repeat(9)} lists)`
    assert.equal(decoded(event, { data: `0x${bare(32)}${bomb}` }), undefined)
    for (const data of [`0x${'ff'.repeat(4_096)}`, `0x${bare(2 ** 31)}`] as const) {
      assert.equal(decoded('Said(string text, bytes[] more)', { data }), undefined)
    }
  })

  test('writes numbers as decimal text of full precision, and bytes as hex', () => {
    const data = encoded('uint256, int8, bool, bytes4, bytes, address', [
      ...[2n ** 256n - 1n, -7, true, '0xAABBCCDD', '0xAB', account],
    ])
    const event = 'All(uint256 a, int8 b, bool c, bytes4 d, bytes e, address f)'
    assert.deepEqual(decoded(event, { data })?.args, {
      ...{ a: String(2n ** 256n - 1n), b: '-7', c: true, d: '0xaabbccdd', e: '0xab' },
      ...{ f: account.toLowerCase() },
    })
  })

  test('leaves text as it is, though it looks like an address', () => {
    const data = encoded('string, string[]', [account, [account]])
    const { args } = decoded('Said(string text, string[] more)', { data }) ?? {}
    assert.deepEqual(args, { text: account, more: [account] })
  })

  test('gives the hash of an indexed text or list', () => {
    const event = 'Said(string indexed text, uint256[] indexed list)'
    const topics = [word(1), word(2)]
    assert.deepEqual(decoded(event, { topics, data: '0x' })?.args, {
      ...{ text: word(1), list: word(2) },
    })
  })

  test('gives nested tuples as objects and lists', () => {
    const order = '(address buyer, (uint256 amount, address token)[] lines, uint256[2][] pairs)'
    const value = {
      buyer: account,
      lines: [
        { amount: 1n, token: account },
        { amount: 2n, token: vault },
      ],
      pairs: [[3n, 4n]],
    }
    const data = encoded(`${order} order, (uint256, address) plain`, [value, [5n, account]])
    const event = `Ordered(${order} order, (uint256, address) plain)`
    const lower = account.toLowerCase()
    assert.deepEqual(decoded(event, { data })?.args, {
      order: {
        buyer: lower,
        lines: [
          { amount: '1', token: lower },
          { amount: '2', token: vault },
        ],
        pairs: [['3', '4']],
      },
      plain: ['5', lower],
    })
  })
})
