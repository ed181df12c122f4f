/** Puts transactions into a pool and looks at what is taken, replaced, ordered and dropped. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, equalBytes, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { addressOfKey, signHash } from '../../crypto/secp256k1.ts'
import { blobVersionedHash, encodeNetworkTransaction } from '../ledger/blob-sidecar.ts'
import { type Hardfork, rulesOf } from '../ledger/fork-rules.ts'
import { encodeRlp, rlpInteger } from '../ledger/rlp.ts'
import type { UnsignedTransaction } from '../ledger/transaction.ts'
import {
  decodeTransaction,
  encodeTransaction,
  signTransaction,
} from '../ledger/transaction-codec.ts'
import { genesisState } from '../state/trie-state.ts'
import { createTxPool, type TxPoolOptions } from './create-txpool.ts'
import type { PoolHead } from './txpool.ts'

const [alice, bob] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array]
const gwei = 10n ** 9n

/** The chain's head after Alice has sent some. */
function headAt(aliceNonce: bigint, balance = 10n ** 18n, code = new Uint8Array()): PoolHead {
  const account = (key: Uint8Array, nonce: bigint) => ({
    ...{ address: addressOfKey(key), balance, nonce, code, storage: [] },
  })
  const state = genesisState([account(alice, aliceNonce), account(bob, 0n)])
  return { state, baseFeePerGas: gwei, gasLimit: 30_000_000n, rules: rulesOf('osaka') }
}

const pool = (options: Partial<TxPoolOptions> = {}, hardfork: Hardfork = 'osaka') =>
  createTxPool({ chainId: 7n, ...options }, { ...headAt(0n), rules: rulesOf(hardfork) })

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

/** What left a pool, in words. */
function watched(options: Partial<TxPoolOptions> = {}) {
  const dropped: string[] = []
  const one = pool({
    ...options,
    dropped: ({ entry, reason, error }) => {
      assert.match(error.message, new RegExp(`^transaction 0x${entry.hash.toHex()} `))
      assert.equal(error.code, `txpool/${reason}`)
      dropped.push(`${reason} ${nameOf(entry.sender)} ${entry.transaction.nonce}`)
    },
  })
  return { one, dropped }
}

const nameOf = (sender: Uint8Array) =>
  ['alice', 'bob'].find((_, at) => equalBytes(sender, addressOfKey([alice, bob][at] ?? alice)))

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

  test('bounds a sender and the whole, and keeps what pays more', () => {
    const small = pool({ maxPerSender: 2, maxTransactions: 3 })
    small.add(raw(alice, 0n))
    small.add(raw(alice, 1n))
    assert.throws(() => small.add(raw(alice, 2n)), { code: 'txpool/full', retry: 'later' })
    small.add(raw(bob, 0n, { maxPriorityFeePerGas: 2n * gwei }))
    assert.throws(() => small.add(raw(bob, 1n)), { code: 'txpool/full', retry: 'later' })
    small.add(raw(bob, 1n, { maxPriorityFeePerGas: 2n * gwei }))
    assert.deepEqual(
      small.content().pending.map(({ transaction }) => transaction.nonce),
      [0n, 0n, 1n],
    )
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

  test('bounds the bytes that wait', () => {
    const small = pool({ maxBytes: 210_000 })
    const data = new Uint8Array(100_000)
    const large = { data, gasLimit: 5_000_000n }
    const first = small.add(raw(alice, 0n, large))
    small.add(raw(alice, 1n, large))
    assert.throws(() => small.add(raw(bob, 0n, large)), { code: 'txpool/full' })
    small.add(raw(bob, 0n, { ...large, maxPriorityFeePerGas: 2n * gwei }))
    assert.equal(small.content().pending.length, 2)
    const larger = { ...large, data: new Uint8Array(130_000), maxFeePerGas: 20n * gwei }
    assert.throws(() => small.add(raw(bob, 0n, { ...larger, data: new Uint8Array(110_001) })), {
      code: 'txpool/replacement-underpriced',
    })
    small.add(raw(bob, 0n, { ...larger, maxPriorityFeePerGas: 9n * gwei }))
    assert.equal(small.get(first.hash), undefined)
    assert.deepEqual(small.counts(), { pending: 1, queued: 0 })
    assert.throws(() => small.add(raw(bob, 1n, large)), { code: 'txpool/full' })
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

  test('evicts what pays least, gaps before all, and says so', () => {
    const { one, dropped } = watched({ maxTransactions: 3 })
    const paying = (tip: bigint) => ({ maxPriorityFeePerGas: tip * gwei })
    one.add(raw(alice, 0n, paying(5n)))
    one.add(raw(alice, 2n, paying(5n)))
    one.add(raw(bob, 0n, paying(1n)))
    // What waits for a nonce gives way to what can run, even for less.
    one.add(raw(bob, 1n, paying(1n)))
    assert.deepEqual(dropped, ['evicted alice 2'])
    // But not the other way round.
    assert.throws(() => one.add(raw(alice, 2n, paying(9n))), {
      code: 'txpool/full',
      message: new RegExp(
        `transaction 0x[0-9a-f]{64} \\(nonce 1 of ${toHex(addressOfKey(bob))}\\)`,
      ),
    })
    one.add(raw(alice, 1n, paying(2n)))
    assert.deepEqual(dropped, ['evicted alice 2', 'evicted bob 1'])
    assert.deepEqual(one.counts(), { pending: 3, queued: 0 })
  })

  test('takes the nonce that a sender misses in place of the farthest one', () => {
    const { one, dropped } = watched({ maxPerSender: 2 })
    one.add(raw(alice, 1n))
    one.add(raw(alice, 2n))
    assert.throws(() => one.add(raw(alice, 3n)), { code: 'txpool/full', retry: 'later' })
    one.add(raw(alice, 0n))
    assert.deepEqual(dropped, ['evicted alice 2'])
    assert.deepEqual(one.counts(), { pending: 2, queued: 0 })
  })

  test('keeps everything when it cannot make enough room', () => {
    const { one, dropped } = watched({ maxBytes: 60_000 })
    one.add(raw(alice, 0n, { maxPriorityFeePerGas: 9n * gwei }))
    one.add(raw(alice, 1n))
    const large = { data: new Uint8Array(59_900), gasLimit: 5_000_000n }
    assert.throws(() => one.add(raw(bob, 0n, { ...large, maxPriorityFeePerGas: 2n * gwei })), {
      code: 'txpool/full',
    })
    assert.deepEqual([one.counts(), dropped], [{ pending: 2, queued: 0 }, []])
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

  test("limits delegated accounts to one in flight, with geth's texts", () => {
    const prague = pool({}, 'prague')
    const delegating = (nonce: bigint, signer: Uint8Array) => {
      const unsigned = { chainId: 7n, address: new Uint8Array(20).fill(3), nonce: 0n }
      const message = [rlpInteger(unsigned.chainId), unsigned.address, rlpInteger(unsigned.nonce)]
      const hash = keccak256(concatBytes(Uint8Array.of(5), encodeRlp(message)))
      const authorizations = [{ ...unsigned, ...signHash(hash, signer) }]
      return raw(bob, nonce, { type: 4, authorizations, gasLimit: 100_000n } as never)
    }
    prague.add(delegating(0n, alice))
    assert.throws(() => prague.add(raw(alice, 1n)), {
      code: 'txpool/delegated',
      message: 'gapped-nonce tx from delegated accounts',
    })
    const first = prague.add(raw(alice, 0n))
    assert.throws(() => prague.add(raw(alice, 1n)), {
      message: 'in-flight transaction limit reached for delegated accounts',
    })
    const fees = { maxFeePerGas: 20n * gwei, maxPriorityFeePerGas: 2n * gwei }
    prague.add(raw(alice, 0n, fees))
    assert.equal(prague.get(first.hash), undefined)
    prague.add(raw(bob, 1n))
    assert.throws(() => prague.add(delegating(2n, bob)), { message: 'authority already reserved' })
    // A code hash at the head counts as a waiting delegation does.
    const code = Uint8Array.of(0xef, 1, 0, ...new Uint8Array(20))
    const other = createTxPool({ chainId: 7n }, headAt(0n, 10n ** 18n, code))
    other.add(raw(alice, 0n))
    assert.throws(() => other.add(raw(alice, 1n)), { code: 'txpool/delegated' })
  })

  test('keeps blobs apart, few, without gaps, and gives them back after a reorganisation', () => {
    const withBlob = (nonce: bigint, fields: object = {}, cells = 128) => {
      const commitment = new Uint8Array(48).fill(Number(nonce) + 1)
      const blob = {
        type: 3,
        maxFeePerBlobGas: 10n,
        blobVersionedHashes: [blobVersionedHash(commitment)],
      }
      const transaction = decodeTransaction(raw(alice, nonce, { ...blob, ...fields } as never))
      const proofs = Array.from({ length: cells }, () => new Uint8Array(48))
      const sidecar = { blobs: [new Uint8Array(131_072)], commitments: [commitment], proofs }
      const version = cells === 128 ? (1 as const) : (0 as const)
      return encodeNetworkTransaction({ transaction, sidecar: { ...sidecar, version } })
    }
    const one = pool({ maxBlobs: 2 })
    const refused = (bytes: Uint8Array, code: string, message: RegExp) =>
      assert.throws(() => one.add(bytes), { code, message })
    refused(withBlob(0n, {}, 1), 'txpool/blobs', /^unexpected sidecar version, want: 1, got: 0/)
    refused(withBlob(1n), 'txpool/nonce-too-high', /gapped nonce 0/)
    const first = one.add(withBlob(0n))
    assert.equal(first.sidecar?.blobs.length, 1)
    assert.deepEqual(first.raw, encodeTransaction(first.transaction))
    refused(first.raw, 'txpool/already-known', /^already known/)
    refused(raw(alice, 1n), 'txpool/reserved', /^address already reserved/)
    one.add(raw(bob, 0n))
    const double = { maxFeePerGas: 20n * gwei, maxPriorityFeePerGas: 2n * gwei }
    refused(withBlob(0n, double), 'txpool/replacement-underpriced', /^replacement/)
    one.add(withBlob(0n, { ...double, maxFeePerBlobGas: 20n }))
    one.add(withBlob(1n))
    refused(withBlob(2n), 'txpool/full', /full of blobs/)
    const [mined] = one.content(addressOfKey(alice)).pending
    assert.ok(mined)
    one.moveTo(headAt(1n))
    one.moveTo(headAt(0n), { returned: [mined] })
    assert.equal(one.get(mined.hash)?.sidecar, mined.sidecar)
    assert.throws(() => pool({}, 'shanghai').add(withBlob(0n)), { code: 'txpool/type-unsupported' })
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
