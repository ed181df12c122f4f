/** Puts transactions into a pool and looks at what is taken, replaced, ordered and dropped. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { genesisState } from '../state/trie-state.ts'
import { createTxPool } from './create-txpool.ts'
import { alice, bob, gwei, headAt, nameOf, pool, raw, watched } from './test-pool/open-pool.ts'

describe('the transaction pool', () => {
  test('puts a gap into the queue, and closes it when the missing one comes', () => {
    const one = pool()
    one.add(raw(alice, 1n))
    assert.deepEqual([one.content().pending.length, one.content().queued.length], [0, 1])
    one.add(raw(alice, 0n))
    assert.deepEqual([one.content().pending.length, one.content().queued.length], [2, 0])
    assert.equal(one.nextNonce(addressOfKey(alice)), 2n)
  })

  test('gives the best paying first, and the nonces of a sender in order', () => {
    const one = pool()
    one.add(raw(alice, 0n, { maxPriorityFeePerGas: 1n * gwei }))
    one.add(raw(alice, 1n, { maxPriorityFeePerGas: 9n * gwei }))
    one.add(raw(bob, 0n, { maxPriorityFeePerGas: 2n * gwei }))
    one.add(raw(bob, 1n, { maxPriorityFeePerGas: gwei, maxFeePerGas: gwei }))
    const order = [...one.best(gwei)].map(({ sender, transaction }) => {
      return `${sender.toHex() === addressOfKey(alice).toHex() ? 'alice' : 'bob'} ${transaction.nonce}`
    })
    assert.deepEqual(order, ['bob 0', 'alice 0', 'alice 1', 'bob 1'])
    assert.deepEqual([...one.best(11n * gwei)], [])
  })

  test('replaces for ten percent more, not for less', () => {
    const one = pool()
    const first = one.add(raw(alice, 0n))
    const fees = (percent: bigint) => ({
      maxFeePerGas: (10n * gwei * percent) / 100n,
      maxPriorityFeePerGas: (gwei * percent) / 100n,
    })
    assert.throws(() => one.add(raw(alice, 0n, fees(109n))), {
      code: 'txpool/replacement-underpriced',
    })
    const second = one.add(raw(alice, 0n, fees(110n)))
    assert.equal(one.get(first.hash), undefined)
    assert.equal(one.content().pending[0], second)
  })

  test("refuses with geth's texts", () => {
    const one = pool()
    one.add(raw(alice, 0n))
    const refused = (bytes: Uint8Array, code: string, message: RegExp) =>
      assert.throws(() => one.add(bytes), { code, message })
    refused(raw(alice, 0n), 'txpool/already-known', /^already known/)
    refused(raw(bob, 0n, { gasLimit: 20_000n }), 'txpool/intrinsic-gas', /^intrinsic gas too low/)
    refused(
      raw(bob, 0n, { value: 10n ** 19n }),
      'txpool/insufficient-funds',
      /^insufficient funds for gas \* price \+ value/,
    )
    refused(raw(bob, 0n, { chainId: 8n }), 'txpool/chain-id', /^invalid chain id/)
    refused(
      raw(bob, 0n, { maxPriorityFeePerGas: 11n * gwei }),
      'txpool/underpriced',
      /^max priority fee/,
    )
    refused(raw(bob, 0n, { gasLimit: 2n ** 24n + 1n }), 'txpool/gas-limit', /cap/)
    refused(raw(bob, 0n, { data: new Uint8Array(131_073) }), 'txpool/oversized', /^oversized data/)
    refused(Uint8Array.of(1, 2, 3), 'txpool/bad-encoding', /bad transaction/)
    refused(Uint8Array.of(5, 2, 3), 'txpool/type-unsupported', /^transaction type not supported/)
    one.moveTo(headAt(1n))
    refused(raw(alice, 0n), 'txpool/nonce-too-low', /^nonce too low: next nonce 1, tx nonce 0/)
  })

  test('drops what a new head has used up, and takes back what left the chain', () => {
    const one = pool()
    const first = one.add(raw(alice, 0n))
    one.add(raw(alice, 1n))
    one.moveTo(headAt(1n))
    assert.equal(one.get(first.hash), undefined)
    one.moveTo(headAt(0n), { returned: [first] })
    assert.deepEqual(one.content().pending.length, 2)
    one.moveTo(headAt(0n, 0n))
    assert.deepEqual(one.content().pending.length, 0)
  })

  test('takes only what an account can pay together with what waits already', () => {
    const one = pool()
    const value = 6n * 10n ** 17n
    const first = one.add(raw(alice, 0n, { value }))
    assert.throws(() => one.add(raw(alice, 1n, { value })), {
      code: 'txpool/insufficient-funds',
      message:
        /^insufficient funds for gas \* price \+ value: balance \d+, queued cost \d+, tx cost/,
    })
    // A replacement gives back what it replaces.
    const fees = { maxFeePerGas: 20n * gwei, maxPriorityFeePerGas: 2n * gwei }
    one.add(raw(alice, 0n, { value: 9n * 10n ** 17n, ...fees }))
    assert.equal(one.get(first.hash), undefined)
    one.moveTo(headAt(1n))
    one.add(raw(alice, 1n, { value }))
  })

  test('refuses delegations before the rules have them', () => {
    const cancun = pool({}, 'cancun')
    const one = { chainId: 7n, address: new Uint8Array(20), nonce: 0n, yParity: 0, r: 1n, s: 1n }
    const delegation = { type: 4, authorizations: [one], gasLimit: 100_000n }
    assert.throws(() => cancun.add(raw(alice, 0n, delegation as never)), {
      code: 'txpool/type-unsupported',
    })
  })

  test('tells what it lets run, the one that closes a gap first', () => {
    const one = pool()
    const admit = (bytes: Uint8Array, key = alice) =>
      one
        .admit(one.read(bytes), { sender: addressOfKey(key), authorities: [] })
        .map(({ transaction }) => transaction.nonce)
    assert.deepEqual(admit(raw(alice, 1n)), [])
    assert.deepEqual(admit(raw(alice, 2n)), [])
    assert.deepEqual(admit(raw(alice, 0n)), [0n, 1n, 2n])
    const fees = { maxFeePerGas: 20n * gwei, maxPriorityFeePerGas: 2n * gwei }
    assert.deepEqual(admit(raw(alice, 1n, fees)), [1n])
    assert.throws(() => one.admit(one.read(raw(bob, 0n)), { sender: undefined, authorities: [] }), {
      code: 'txpool/invalid-sender',
    })
  })

  test('has work only while something can pay the base fee', () => {
    const one = pool()
    one.add(raw(alice, 1n, { maxFeePerGas: 90n * gwei }))
    one.add(raw(bob, 0n, { maxFeePerGas: 5n * gwei }))
    assert.deepEqual([one.hasWork(5n * gwei), one.hasWork(6n * gwei)], [true, false])
  })

  test('leaves a sender whose transaction did not fit', () => {
    const one = pool()
    for (const nonce of [0n, 1n]) for (const key of [alice, bob]) one.add(raw(key, nonce))
    const best = one.best(gwei)
    const order: string[] = []
    for (const { sender, transaction } of best) {
      order.push(`${nameOf(sender)} ${transaction.nonce}`)
      best.leaveSender(addressOfKey(alice))
    }
    assert.deepEqual(order, ['alice 0', 'bob 0', 'bob 1'])
  })

  test('drops what a sender can no longer pay, and what fits in no block any more', () => {
    const { one, dropped } = watched()
    one.add(raw(alice, 0n))
    one.add(raw(alice, 1n, { value: 10n ** 17n }))
    one.moveTo(headAt(0n, 10n ** 16n), { spenders: [addressOfKey(alice)] })
    assert.deepEqual([one.counts(), dropped], [{ pending: 1, queued: 0 }, ['unpayable alice 1']])
    one.moveTo({ ...headAt(0n), gasLimit: 20_999n })
    assert.deepEqual(dropped.at(-1), 'not-executable alice 0')
  })

  test('orders any senders at any base fee as a plain sort does', () => {
    const keys = Array.from({ length: 6 }, (_, at) => new Uint8Array(32).fill(at + 10))
    const accounts = keys.map((key) => ({
      ...{ address: addressOfKey(key), balance: 10n ** 18n, nonce: 0n },
      ...{ code: new Uint8Array(), storage: [] },
    }))
    const head = { ...headAt(0n), state: genesisState(accounts) }
    const price = fc.integer({ min: 1, max: 6 })
    const one = fc.record({ sender: fc.nat(5), fee: price, tip: price })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), price, (list, base) => {
        const tested = createTxPool({ chainId: 7n }, head)
        const nonces = keys.map(() => 0n)
        const waiting = list.map(({ sender, fee, tip }, arrival) => {
          const nonce = nonces[sender] ?? 0n
          nonces[sender] = nonce + 1n
          const caps = {
            maxFeePerGas: BigInt(fee),
            maxPriorityFeePerGas: BigInt(Math.min(fee, tip)),
          }
          const { hash } = tested.add(raw(keys[sender] ?? alice, nonce, caps))
          return { sender, arrival, gives: Math.min(fee - base, Math.min(fee, tip)), hash }
        })
        const expected: string[] = []
        const queues = keys.map((_, sender) => waiting.filter((entry) => entry.sender === sender))
        for (;;) {
          const fronts = queues.flatMap((queue) => (queue[0] ? [queue[0]] : []))
          const [next] = fronts
            .filter(({ gives }) => gives >= 0)
            .sort((a, b) => b.gives - a.gives || a.arrival - b.arrival)
          if (!next) break
          expected.push(next.hash.toHex())
          queues[next.sender]?.shift()
        }
        const given = [...tested.best(BigInt(base))].map(({ hash }) => hash.toHex())
        assert.deepEqual(given, expected)
        assert.equal(tested.hasWork(BigInt(base)), expected.length > 0)
      }),
      { numRuns: 60 },
    )
  })
})
