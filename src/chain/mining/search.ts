/** Searches a nonce for a little while. */

import { toBigInt } from '../../base/bytes.ts'
import { findNonce } from '../../crypto/keccak.ts'
import { nonceBytes, sealDigest, sealPrefix } from '../consensus/seal.ts'
import type { MiningJob } from './mining-job.ts'

/** Tries in between which a thread looks whether its search is still on: some 10 ms of them. */
const keccakTries = 16_384

/**
 * Tries some nonces.
 *
 * @returns the first that seals the block, and how many were tried
 */
export function searchSome(
  job: Omit<MiningJob, 'job'>,
  from: bigint,
): { readonly nonce: bigint | undefined; readonly tried: number } {
  const { seal, chainKey, sealHash, highest } = job
  if (seal === 'keccak') {
    const prefix = sealPrefix(chainKey, sealHash)
    const nonce = findNonce({ prefix, highest, from, count: keccakTries })
    const tried = nonce === undefined ? keccakTries : Number(BigInt.asUintN(64, nonce - from)) + 1
    return { nonce, tried }
  }
  const digest = sealDigest({ seal, chainKey }, sealHash, nonceBytes(from))
  return { nonce: toBigInt(digest) <= toBigInt(highest) ? from : undefined, tried: 1 }
}
