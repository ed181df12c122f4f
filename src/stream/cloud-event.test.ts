/** Checks what events are as CloudEvents, and exact integers. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Json } from '../base/json-rpc.ts'
import { cloudEventOf, exactArgs } from './cloud-event.ts'
import type { StreamEvent } from './stream.ts'

const event: StreamEvent = {
  ...{ id: 'dev:0x01:5', chain: 'dev', chainId: 7, name: 'Paid', state: 'safe' },
  ...{ address: `0x${'aB'.repeat(20)}`, signature: 'Paid(address,uint256)' },
  ...{ args: { who: `0x${'cc'.repeat(20)}`, amount: String(2n ** 255n) } },
  ...{ blockNumber: 12, blockHash: `0x${'01'.repeat(32)}`, logIndex: 3 },
  ...{ transactionHash: `0x${'02'.repeat(32)}`, blockTimeMs: 1_700_000_000_000, seenAtMs: 1 },
}

describe('an event as a CloudEvent', () => {
  test('names its chain, contract, signature and life, and keeps its integers', () => {
    const { data, ...envelope } = cloudEventOf(event)
    const contract = `0x${'ab'.repeat(20)}`
    assert.deepEqual(envelope, {
      ...{ specversion: '1.0', id: 'dev:0x01:5', source: `/chains/dev/${contract}` },
      ...{ type: 'evm.log', time: '2023-11-14T22:13:20.000Z', subject: event.transactionHash },
      ...{ datacontenttype: 'application/json', chain: 'dev', contract },
      ...{ event: 'Paid(address,uint256)', life: 'safe' },
    })
    assert.deepEqual(data.args, event.args)
    assert.match(data.reference, /^0x[0-9a-f]{64}$/)
    assert.notEqual(data.reference, cloudEventOf({ ...event, id: 'dev:0x01:6' }).data.reference)
  })
})

describe('exact arguments', () => {
  test('are integers wherever the signature has them, in lists and tuples too', () => {
    const args = {
      amount: '1000',
      pairs: [
        { left: '-1', right: 'x' },
        { left: '2', right: '3' },
      ],
      grid: [['1'], ['2', '3']],
      unnamed: ['5', true],
      hashed: `0x${'00'.repeat(32)}`,
    }
    const signature = 'E(uint256,(int8,string)[],uint8[][],(uint256,bool),uint256[])'
    assert.deepEqual(exactArgs(signature, args), {
      amount: 1000n,
      pairs: [
        { left: -1n, right: 'x' },
        { left: 2n, right: '3' },
      ],
      grid: [[1n], [2n, 3n]],
      unnamed: [5n, true],
      hashed: args.hashed,
    })
    assert.deepEqual(exactArgs('E(uint256 indexed amount)', { amount: '7' }), { amount: 7n })
  })

  test('keep 256 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 255n), max: 2n ** 256n - 1n }), (value) => {
        assert.deepEqual(exactArgs('E(int256)', { value: String(value) }), { value })
      }),
    )
  })

  test('refuse a text that is no signature, and arguments of another event', () => {
    assert.throws(() => exactArgs('E(', {}), { code: 'stream/bad-event' })
    const others: readonly (readonly [string, { readonly [name: string]: Json }])[] = [
      ['E(uint256)', {}],
      ['E(uint256)', { a: 1 }],
      ['E(uint256)', { a: '0x1' }],
      ['E(uint256[])', { a: { b: '1' } }],
      ['E((uint256,bool))', { a: ['1'] }],
      ['E((uint256,bool))', { a: null }],
    ]
    for (const [signature, args] of others) {
      assert.throws(() => exactArgs(signature, args), { code: 'stream/bad-args' })
    }
  })
})
