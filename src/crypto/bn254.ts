/** Adds, multiplies and pairs points of the curve bn254, encoded as Ethereum does (EIP-196, EIP-197). */

import type { Fp2 } from '@noble/curves/abstract/tower.js'
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js'
import { bn254 } from '@noble/curves/bn254.js'
import { concatBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import { pointOn } from './curves/point.ts'

const { G1, G2, fields } = bn254

/** The sum of two points of 64 bytes each, or `undefined` if one is not on the curve. */
export function addBn254(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  const [left, right] = [decodeG1(a), decodeG1(b)]
  return left && right && encodeG1(left.add(right))
}

/** A point of 64 bytes times a number of 32 bytes, or `undefined` if it is not on the curve. */
export function multiplyBn254(point: Uint8Array, scalar: Uint8Array): Uint8Array | undefined {
  const decoded = decodeG1(point)
  return decoded && encodeG1(decoded.multiplyUnsafe(fields.Fr.create(toBigInt(scalar))))
}

/**
 * Whether the product of the pairings is one.
 *
 * @param pairs - a point of G1 (64 bytes) and one of G2 (128 bytes), again and again
 * @returns `undefined` if a point is not on its curve or not in the subgroup
 */
export function pairsToOneOnBn254(pairs: Uint8Array): boolean | undefined {
  const finite: { g1: WeierstrassPoint<bigint>; g2: WeierstrassPoint<Fp2> }[] = []
  for (let at = 0; at < pairs.length; at += 192) {
    const g1 = decodeG1(pairs.subarray(at, at + 64))
    const g2 = decodeG2(pairs.subarray(at + 64, at + 192))
    if (!g1 || !g2) return undefined
    if (!g1.is0() && !g2.is0()) finite.push({ g1, g2 })
  }
  const { Fp12 } = fields
  return Fp12.eql(bn254.pairingBatch(finite), Fp12.ONE)
}

function decodeG1(bytes: Uint8Array): WeierstrassPoint<bigint> | undefined {
  const x = toBigInt(bytes.subarray(0, 32))
  const y = toBigInt(bytes.subarray(32, 64))
  const { ORDER } = fields.Fp
  return x < ORDER && y < ORDER ? pointOn(G1.Point, x, y) : undefined
}

/** The imaginary part of a coordinate comes first. */
function decodeG2(bytes: Uint8Array): WeierstrassPoint<Fp2> | undefined {
  const parts = [0, 32, 64, 96].map((at) => toBigInt(bytes.subarray(at, at + 32)))
  if (parts.some((part) => part >= fields.Fp.ORDER)) return undefined
  const [x1 = 0n, x0 = 0n, y1 = 0n, y0 = 0n] = parts
  const point = pointOn(G2.Point, { c0: x0, c1: x1 }, { c0: y0, c1: y1 })
  return point?.isTorsionFree() ? point : undefined
}

function encodeG1(point: WeierstrassPoint<bigint>): Uint8Array {
  const { x, y } = point.toAffine()
  return concatBytes(padStart(fromBigInt(x), 32), padStart(fromBigInt(y), 32))
}
