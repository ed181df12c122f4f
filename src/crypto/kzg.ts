/** Checks KZG proofs of what a polynomial is at a point (EIP-4844), without the rest of the trusted setup. */

import { bls12_381 } from '@noble/curves/bls12-381.js'
import { toBigInt } from '../base/bytes.ts'

const { G1, G2, fields, utils } = bls12_381

/** Values of a blob's polynomial. */
export const valuesPerBlob = 4_096

/** Order of the field that a blob's values and points are of. */
export const blobFieldOrder: bigint = fields.Fr.ORDER

/**
 * The secret of the ceremony times G2's generator, compressed: `g2_monomial[1]` of the public result.
 *
 * @see https://github.com/ethereum/consensus-specs, presets/mainnet/trusted_setups/trusted_setup_4096.json
 */
const secretG2 =
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72' +
  '185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2'

type Lines = ReturnType<typeof utils.calcPairingPrecomputes>
let lines: { readonly generator: Lines; readonly secret: Lines } | undefined

function linesOfG2() {
  lines ??= {
    generator: utils.calcPairingPrecomputes(G2.Point.BASE.negate()),
    secret: utils.calcPairingPrecomputes(G2.Point.fromHex(secretG2)),
  }
  return lines
}

/** What is claimed: points are of 48 bytes, compressed; numbers of 32 bytes, big-endian. */
export interface KzgClaim {
  readonly commitment: Uint8Array
  /** Where the polynomial is looked at. */
  readonly z: Uint8Array
  /** What it is there. */
  readonly y: Uint8Array
  readonly proof: Uint8Array
}

/**
 * Whether the committed polynomial is y at z; false also for malformed parts.
 *
 * @see EIP-4844, `verify_kzg_proof`; both pairings are with fixed points: e(C − y·G1 + z·π, −G2) · e(π, τ·G2) = 1
 */
export function isKzgProof({ commitment, z, y, proof }: KzgClaim): boolean {
  const [point, value] = [toBigInt(z), toBigInt(y)]
  if (point >= blobFieldOrder || value >= blobFieldOrder) return false
  const [committed, proven] = [decodeG1(commitment), decodeG1(proof)]
  if (!committed || !proven) return false
  const rest = committed
    .subtract(G1.Point.BASE.multiplyUnsafe(value))
    .add(proven.multiplyUnsafe(point))
  const { generator, secret } = linesOfG2()
  const pairs = [
    { g1: rest, g2: generator },
    { g1: proven, g2: secret },
  ].filter(({ g1 }) => !g1.is0())
  const { Fp12 } = fields
  const product = bls12_381.millerLoopBatch(
    pairs.map(({ g1, g2 }) => {
      const affine = g1.toAffine()
      return [g2, affine.x, affine.y]
    }),
  )
  return Fp12.eql(Fp12.finalExponentiate(product), Fp12.ONE)
}

function decodeG1(bytes: Uint8Array) {
  try {
    return G1.Point.fromBytes(bytes)
  } catch {
    return undefined
  }
}
