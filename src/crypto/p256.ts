/** Verifies signatures of the curve P-256 (secp256r1). */

import { concatBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import { type Curve, createCurve } from './curves/curve.ts'
import { modPow } from './mod-pow.ts'

// FIPS 186-4, D.1.2.3
const prime = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
const generator = Uint8Array.fromHex(
  '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
)
const inverting = fromBigInt(order - 2n)

let loaded: Curve | undefined

/** Made when it is first needed: most processes never do. */
function p256(): Curve {
  loaded ??= createCurve({ prime, a: -3, b })
  return loaded
}

/**
 * Whether a signature of a hash is right; false also for malformed parts. High s is allowed.
 *
 * @param hash - 32 bytes
 * @param signature - r ‖ s, 64 bytes
 * @param point - x ‖ y, 64 bytes
 * @see EIP-7951; FIPS 186-4, 6.4
 */
export function isP256Signature(
  hash: Uint8Array,
  signature: Uint8Array,
  point: Uint8Array,
): boolean {
  const [r, s] = [toBigInt(signature.subarray(0, 32)), toBigInt(signature.subarray(32))]
  // (0, 0) stands for infinity, which is no key.
  if (r === 0n || s === 0n || r >= order || s >= order || !point.some(Boolean)) return false
  const inverse = modPow(s, inverting, order)
  const times = (number: bigint) => padStart(fromBigInt((number * inverse) % order), 32)
  const found = p256().sum(1, concatBytes(generator, times(toBigInt(hash)), point, times(r)))
  if (!found?.some(Boolean)) return false
  return toBigInt(found.subarray(0, 32)) % order === r
}
