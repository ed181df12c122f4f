/** Checks the proofs that come along with blobs: of each blob (EIP-4844), or of each of its cells (EIP-7594). */

import { concatBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import {
  coefficientsOf,
  inField,
  powersOf,
  reversed,
  rootsOfUnity,
  valueAt,
  valuesOf,
} from './blob-field.ts'
import { cellPowerInG2, powersInG1 } from './blob-setup.ts'
import { decompressG1, pairsToOne, sumG1 } from './bls12-381.ts'
import { blobFieldOrder, isKzgProof, minusG2, pointOf, valuesPerBlob } from './kzg.ts'
import { sha256 } from './sha256.ts'

/** Cells of a blob, and values of a cell (EIP-7594: CELLS_PER_EXT_BLOB, FIELD_ELEMENTS_PER_CELL). */
const [cells, cellValues] = [128, 64]

/** Blobs with their commitments and proofs, compressed points of 48 bytes. */
export interface ProvenBlobs {
  readonly blobs: readonly Uint8Array[]
  readonly commitments: readonly Uint8Array[]
  /** One for each blob, or the cells' of each blob one after the other. */
  readonly proofs: readonly Uint8Array[]
}

/** Whether each blob is what was committed to, by one proof for each; false also for what is malformed. */
export function areBlobProofs({ blobs, commitments, proofs }: ProvenBlobs): boolean {
  return blobs.every((blob, at) => {
    const [commitment, proof, values] = [commitments[at], proofs[at], valuesOf(blob)]
    if (!commitment || !proof || !values) return false
    const z = challengeOf('FSBLOBVERIFY_V1_', blob, commitment)
    const y = valueAt(values, z)
    return isKzgProof({ commitment, z: wordOf(z), y: wordOf(y), proof })
  })
}

/**
 * Whether each blob is what was committed to, by a proof for each of its cells; false also for what is malformed.
 *
 * The values of cell k are what the polynomial p leaves when it is divided by X^64 - a, a being a root of unity of its own
 * for each k. So each claims e(C - rest·G1 + a·π, G2) = e(π, τ^64·G2). Of all of them one sum is checked, in which each
 * claim is taken as often as a power of a number says that nobody can have foreseen.
 *
 * @see EIP-7594, consensus-specs `verify_cell_kzg_proof_batch`
 */
export function areCellProofs({ blobs, commitments, proofs }: ProvenBlobs): boolean {
  const polynomials = blobs.map(valuesOf)
  const committed = commitments.map(decompressG1)
  const proven = proofs.map(decompressG1)
  const isMalformed = [...polynomials, ...committed, ...proven].includes(undefined)
  if (isMalformed || proofs.length !== blobs.length * cells) return false
  const chance = challengeOf('QSCELLVERIFY_V1_', ...blobs, ...commitments, ...proofs)
  const ofCell = powersOf(chance, cells)
  const ofBlob = powersOf(inField((ofCell.at(-1) ?? 0n) * chance), blobs.length)
  const cellRoots = rootsOfUnity(cells)
  const rootOf = (cell: number) => cellRoots[reversed(cell, cells)] ?? 0n
  const all = coefficientsOf(weightedSum(polynomials as readonly (readonly bigint[])[], ofBlob))
  const rests = restsOf(
    all,
    ofCell.map((weight, cell) => [weight, rootOf(cell)]),
  )
  const everyCell = ofCell.reduce((sum, weight) => sum + weight, 0n)
  const weightOf = (at: number) =>
    (ofBlob[Math.floor(at / cells)] ?? 0n) * (ofCell[at % cells] ?? 0n)
  const left = sumG1(
    concatBytes(
      ...committed.map((point, at) => termOf(point, (ofBlob[at] ?? 0n) * everyCell)),
      ...powers().map((point, at) => termOf(point, -(rests[at] ?? 0n))),
      ...proven.map((point, at) => termOf(point, inField(weightOf(at)) * rootOf(at % cells))),
    ),
  )
  const right = sumG1(concatBytes(...proven.map((point, at) => termOf(point, weightOf(at)))))
  return !!left && !!right && pairsToOne(concatBytes(left, minusG2, right, cellPower)) === true
}

const cellPower = pointOf(...cellPowerInG2)
let decompressed: readonly Uint8Array[] | undefined

/** Decompressed when they are first needed. */
function powers(): readonly Uint8Array[] {
  decompressed ??= powersInG1.map(
    (hex) => decompressG1(Uint8Array.fromHex(hex)) ?? new Uint8Array(),
  )
  return decompressed
}

/** One polynomial for all. */
function weightedSum(polynomials: readonly (readonly bigint[])[], weights: readonly bigint[]) {
  return Array.from({ length: valuesPerBlob }, (_, place) => {
    const parts = polynomials.map((values, at) => (values[place] ?? 0n) * (weights[at] ?? 0n))
    return inField(parts.reduce((sum, part) => sum + part, 0n))
  })
}

/** What is left of a polynomial by X^64 - a, taken as often as the weights say and added up for all a. */
function restsOf(coefficients: readonly bigint[], places: readonly (readonly [bigint, bigint])[]) {
  const steps = coefficients.length / cellValues
  const sums = new Array<bigint>(steps).fill(0n)
  for (const [weight, root] of places) {
    for (const [step, power] of powersOf(root, steps).entries()) {
      sums[step] = (sums[step] ?? 0n) + weight * power
    }
  }
  const times = sums.map(inField)
  return Array.from({ length: cellValues }, (_, place) => {
    const parts = times.map((sum, step) => sum * (coefficients[step * cellValues + place] ?? 0n))
    return inField(parts.reduce((sum, part) => sum + part, 0n))
  })
}

/** A number that nobody can choose who chooses the parts. */
function challengeOf(domain: string, ...parts: readonly Uint8Array[]): bigint {
  const size = padStart(fromBigInt(BigInt(valuesPerBlob)), 16)
  const hash = sha256(concatBytes(new TextEncoder().encode(domain), size, ...parts))
  return toBigInt(hash) % blobFieldOrder
}

function termOf(point: Uint8Array | undefined, times: bigint): Uint8Array {
  return concatBytes(point ?? new Uint8Array(128), wordOf(inField(times)))
}

function wordOf(value: bigint): Uint8Array {
  return padStart(fromBigInt(value), 32)
}
