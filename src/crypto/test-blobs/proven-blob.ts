/** Makes a blob with its commitment and proofs for tests, by the published result of the ceremony. */

import { readFileSync } from 'node:fs'
import { concatBytes, fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import { inField, powersOf, reversed, rootsOfUnity } from '../blob-field.ts'
import { decompressG1, sumG1 } from '../bls12-381.ts'
import { blobFieldOrder, valuesPerBlob } from '../kzg.ts'
import { sha256 } from '../sha256.ts'

const [cells, cellValues] = [128, 64]
const prime =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn

/** The setup as another package ships it. */
export const publishedSetup = JSON.parse(
  readFileSync(new URL('../trusted-setups/mainnet.json', import.meta.resolve('viem')), 'utf8'),
) as {
  readonly g1_monomial: readonly string[]
}

const powers = publishedSetup.g1_monomial
  .slice(0, 3 * cellValues)
  .map((hex) => decompressG1(Uint8Array.fromHex(hex.slice(2))) ?? new Uint8Array())

const word = (value: bigint) => padStart(fromBigInt(inField(value)), 32)

/** The commitment to a polynomial, not compressed. */
function commit(coefficients: readonly bigint[]): Uint8Array {
  const terms = coefficients.flatMap((value, at) => [powers[at] as Uint8Array, word(value)])
  return sumG1(concatBytes(...terms)) as Uint8Array
}

function compress(point: Uint8Array): Uint8Array {
  const [x, y] = [point.slice(16, 64), toBigInt(point.subarray(64))]
  const flags = point.some(Boolean) ? (y > prime - y ? 5 : 4) : 6
  x[0] = (x[0] ?? 0) | (flags << 5)
  return x
}

/** A blob of the polynomial with three times 64 coefficients that follow from a seed. */
export function provenBlob(seed: bigint) {
  const coefficients = powersOf(seed + 3n, 3 * cellValues).map((power) =>
    inField(power * power + seed),
  )
  const valueAt = (point: bigint) =>
    coefficients.reduceRight((sum, value) => (sum * point + value) % blobFieldOrder, 0n)
  const roots = rootsOfUnity(valuesPerBlob)
  const blob = concatBytes(
    ...roots.map((_, place) => word(valueAt(roots[reversed(place, valuesPerBlob)] as bigint))),
  )
  const commitment = compress(commit(coefficients))
  // (p - p(z)) / (X - z), from the highest coefficient down.
  const z = challenge(blob, commitment)
  const quotient: bigint[] = []
  for (const value of coefficients.slice(1).toReversed()) {
    quotient.unshift(inField(value + z * (quotient[0] ?? 0n)))
  }
  const proof = compress(commit(quotient))
  return { blob, commitment, proof, cellProofs: cellProofsOf(coefficients) }
}

/** Of each cell (p - rest) / (X^64 - a): with p = L + X^64 M + X^128 H that is M + X^64 H + a H. */
function cellProofsOf(coefficients: readonly bigint[]): readonly Uint8Array[] {
  const upper = commit(coefficients.slice(cellValues))
  const highest = commit(coefficients.slice(2 * cellValues))
  const roots = rootsOfUnity(cells)
  return roots.map((_, cell) => {
    const terms = concatBytes(
      upper,
      word(1n),
      highest,
      word(roots[reversed(cell, cells)] as bigint),
    )
    return compress(sumG1(terms) as Uint8Array)
  })
}

/** EIP-4844, `compute_challenge`. */
function challenge(blob: Uint8Array, commitment: Uint8Array): bigint {
  const domain = new TextEncoder().encode('FSBLOBVERIFY_V1_')
  const count = padStart(fromBigInt(BigInt(valuesPerBlob)), 16)
  return toBigInt(sha256(concatBytes(domain, count, blob, commitment))) % blobFieldOrder
}
