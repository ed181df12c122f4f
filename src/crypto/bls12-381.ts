/** Adds, multiplies, pairs and maps to points of the curve BLS12-381, encoded as Ethereum does (EIP-2537). */

import { concatBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import { type Curve, createCurve } from './curves/curve.ts'
import * as toGroups from './curves/maps.ts'

const prime =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn
/** Bytes of an encoded element of the field. */
const elementBytes = 64
/** Negative in the family's formulas. */
const x = 0xd201000000010000n
const beta = 0x5f19672fdf76ce51ba69c6076a0f77eaddb3a93be6f89688de17d813620a00022e01fffffffefffen

let loaded: Curve | undefined

/** Made when it is first needed: most processes never do. */
function bls(): Curve {
  const twistB = [4n, 4n] as const
  const maps = [toGroups.mapToG1, toGroups.mapToG2] as const
  const family = 'bls12-381'
  const pairing = { family, x, loop: x, xi: [1n, 1n], twistB, beta, maps } as const
  loaded ??= createCurve({ prime, a: 0, b: 4n, pairing })
  return loaded
}

/** The sum of two points of 128 bytes each, or `undefined` if one is not on the curve. */
export function addG1(points: Uint8Array): Uint8Array | undefined {
  return bls().add(1, points)
}

/** The sum of two points of 256 bytes each, or `undefined` if one is not on the curve. */
export function addG2(points: Uint8Array): Uint8Array | undefined {
  return bls().add(2, points)
}

/**
 * The sum of points, each as often as its scalar says.
 *
 * @param terms - a point (128 bytes) and a number (32 bytes), again and again
 * @returns `undefined` if a point is not on the curve or not in the subgroup
 */
export function sumG1(terms: Uint8Array): Uint8Array | undefined {
  return bls().sum(1, terms)
}

/** As {@link sumG1}, with points of 256 bytes. */
export function sumG2(terms: Uint8Array): Uint8Array | undefined {
  return bls().sum(2, terms)
}

/**
 * Whether the product of the pairings is one.
 *
 * @param pairs - a point of G1 (128 bytes) and one of G2 (256 bytes), again and again
 * @returns `undefined` if a point is not on its curve or not in the subgroup
 */
export function pairsToOne(pairs: Uint8Array): boolean | undefined {
  return bls().pair(pairs)
}

/**
 * A point of G1 (128 bytes) from its compressed form (48 bytes): three flags, then x.
 *
 * @returns `undefined` if it is malformed or not on the curve; whether it is in the subgroup is not asked
 * @see draft-irtf-cfrg-pairing-friendly-curves, appendix C
 */
export function decompressG1(compressed: Uint8Array): Uint8Array | undefined {
  const flags = (compressed[0] ?? 0) >> 5
  const bytes = compressed.slice()
  bytes[0] = (compressed[0] ?? 0) & 0x1f
  const number = padStart(bytes, elementBytes)
  if (flags === 6) return bytes.some(Boolean) ? undefined : new Uint8Array(2 * elementBytes)
  if (flags !== 4 && flags !== 5) return undefined
  const root = bls().root(number)
  if (!root) return undefined
  const y = toBigInt(root)
  const isLarger = y > prime - y
  return concatBytes(
    number,
    isLarger === (flags === 5) ? root : padStart(fromBigInt(prime - y), elementBytes),
  )
}

/** The point of G1 that an element of the field (64 bytes) stands for, or `undefined` if it is too large. */
export function mapToG1(element: Uint8Array): Uint8Array | undefined {
  return bls().map(1, element)
}

/** The point of G2 that an element of the extension field (128 bytes) stands for, or `undefined` if it is too large. */
export function mapToG2(element: Uint8Array): Uint8Array | undefined {
  return bls().map(2, element)
}
