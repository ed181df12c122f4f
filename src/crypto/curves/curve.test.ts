/** Compares the curves with another implementation, at random points and at special ones. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fp2 } from '@noble/curves/abstract/tower.js'
import type { WeierstrassPoint, WeierstrassPointCons } from '@noble/curves/abstract/weierstrass.js'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bn254 } from '@noble/curves/bn254.js'
import { p256 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { concatBytes, fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import * as bls from '../bls12-381.ts'
import { addBn254, multiplyBn254, pairsToOneOnBn254 } from '../bn254.ts'
import { isP256Signature } from '../p256.ts'

type Point<T> = WeierstrassPoint<T>

const runs = { numRuns: 10 }
const scalar = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
const word = (value: bigint) => padStart(fromBigInt(value), 32)
const element = (value: bigint) => padStart(fromBigInt(value), 64)
const same = (ours: Uint8Array | undefined, theirs: Uint8Array) =>
  assert.equal(ours?.toHex(), theirs.toHex())

/** A group of a curve, and how its points are written. */
interface Group<T> {
  readonly Point: WeierstrassPointCons<T>
  encode(point: Point<T>): Uint8Array
  add(points: Uint8Array): Uint8Array | undefined
  sum(terms: Uint8Array): Uint8Array | undefined
}

function times<T>({ Point }: Group<T>, factor: bigint): Point<T> {
  return Point.BASE.multiplyUnsafe(Point.Fn.create(factor))
}

const bnG1: Group<bigint> = {
  Point: bn254.G1.Point,
  encode: (point) => concatBytes(word(point.x), word(point.y)),
  ...{ add: addBn254, sum: multiplyBn254 },
}
const blsG1: Group<bigint> = {
  Point: bls12_381.G1.Point,
  encode: (point) => concatBytes(element(point.x), element(point.y)),
  ...{ add: bls.addG1, sum: bls.sumG1 },
}
const blsG2: Group<Fp2> = {
  Point: bls12_381.G2.Point,
  encode: ({ x, y }) => concatBytes(...[x.c0, x.c1, y.c0, y.c1].map(element)),
  ...{ add: bls.addG2, sum: bls.sumG2 },
}
const encodeBnG2 = ({ x, y }: Point<Fp2>) => concatBytes(...[x.c1, x.c0, y.c1, y.c0].map(word))

/** A point of a twist with some x, which is hardly ever in the subgroup. */
function pointNear(
  {
    Point,
    fields: { Fp2: field },
  }: { Point: WeierstrassPointCons<Fp2>; fields: typeof bn254.fields },
  start: bigint,
): Point<Fp2> {
  for (let c0 = start; ; c0 += 1n) {
    const x = { c0, c1: 1n }
    try {
      const y = field.sqrt(field.add(field.mul(field.sqr(x), x), Point.CURVE().b))
      return Point.fromAffine({ x, y })
    } catch {
      // No point has this x: the next one.
    }
  }
}

function testGroup<T>(name: string, group: Group<T>): void {
  const { encode, add, sum, Point } = group
  test(`${name}: sums of two, equal, opposite and infinite ones among them`, () => {
    fc.assert(
      fc.property(scalar, scalar, (a, b) => {
        const [p, q] = [times(group, a), times(group, b)]
        same(add(concatBytes(encode(p), encode(q))), encode(p.add(q)))
        same(add(concatBytes(encode(p), encode(p))), encode(p.double()))
        same(add(concatBytes(encode(p), encode(p.negate()))), encode(Point.ZERO))
        same(add(concatBytes(encode(p), encode(Point.ZERO))), encode(p))
        same(add(concatBytes(encode(Point.ZERO), encode(p))), encode(p))
      }),
      runs,
    )
  })

  test(`${name}: multiples, by 0, 1, the order and beyond it too`, () => {
    const order = Point.Fn.ORDER
    const p = times(group, 123_456_789n)
    for (const factor of [0n, 1n, 2n, 15n, 16n, order - 1n, order, order + 1n, 2n ** 256n - 1n]) {
      const expected = p.multiplyUnsafe(Point.Fn.create(factor))
      same(sum(concatBytes(encode(p), word(factor))), encode(expected))
    }
    same(sum(concatBytes(encode(Point.ZERO), word(5n))), encode(Point.ZERO))
  })
}

describe('groups', () => {
  testGroup('bn254', bnG1)
  testGroup('BLS12-381 in G1', blsG1)
  testGroup('BLS12-381 in G2', blsG2)

  test('sums of many terms, over the bounds of a group of terms', () => {
    for (const count of [2, 63, 64, 65, 130]) {
      const terms = Array.from({ length: count }, (_, at) => {
        const factor = 7n ** BigInt(at + 1) % 2n ** 256n
        return { point: times(blsG1, factor), factor }
      })
      const total = terms.reduce((sum, { factor }) => sum + factor * factor, 0n)
      const input = terms.map(({ point, factor }) => concatBytes(blsG1.encode(point), word(factor)))
      same(bls.sumG1(concatBytes(...input)), blsG1.encode(times(blsG1, total)))
    }
  })
})

describe('pairings', () => {
  const order = (n: bigint, value: bigint) => ((value % n) + n) % n

  test('e(aP, bQ) · e(cP, Q) is one exactly if ab + c is 0', () => {
    const curves = [
      {
        n: bn254.fields.Fr.ORDER,
        one: (factor: bigint) => bnG1.encode(times(bnG1, factor)),
        two: (factor: bigint) => encodeBnG2(bn254.G2.Point.BASE.multiplyUnsafe(factor)),
        pair: pairsToOneOnBn254,
      },
      {
        n: bls12_381.fields.Fr.ORDER,
        one: (factor: bigint) => blsG1.encode(times(blsG1, factor)),
        two: (factor: bigint) => blsG2.encode(times(blsG2, factor)),
        pair: bls.pairsToOne,
      },
    ]
    for (const { n, one, two, pair } of curves) {
      fc.assert(
        fc.property(scalar, scalar, (a, b) => {
          const [left, right] = [concatBytes(one(a), two(order(n, b))), two(1n)]
          const c = order(n, -a * b)
          assert.equal(pair(concatBytes(left, one(c), right)), true)
          assert.equal(pair(concatBytes(left, one(order(n, c + 1n)), right)), false)
        }),
        runs,
      )
      assert.equal(pair(new Uint8Array()), true)
      // More pairs than are worked on at a time, all of which cancel out; then one too many.
      const [plus, less] = [concatBytes(one(3n), two(5n)), concatBytes(one(n - 5n), two(3n))]
      const many = concatBytes(
        ...Array.from({ length: 66 }, (_, at) => (at % 2 === 0 ? plus : less)),
      )
      assert.equal(pair(many), true)
      assert.equal(pair(concatBytes(many, plus)), false)
    }
  })

  test('points of the twists outside the subgroup are told, those inside are not', () => {
    for (const start of [0n, 1_000n, 77_777n]) {
      const outside = pointNear({ Point: bn254.G2.Point, fields: bn254.fields }, start)
      assert.equal(outside.isTorsionFree(), false)
      const infinity = new Uint8Array(64)
      assert.equal(pairsToOneOnBn254(concatBytes(infinity, encodeBnG2(outside))), undefined)
      const other = pointNear({ Point: bls12_381.G2.Point, fields: bls12_381.fields }, start)
      assert.equal(other.isTorsionFree(), false)
      assert.equal(bls.sumG2(concatBytes(blsG2.encode(other), word(1n))), undefined)
      const inside = other.clearCofactor()
      same(bls.sumG2(concatBytes(blsG2.encode(inside), word(1n))), blsG2.encode(inside))
    }
  })

  test('points of the curve outside G1 are told', () => {
    let outside = 0
    for (let x = 1n; x < 40n; x += 1n) {
      const compressed = padStart(fromBigInt(x), 48)
      compressed[0] = 0x80
      const point = bls.decompressG1(compressed)
      if (!point) continue
      outside += 1
      const [px, py] = [toBigInt(point.subarray(0, 64)), toBigInt(point.subarray(64))]
      const theirs = bls12_381.G1.Point.fromAffine({ x: px, y: py })
      const ours = bls.sumG1(concatBytes(point, word(1n)))
      assert.equal(ours !== undefined, theirs.isTorsionFree())
    }
    assert.ok(outside > 10)
  })
})

describe('maps', () => {
  // The library's types say less than its functions do.
  const toG1 = bls12_381.G1.mapToCurve as unknown as (number: bigint) => Point<bigint>
  const toG2 = bls12_381.G2.mapToCurve as unknown as (numbers: readonly bigint[]) => Point<Fp2>
  const prime = bls12_381.fields.Fp.ORDER
  const number = fc.bigInt({ min: 0n, max: prime - 1n })
  const special = [0n, 1n, 2n, prime - 1n, prime - 2n, (prime - 1n) / 2n]

  test('numbers become points of G1', () => {
    const check = (value: bigint) => same(bls.mapToG1(element(value)), blsG1.encode(toG1(value)))
    special.forEach(check)
    fc.assert(fc.property(number, check), { numRuns: 20 })
    assert.equal(bls.mapToG1(element(prime)), undefined)
  })

  test('pairs of numbers become points of G2', () => {
    const check = (c0: bigint, c1: bigint) =>
      same(bls.mapToG2(concatBytes(element(c0), element(c1))), blsG2.encode(toG2([c0, c1])))
    for (const c0 of special) for (const c1 of special) check(c0, c1)
    fc.assert(fc.property(number, number, check), { numRuns: 20 })
    assert.equal(bls.mapToG2(concatBytes(element(1n), element(prime))), undefined)
  })
})

test('compressed points become what they were', () => {
  fc.assert(
    fc.property(scalar, (factor) => {
      const point = times(blsG1, factor)
      same(bls.decompressG1(point.toBytes(true)), blsG1.encode(point))
    }),
    runs,
  )
})

test('P-256: signatures are right, and no longer when a bit is turned', () => {
  const key = new Uint8Array(32).fill(7)
  const point = p256.getPublicKey(key, false).subarray(1)
  for (let at = 0; at < 8; at += 1) {
    const hash = new Uint8Array(32).fill(at * 31)
    const signature = p256.sign(hash, key, { prehash: false, lowS: at % 2 === 0 })
    assert.equal(isP256Signature(hash, signature, point), true)
    for (const [damaged, place] of [
      [0, at],
      [1, 40 + at],
      [2, 60 - at],
    ] as const) {
      const parts = [hash.slice(), signature.slice(), point.slice()] as const
      parts[damaged][place % parts[damaged].length] =
        (parts[damaged][place % parts[damaged].length] ?? 0) ^ 4
      assert.equal(isP256Signature(...parts), false)
    }
  }
})
