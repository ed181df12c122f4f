/** Computes the digest that seals a block by work. */

import { concatBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { argon2id } from '../../crypto/argon2.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { SealAlgorithm } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'

/** How seals of one chain are hashed. */
export interface Sealing {
  readonly seal: SealAlgorithm
  /** So that work for one chain is none for another. */
  readonly chainKey: Hash
}

const tag = new TextEncoder().encode('QS/pow/1')
/** KiB, and times that they are gone through. */
const [argonMemory, argonPasses] = [64 * 1_024, 1]

/** What stands before the nonce in what `keccak` hashes. */
export function sealPrefix(chainKey: Hash, sealHash: Hash): Uint8Array {
  return concatBytes(tag, chainKey, sealHash)
}

/**
 * The digest of a nonce, which must be no higher than the block's target as a big-endian integer.
 *
 * @param sealHash - keccak-256 of the header without its nonce
 * @param nonce - 8 bytes
 */
export function sealDigest({ seal, chainKey }: Sealing, sealHash: Hash, nonce: Uint8Array): Hash {
  if (seal === 'keccak') return keccak256(concatBytes(sealPrefix(chainKey, sealHash), nonce))
  const [message, salt] = [concatBytes(sealHash, nonce), chainKey.subarray(0, 16)]
  return argon2id({ message, salt, memory: argonMemory, passes: argonPasses })
}

/** A nonce as a header has it: 8 bytes, big-endian. */
export function nonceBytes(nonce: bigint): Uint8Array {
  return padStart(fromBigInt(nonce), 8)
}
