/** Verifies signatures of the curve P-256 (secp256r1). */

import { p256 } from '@noble/curves/nist.js'
import { concatBytes } from '../base/bytes.ts'

/**
 * Whether a signature of a hash is right; false also for malformed parts. High s is allowed.
 *
 * @param hash - 32 bytes
 * @param signature - r ‖ s, 64 bytes
 * @param point - x ‖ y, 64 bytes
 * @see EIP-7951
 */
export function isP256Signature(
  hash: Uint8Array,
  signature: Uint8Array,
  point: Uint8Array,
): boolean {
  try {
    const key = concatBytes(Uint8Array.of(4), point)
    return p256.verify(signature, hash, key, { prehash: false, lowS: false })
  } catch {
    return false
  }
}
