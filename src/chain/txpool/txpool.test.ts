/** Puts transactions into a pool and looks at what is taken, replaced, ordered and dropped. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { rulesOf } from '../ledger/fork-rules.ts'
import type { UnsignedTransaction } from '../ledger/transaction.ts'
import { encodeTransaction, signTransaction } from '../ledger/transaction-codec.ts'
import { genesisState } from '../state/trie-state.ts'
import { createTxPool, type TxPoolOptions } from './create-txpool.ts'

const [alice, bob] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array]
const gwei = 10n ** 9n

/** The chain's head after Alice has sent some. */
function headAt(aliceNonce: bigint, balance = 10n ** 18n) {
  const account = (key: Uint8Array, nonce: bigint) => ({
    ...{ address: addressOfKey(key), balance, nonce, code: new Uint8Array(), storage: [] },
  })
  const state = genesisState([account(alice, aliceNonce), account(bob, 0n)])
  return { state, baseFeePerGas: gwei, gasLimit: 30_000_000n }
}

const pool = (options: Partial<TxPoolOptions> = {}) =>
  createTxPool({ rules: rulesOf('osaka'), chainId: 7n, ...options }, headAt(0n))

function raw(key: Uint8Array, nonce: bigint, fields: Partial<UnsignedTransaction> = {}) {
  const unsigned = {
    ...{
      type: 2,
      chainId: 7n,
      nonce,
      gasLimit: 21_000n,
      to: new Uint8Array(20).fill(9),
      value: 1n,
    },
    ...{ maxFeePerGas: 10n * gwei, maxPriorityFeePerGas: gwei, accessList: [] },
    ...{ data: new Uint8Array(), ...fields },
  } as UnsignedTransaction
  return encodeTransaction(signTransaction(unsigned, key))
}

describe('the transaction pool', () => {
  test('puts a gap into the queue, and closes it when the missing one comes', () => {
    const one = pool()
    one.add(raw(alice, 1n))
    assert.deepEqual([one.list().pending.length, one.list().queued.length], [0, 1])
    one.add(raw(alice, 0n))
    assert.deepEqual([one.list().pending.length, one.list().queued.length], [2, 0])
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
    assert.equal(one.list().pending[0], second)
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
    one.moveTo(headAt(1n), [])
    refused(raw(alice, 0n), 'txpool/nonce-too-low', /^nonce too low: next nonce 1, tx nonce 0/)
  })

  test('bounds a sender and the whole, and keeps what pays more', () => {
    const small = pool({ maxPerSender: 2, maxTransactions: 3 })
    small.add(raw(alice, 0n))
    small.add(raw(alice, 1n))
    assert.throws(() => small.add(raw(alice, 2n)), { code: 'txpool/full', retry: 'later' })
    small.add(raw(bob, 0n, { maxPriorityFeePerGas: 2n * gwei }))
    assert.throws(() => small.add(raw(bob, 1n)), { code: 'txpool/full', retry: 'later' })
    small.add(raw(bob, 1n, { maxPriorityFeePerGas: 2n * gwei }))
    assert.deepEqual(
      small.list().pending.map(({ transaction }) => transaction.nonce),
      [0n, 0n, 1n],
    )
  })

  test('drops what a new head has used up, and takes back what left the chain', () => {
    const one = pool()
    const first = one.add(raw(alice, 0n))
    one.add(raw(alice, 1n))
    one.moveTo(headAt(1n), [])
    assert.equal(one.get(first.hash), undefined)
    one.moveTo(headAt(0n), [first.transaction])
    assert.deepEqual(one.list().pending.length, 2)
    one.moveTo(headAt(0n, 0n), [])
    assert.deepEqual(one.list().pending.length, 0)
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
    one.moveTo(headAt(1n), [])
    one.add(raw(alice, 1n, { value }))
  })

  test('bounds the bytes that wait', () => {
    const small = pool({ maxBytes: 210_000 })
    const data = new Uint8Array(100_000)
    const large = { data, gasLimit: 5_000_000n }
    const first = small.add(raw(alice, 0n, large))
    small.add(raw(alice, 1n, large))
    assert.throws(() => small.add(raw(bob, 0n, large)), { code: 'txpool/full' })
    small.add(raw(bob, 0n, { ...large, maxPriorityFeePerGas: 2n * gwei }))
    assert.equal(small.list().pending.length, 2)
    const larger = { ...large, data: new Uint8Array(130_000), maxFeePerGas: 20n * gwei }
    assert.throws(() => small.add(raw(bob, 0n, { ...larger, maxPriorityFeePerGas: 9n * gwei })), {
      code: 'txpool/full',
    })
    small.drop(first.hash)
    small.add(raw(bob, 1n, large))
  })

  test('refuses delegations before the rules have them', () => {
    const cancun = pool({ rules: rulesOf('cancun') })
    const one = { chainId: 7n, address: new Uint8Array(20), nonce: 0n, yParity: 0, r: 1n, s: 1n }
    const delegation = { type: 4, authorizations: [one], gasLimit: 100_000n }
    assert.throws(() => cancun.add(raw(alice, 0n, delegation as never)), {
      code: 'txpool/type-unsupported',
    })
  })
})
