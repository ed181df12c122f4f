/** Adds, multiplies and pairs points of the curve bn254, encoded as Ethereum does (EIP-196, EIP-197). */

import { type Curve, createCurve } from './curves/curve.ts'
import { extensionOf } from './curves/extension.ts'

const prime = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n
const x = 4_965_661_367_192_848_881n

let loaded: Curve | undefined

/** Made when it is first needed: most processes never do. */
function bn254(): Curve {
  if (loaded) return loaded
  const { invert, multiply } = extensionOf(prime)
  const xi = [9n, 1n] as const
  const twistB = multiply([3n, 0n], invert(xi))
  const pairing = { family: 'bn254', x, loop: 6n * x + 2n, xi, twistB, beta: 1n } as const
  loaded = createCurve({ prime, a: 0, b: 3n, pairing })
  return loaded
}

/** The sum of two points of 64 bytes each, or `undefined` if one is not on the curve. */
export function addBn254(points: Uint8Array): Uint8Array | undefined {
  return bn254().add(1, points)
}

/** A point (64 bytes) times a number (32 bytes), or `undefined` if it is not on the curve. */
export function multiplyBn254(term: Uint8Array): Uint8Array | undefined {
  return bn254().sum(1, term)
}

/**
 * Whether the product of the pairings is one.
 *
 * @param pairs - a point of G1 (64 bytes) and one of G2 (128 bytes), again and again
 * @returns `undefined` if a point is not on its curve or not in the subgroup
 */
export function pairsToOneOnBn254(pairs: Uint8Array): boolean | undefined {
  return bn254().pair(pairs)
}
