/** Adds, multiplies, pairs and maps to points of the curve BLS12-381, encoded as Ethereum does (EIP-2537). */

import type { Fp2 } from '@noble/curves/abstract/tower.js'
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { concatBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import { pointOn, sumOf, type Term } from './curves/point.ts'

const { G1, G2, fields } = bls12_381
type PointG1 = WeierstrassPoint<bigint>
type PointG2 = WeierstrassPoint<Fp2>

// The library's types say less than its functions do.
const toG1 = G1.mapToCurve as unknown as (scalar: bigint) => PointG1
const toG2 = G2.mapToCurve as unknown as (scalars: readonly bigint[]) => PointG2

/** Bytes of an encoded element of the field, of a point of G1, of a point of G2 and of a scalar. */
const [elementBytes, g1Bytes, g2Bytes, scalarBytes] = [64, 128, 256, 32]

/** The sum of two points of 128 bytes each, or `undefined` if one is not on the curve. */
export function addG1(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  const [left, right] = [decodeG1(a), decodeG1(b)]
  return left && right && encodeG1(left.add(right))
}

/** The sum of two points of 256 bytes each, or `undefined` if one is not on the curve. */
export function addG2(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  const [left, right] = [decodeG2(a), decodeG2(b)]
  return left && right && encodeG2(left.add(right))
}

/**
 * The sum of points, each as often as its scalar says.
 *
 * @param terms - a point (128 bytes) and a number (32 bytes), again and again
 * @returns `undefined` if a point is not on the curve or not in the subgroup
 */
export function sumG1(terms: Uint8Array): Uint8Array | undefined {
  const decoded = decodeTerms(terms, g1Bytes, decodeG1)
  return decoded && encodeG1(sumOf(G1.Point, decoded))
}

/** As {@link sumG1}, with points of 256 bytes. */
export function sumG2(terms: Uint8Array): Uint8Array | undefined {
  const decoded = decodeTerms(terms, g2Bytes, decodeG2)
  return decoded && encodeG2(sumOf(G2.Point, decoded))
}

/**
 * Whether the product of the pairings is one.
 *
 * @param pairs - a point of G1 (128 bytes) and one of G2 (256 bytes), again and again
 * @returns `undefined` if a point is not on its curve or not in the subgroup
 */
export function pairsToOne(pairs: Uint8Array): boolean | undefined {
  const finite: { g1: PointG1; g2: PointG2 }[] = []
  for (let at = 0; at < pairs.length; at += g1Bytes + g2Bytes) {
    const g1 = ofSubgroup(decodeG1(pairs.subarray(at, at + g1Bytes)))
    const g2 = ofSubgroup(decodeG2(pairs.subarray(at + g1Bytes, at + g1Bytes + g2Bytes)))
    if (!g1 || !g2) return undefined
    if (!g1.is0() && !g2.is0()) finite.push({ g1, g2 })
  }
  const { Fp12 } = fields
  return Fp12.eql(bls12_381.pairingBatch(finite), Fp12.ONE)
}

/** The point of G1 that an element of the field (64 bytes) stands for, or `undefined` if it is too large. */
export function mapToG1(element: Uint8Array): Uint8Array | undefined {
  const decoded = decodeElement(element)
  return decoded === undefined ? undefined : encodeG1(toG1(decoded))
}

/** The point of G2 that an element of the extension field (128 bytes) stands for, or `undefined` if it is too large. */
export function mapToG2(element: Uint8Array): Uint8Array | undefined {
  const decoded = decodePair(element)
  return decoded && encodeG2(toG2([decoded.c0, decoded.c1]))
}

function decodeTerms<T>(
  bytes: Uint8Array,
  pointBytes: number,
  decode: (bytes: Uint8Array) => WeierstrassPoint<T> | undefined,
): readonly Term<T>[] | undefined {
  const terms: Term<T>[] = []
  for (let at = 0; at < bytes.length; at += pointBytes + scalarBytes) {
    const point = ofSubgroup(decode(bytes.subarray(at, at + pointBytes)))
    if (!point) return undefined
    const end = at + pointBytes
    terms.push({ point, scalar: toBigInt(bytes.subarray(end, end + scalarBytes)) })
  }
  return terms
}

function ofSubgroup<T>(point: WeierstrassPoint<T> | undefined): WeierstrassPoint<T> | undefined {
  return point && (point.is0() || point.isTorsionFree()) ? point : undefined
}

function decodeElement(bytes: Uint8Array): bigint | undefined {
  const value = toBigInt(bytes.subarray(0, elementBytes))
  return value < fields.Fp.ORDER ? value : undefined
}

function decodePair(bytes: Uint8Array): Fp2 | undefined {
  const c0 = decodeElement(bytes)
  const c1 = decodeElement(bytes.subarray(elementBytes))
  return c0 === undefined || c1 === undefined ? undefined : { c0, c1 }
}

function decodeG1(bytes: Uint8Array): PointG1 | undefined {
  const x = decodeElement(bytes)
  const y = decodeElement(bytes.subarray(elementBytes))
  return x === undefined || y === undefined ? undefined : pointOn(G1.Point, x, y)
}

function decodeG2(bytes: Uint8Array): PointG2 | undefined {
  const x = decodePair(bytes)
  const y = decodePair(bytes.subarray(2 * elementBytes))
  return x && y && pointOn(G2.Point, x, y)
}

function encodeElement(value: bigint): Uint8Array {
  return padStart(fromBigInt(value), elementBytes)
}

function encodeG1(point: PointG1): Uint8Array {
  const { x, y } = point.toAffine()
  return concatBytes(encodeElement(x), encodeElement(y))
}

function encodeG2(point: PointG2): Uint8Array {
  const { x, y } = point.toAffine()
  return concatBytes(...[x.c0, x.c1, y.c0, y.c1].map(encodeElement))
}
