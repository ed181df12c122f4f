/** Checks KZG proofs of what a polynomial is at a point (EIP-4844), without the rest of the trusted setup. */

import { concatBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import { decompressG1, pairsToOne, sumG1 } from './bls12-381.ts'

/** Values of a blob's polynomial. */
export const valuesPerBlob = 4_096

/** Order of the field that a blob's values and points are of. */
export const blobFieldOrder = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n

/**
 * The secret of the ceremony times G2's generator: `g2_monomial[1]` of its public result, not compressed.
 *
 * @see https://github.com/ethereum/consensus-specs, presets/mainnet/trusted_setups/trusted_setup_4096.json
 */
const secretG2 = pointOf(
  '185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2',
  '15bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72',
  '014353bdb96b626dd7d5ee8599d1fca2131569490e28de18e82451a496a9c9794ce26d105941f383ee689bfbbb832a99',
  '1666c54b0a32529503432fcae0181b4bef79de09fc63671fda5ed1ba9bfa07899495346f3d7ac9cd23048ef30d0a154f',
)

/** G2's generator, negative. */
export const minusG2 = pointOf(
  '024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8',
  '13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e',
  '0d1b3cc2c7027888be51d9ef691d77bcb679afda66c73f17f9ee3837a55024f78c71363275a75d75d86bab79f74782aa',
  '13fa4d4a0ad8b1ce186ed5061789213d993923066dddaf1040bc3ff59f825c78df74f2d75467e25e0f55f8a00fa030ed',
)

const generatorG1 = pointOf(
  '17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
  '08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1',
)

/** A point from the hex of its coordinates. */
export function pointOf(...numbers: readonly string[]): Uint8Array {
  return concatBytes(...numbers.map((hex) => padStart(Uint8Array.fromHex(hex), 64)))
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
 * @see EIP-4844, `verify_kzg_proof`; written as e(C − y·G1 + z·π, −G2) · e(π, τ·G2) = 1
 */
export function isKzgProof({ commitment, z, y, proof }: KzgClaim): boolean {
  const [point, value] = [toBigInt(z), toBigInt(y)]
  if (point >= blobFieldOrder || value >= blobFieldOrder) return false
  const [committed, proven] = [decompressG1(commitment), decompressG1(proof)]
  if (!committed || !proven) return false
  const [once, minusY] = [1n, blobFieldOrder - value].map((times) =>
    padStart(fromBigInt(times), 32),
  )
  const rest = sumG1(
    concatBytes(committed, once as Uint8Array, generatorG1, minusY as Uint8Array, proven, z),
  )
  return rest !== undefined && pairsToOne(concatBytes(rest, minusG2, proven, secretG2)) === true
}
