/** Checks blob gas, its price and its excess against values worked out from the EIPs. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blobBaseFee, blobGasOf, gasPerBlob, nextExcessBlobGas } from './blobs.ts'
import { rulesOf } from './fork-rules.ts'
import type { Transaction } from './transaction.ts'

const cancun = rulesOf('cancun')
const osaka = rulesOf('osaka')
const cancunBlobs = { target: 3, max: 6, updateFraction: 3_338_477 }

test('a blob is 131,072 gas, whichever transaction holds it', () => {
  const blobs = (count: number) =>
    ({
      type: 3,
      blobVersionedHashes: Array(count).fill(new Uint8Array(32)),
    }) as unknown as Transaction
  assert.equal(blobGasOf(), 0n)
  assert.equal(blobGasOf({ type: 2 } as Transaction), 0n)
  assert.equal(blobGasOf(blobs(2), { type: 0 } as Transaction, blobs(3)), 5n * 131_072n)
})

test('the price of blob gas is e to the excess, rounded down term by term (EIP-4844)', () => {
  const price = (excess: bigint) => blobBaseFee(excess, cancunBlobs)
  assert.equal(price(0n), 1n)
  // ln 2 * 3,338,477 is 2,314,055.9; the series is cut a little below that.
  assert.equal(price(2_314_057n), 1n)
  assert.equal(price(2_314_058n), 2n)
  assert.equal(price(10n * 1024n * 1024n), 23n)
  assert.equal(price(100n * 1_000_000n), 10_203_769_476_395n)
})

test('an excess without measure costs no time, and more than can be paid', () => {
  assert.equal(blobBaseFee(2n ** 64n - 1n, cancunBlobs), 2n ** 256n - 1n)
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 180n * 3_338_477n }), (excess) => {
      assert.ok(blobBaseFee(excess, cancunBlobs) <= blobBaseFee(excess + 1n, cancunBlobs))
    }),
  )
})

test('the excess grows by what is over the target, and never falls below nothing (EIP-4844)', () => {
  const after = (excessBlobGas: bigint, blobs: bigint) =>
    nextExcessBlobGas({ excessBlobGas, blobGasUsed: blobs * gasPerBlob, baseFeePerGas: 7n }, cancun)
  assert.equal(after(0n, 0n), 0n)
  assert.equal(after(0n, 3n), 0n)
  assert.equal(after(0n, 4n), gasPerBlob)
  assert.equal(after(2n * gasPerBlob, 0n), 0n)
  assert.equal(after(5n * gasPerBlob, 1n), 3n * gasPerBlob)
})

test('a parent without blob fields counts as one without blobs, and before Cancun there is no excess', () => {
  assert.equal(nextExcessBlobGas({ baseFeePerGas: 1n }, cancun), 0n)
  assert.equal(nextExcessBlobGas({ excessBlobGas: 5n * gasPerBlob }, rulesOf('shanghai')), 0n)
})

test('blobs cheaper than the gas behind them keep the excess from falling (EIP-7918)', () => {
  const parent = { excessBlobGas: 10n * gasPerBlob, blobGasUsed: 3n * gasPerBlob }
  // At a price of 1, the reserve is passed as soon as 8,192 base fees are over 131,072.
  assert.equal(nextExcessBlobGas({ ...parent, baseFeePerGas: 16n }, osaka), 7n * gasPerBlob)
  assert.equal(nextExcessBlobGas({ ...parent, baseFeePerGas: 17n }, osaka), 11n * gasPerBlob)
  const prague = rulesOf('prague')
  assert.equal(nextExcessBlobGas({ ...parent, baseFeePerGas: 17n }, prague), 7n * gasPerBlob)
})

test('a fork of blob parameters alone changes target, most and fraction (EIP-7892)', () => {
  const blobs = { target: 10, max: 15, updateFraction: 8_346_193 }
  const bpo = rulesOf('osaka', { blobs })
  const parent = { excessBlobGas: 0n, blobGasUsed: 12n * gasPerBlob, baseFeePerGas: 1n }
  assert.equal(nextExcessBlobGas(parent, bpo), 2n * gasPerBlob)
  assert.equal(nextExcessBlobGas({ ...parent, baseFeePerGas: 17n }, bpo), 4n * gasPerBlob)
})
