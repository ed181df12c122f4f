/** Searches nonces in real threads: found, ended, and replaced by another search. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { toBigInt } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { nonceBytes, sealDigest } from './consensus/seal.ts'
import type { SealAlgorithm } from './ledger/manifest.ts'
import { Miner } from './miner.ts'
import { firstNonces } from './mining/mining-job.ts'

const chainKey = new Uint8Array(32).fill(1)
const sealHash = new Uint8Array(32).fill(2)
const [hard, easy] = [0n, 2n ** 246n]

function minerOf(t: TestContext, seal: SealAlgorithm, threads: number): Miner {
  const sealing = { seal, chainKey }
  const miner = new Miner({ sealing, threads, clock: systemClock, logger: silentLogger })
  t.after(() => miner.stop())
  return miner
}

const searched = (miner: Miner, target: bigint) =>
  new Promise<bigint>((found) => miner.search({ sealHash, target, found }))

describe('a miner', () => {
  test('finds nonces whose digest is low enough', async (t) => {
    for (const [seal, target] of [
      ['keccak', easy],
      ['argon2id', 2n ** 255n],
    ] as const) {
      const miner = minerOf(t, seal, 2)
      const nonce = await searched(miner, target)
      const digest = sealDigest({ seal, chainKey }, sealHash, nonceBytes(nonce))
      assert.ok(toBigInt(digest) <= target)
      assert.ok(miner.isSealedBy({ sealHash, target }, nonce))
      assert.ok(!miner.isSealedBy({ sealHash, target: toBigInt(digest) - 1n }, nonce))
    }
  })

  test('leaves a search for the next one, and rests when there is none', async (t) => {
    const miner = minerOf(t, 'keccak', 1)
    const never = () => assert.fail('nothing seals this')
    miner.search({ sealHash, target: hard, found: never })
    const nonce = await searched(miner, easy)
    // The thread counts up from its first nonce.
    for (let lower = 0n; lower < nonce; lower += 1n) {
      assert.ok(!miner.isSealedBy({ sealHash, target: easy }, lower))
    }
    assert.equal(miner.hashesPerSecond(), 0)
    assert.equal(await searched(miner, easy), nonce)
  })

  test('leaves everything to others without threads', async (t) => {
    const miner = minerOf(t, 'keccak', 0)
    miner.search({ sealHash, target: easy, found: () => assert.fail('nobody searches') })
    assert.equal(miner.hashesPerSecond(), 0)
  })
})

test('each thread has nonces of its own', () => {
  assert.deepEqual(firstNonces(4), [0n, 2n ** 62n, 2n ** 63n, 3n * 2n ** 62n])
  assert.deepEqual(firstNonces(0), [])
})
