/** Reads points of a short Weierstrass curve without a constant x term, and adds them up. */

import { pippenger } from '@noble/curves/abstract/curve.js'
import type { WeierstrassPoint, WeierstrassPointCons } from '@noble/curves/abstract/weierstrass.js'

/** The point with these coordinates, both below the prime; (0, 0) is infinity; `undefined` if it is not on the curve. */
export function pointOn<T>(
  Point: WeierstrassPointCons<T>,
  x: T,
  y: T,
): WeierstrassPoint<T> | undefined {
  const { Fp } = Point
  if (Fp.is0(x) && Fp.is0(y)) return Point.ZERO
  const right = Fp.add(Fp.mul(Fp.sqr(x), x), Point.CURVE().b)
  return Fp.eql(Fp.sqr(y), right) ? Point.fromAffine({ x, y }) : undefined
}

/** A point and how often it counts; any number that is not negative. */
export interface Term<T> {
  readonly point: WeierstrassPoint<T>
  readonly scalar: bigint
}

/** Sum of points of the subgroup, each as often as its scalar says. */
export function sumOf<T>(
  Point: WeierstrassPointCons<T>,
  terms: readonly Term<T>[],
): WeierstrassPoint<T> {
  const reduced = terms.map(({ point, scalar }) => ({ point, scalar: Point.Fn.create(scalar) }))
  const [first] = reduced
  if (first && reduced.length === 1) return first.point.multiplyUnsafe(first.scalar)
  const points = reduced.map(({ point }) => point)
  return pippenger(
    Point,
    points,
    reduced.map(({ scalar }) => scalar),
  )
}
