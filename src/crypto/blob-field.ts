/** Reckons with the values of blobs: numbers of the scalar field of BLS12-381, and the polynomials that they are of. */

import { toBigInt } from '../base/bytes.ts'
import { blobFieldOrder, valuesPerBlob } from './kzg.ts'

const wordBytes = 32
/** A generator of the field's group (consensus-specs, PRIMITIVE_ROOT_OF_UNITY). */
const generator = 7n

/** A number of the field, whatever was given. */
export function inField(value: bigint): bigint {
  const rest = value % blobFieldOrder
  return rest < 0n ? rest + blobFieldOrder : rest
}

/** The values that a blob is made of; `undefined` if one is not of the field. */
export function valuesOf(blob: Uint8Array): readonly bigint[] | undefined {
  const values: bigint[] = []
  for (let at = 0; at < blob.length; at += wordBytes) {
    const value = toBigInt(blob.subarray(at, at + wordBytes))
    if (value >= blobFieldOrder) return undefined
    values.push(value)
  }
  return values
}

/** All powers of a root of unity of an order that is a power of two, from the power 0 on. */
export function rootsOfUnity(order: number): readonly bigint[] {
  const root = power(generator, (blobFieldOrder - 1n) / BigInt(order))
  return powersOf(root, order)
}

/** The first powers of a number, from 1 on. */
export function powersOf(base: bigint, count: number): readonly bigint[] {
  const powers: bigint[] = []
  for (let value = 1n; powers.length < count; value = (value * base) % blobFieldOrder) {
    powers.push(value)
  }
  return powers
}

/** The place that a place changes with when all bits are taken in reverse; `count` is a power of two. */
export function reversed(place: number, count: number): number {
  let [rest, result] = [place, 0]
  for (let left = count; left > 1; left >>= 1) {
    result = (result << 1) | (rest & 1)
    rest >>= 1
  }
  return result
}

/**
 * What the polynomial of a blob is at a point, from its values at the roots of unity, which lie in reversed order.
 *
 * @see EIP-4844, `evaluate_polynomial_in_evaluation_form`
 */
export function valueAt(values: readonly bigint[], point: bigint): bigint {
  const roots = rootsOfUnity(valuesPerBlob)
  const rootAt = (place: number) => roots[reversed(place, valuesPerBlob)] ?? 0n
  const distances = values.map((_, place) => inField(point - rootAt(place)))
  const there = distances.indexOf(0n)
  if (there >= 0) return values[there] ?? 0n
  let sum = 0n
  for (const [place, inverse] of inversesOf(distances).entries()) {
    const part = ((values[place] ?? 0n) * rootAt(place)) % blobFieldOrder
    sum += part * inverse
  }
  const count = BigInt(valuesPerBlob)
  return inField(sum * inField(power(point, count) - 1n) * power(count, blobFieldOrder - 2n))
}

/** The coefficients of the polynomial with these values at the roots of unity, which lie in reversed order. */
export function coefficientsOf(values: readonly bigint[]): readonly bigint[] {
  const count = values.length
  const roots = rootsOfUnity(count)
  const result = [...values]
  for (let half = 1; half < count; half *= 2) {
    const stride = count / (2 * half)
    for (let start = 0; start < count; start += 2 * half) {
      for (let at = 0; at < half; at += 1) {
        // The inverse of a root is the root as far from the end.
        const root = roots[at === 0 ? 0 : count - at * stride] ?? 0n
        const [even, odd] = [result[start + at] ?? 0n, result[start + at + half] ?? 0n]
        const turned = (odd * root) % blobFieldOrder
        result[start + at] = inField(even + turned)
        result[start + at + half] = inField(even - turned)
      }
    }
  }
  const share = power(BigInt(count), blobFieldOrder - 2n)
  return result.map((value) => (value * share) % blobFieldOrder)
}

/** Montgomery's trick: one inversion for all. */
function inversesOf(values: readonly bigint[]): readonly bigint[] {
  const before: bigint[] = []
  let product = 1n
  for (const value of values) {
    before.push(product)
    product = (product * value) % blobFieldOrder
  }
  let inverse = power(product, blobFieldOrder - 2n)
  const inverses = new Array<bigint>(values.length)
  for (let at = values.length - 1; at >= 0; at -= 1) {
    inverses[at] = (inverse * (before[at] ?? 0n)) % blobFieldOrder
    inverse = (inverse * (values[at] ?? 0n)) % blobFieldOrder
  }
  return inverses
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base]
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % blobFieldOrder
    square = (square * square) % blobFieldOrder
  }
  return result
}
