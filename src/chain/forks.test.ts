/** Runs a development chain through the forks of its schedule, with own numbers at the end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOfKey } from '../crypto/secp256k1.ts'
import type { Manifest } from './ledger/manifest.ts'
import { encodeTransaction, signTransaction } from './ledger/transaction-codec.ts'
import { openStill, shortManifest, temporaryFolder } from './test-chain/short-chain.ts'
import { verifyChain } from './verify-chain.ts'

const key = new Uint8Array(32).fill(1)
const sender = addressOfKey(key)
const manifest: Manifest = {
  ...shortManifest,
  forks: [
    { hardfork: 'cancun' },
    { hardfork: 'prague', block: 2n },
    { hardfork: 'osaka', block: 4n, changes: { txGasCap: 100_000, txBase: 20_000 } },
  ],
}

/** A transaction that names a delegation which nobody signed, so that it does nothing. */
function delegation(nonce: bigint, gasLimit = 90_000n): Uint8Array {
  const authorizations = [{ chainId: 7n, address: sender, nonce: 0n, yParity: 0, r: 1n, s: 1n }]
  const unsigned = {
    ...{ chainId: 7n, nonce, gasLimit, to: sender, value: 0n, data: new Uint8Array() },
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, accessList: [], authorizations },
  }
  return encodeTransaction(signTransaction({ type: 4, ...unsigned }, key))
}

test('each block has the rules of its fork, in the pool, when it is run, and when it is verified', async (t) => {
  const folder = await temporaryFolder(t)
  const chain = await openStill(folder, manifest)
  await chain.start()
  await assert.rejects(chain.submit(delegation(0n)), { code: 'txpool/type-unsupported' })
  await chain.dev.sealNow()
  await chain.submit(delegation(0n, 200_000n))
  await chain.dev.sealNow()
  assert.equal(chain.byNumber(2n)?.receipts[0]?.gasUsed, 46_000n)
  await chain.dev.sealNow()
  await assert.rejects(chain.submit(delegation(1n, 100_001n)), { message: /cap: 100000/ })
  await chain.submit(delegation(1n, 100_000n))
  await chain.dev.sealNow()
  assert.equal(chain.byNumber(4n)?.receipts[0]?.gasUsed, 45_000n)
  await chain.stop()
  const again = await openStill(folder, manifest)
  assert.equal(again.head().header.number, 4n)
  await again.stop()
  const { faults, blocks } = await verifyChain({ manifest, folder, run: true })
  assert.deepEqual([faults, blocks], [[], 4])
  const other = { ...manifest, forks: manifest.forks.slice(0, 2) }
  await assert.rejects(openStill(folder, other), {
    code: 'chain/manifest-differs',
    message: /another hardfork/,
  })
})
