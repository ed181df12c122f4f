/** Checks that a chain takes transactions with blobs whose proofs hold, and no others. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { powersInG1 } from '../crypto/blob-setup.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import { createChain } from './create-chain.ts'
import { blobVersionedHash, encodeNetworkTransaction } from './ledger/blob-sidecar.ts'
import { signTransaction } from './ledger/transaction-codec.ts'
import { devManifest } from './test-chain/dev-manifest.ts'

const key = new Uint8Array(32).fill(0x46)
// A polynomial that is 1 everywhere is committed to by the generator, and what is left of it by that at infinity.
const blob = new Uint8Array(131_072).map((_, at) => (at % 32 === 31 ? 1 : 0))
const commitment = Uint8Array.fromHex(powersInG1[0] ?? '')
const infinity = Uint8Array.from({ length: 48 }, (_, at) => (at === 0 ? 0xc0 : 0))
const cellProofs: readonly Uint8Array[] = Array(128).fill(infinity)
const manifest = devManifest(addressOfKey(key))

function rawOf(nonce: bigint, proofs: readonly Uint8Array[]): Uint8Array {
  const transaction = signTransaction(
    {
      ...{ type: 3, chainId: 7n, nonce, gasLimit: 21_000n, to: new Uint8Array(20), value: 0n },
      ...{ data: new Uint8Array(), maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
      ...{ accessList: [], maxFeePerBlobGas: 10n ** 9n },
      blobVersionedHashes: [blobVersionedHash(commitment)],
    },
    key,
  )
  const sidecar = { version: 1, blobs: [blob], commitments: [commitment], proofs } as const
  return encodeNetworkTransaction({ transaction, sidecar })
}

test('blobs come into blocks only with proofs that hold', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-blobs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const world = { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics }
  const chain = await createChain({ manifest, folder, beneficiary: new Uint8Array(20) }, world)
  await chain.start()
  await assert.rejects(chain.submit(rawOf(0n, cellProofs.with(9, commitment))), {
    code: 'txpool/blobs',
    message: "KZG verification error: can't verify opening proof",
  })
  assert.deepEqual(chain.pool.counts(), { pending: 0, queued: 0 })
  // The second would be refused for its nonce if it came before the first.
  await Promise.all([0n, 1n].map((nonce) => chain.submit(rawOf(nonce, cellProofs))))
  const { header } = chain.head()
  assert.ok((header.blobGasUsed ?? 0n) > 0n)
  assert.equal(chain.pool.nextNonce(addressOfKey(key)), 2n)
  await chain.stop()
})
