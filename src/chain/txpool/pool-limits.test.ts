/** Fills pools up, and looks at what is refused, evicted and kept apart. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concatBytes, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { addressOfKey, signHash } from '../../crypto/secp256k1.ts'
import { blobVersionedHash, encodeNetworkTransaction } from '../ledger/blob-sidecar.ts'
import { encodeRlp, rlpInteger } from '../ledger/rlp.ts'
import { decodeTransaction, encodeTransaction } from '../ledger/transaction-codec.ts'
import { createTxPool } from './create-txpool.ts'
import { alice, bob, gwei, headAt, pool, raw, watched } from './test-pool/open-pool.ts'

describe('the limits of a pool', () => {
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
})
