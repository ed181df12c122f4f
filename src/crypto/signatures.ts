/** Signs and verifies by one of three schemes behind one face: for validators, and for the identities of nodes. */

import {
  type AsymmetricKeyType,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import { concatBytes, equalBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import { keccak256 } from './keccak.ts'
import { publicKeyOf, recoverPublicKey, signHash } from './secp256k1.ts'

/** How a key signs: RFC 8032, FIPS 204, or ECDSA as Ethereum has it. */
export const signatureSchemes = ['ed25519', 'ml-dsa-65', 'secp256k1'] as const
export type SignatureScheme = (typeof signatureSchemes)[number]

/** What is fixed for a scheme. */
export interface SchemeFacts {
  /** Stands for the scheme where a key is encoded or hashed; 0 is none. */
  readonly byte: number
  readonly publicKeyBytes: number
  readonly signatureBytes: number
}

/** The schemes. */
export const schemeFacts: Readonly<Record<SignatureScheme, SchemeFacts>> = {
  ed25519: { byte: 1, publicKeyBytes: 32, signatureBytes: 64 },
  'ml-dsa-65': { byte: 2, publicKeyBytes: 1_952, signatureBytes: 3_309 },
  secp256k1: { byte: 3, publicKeyBytes: 33, signatureBytes: 65 },
}

/** Whom a signature is of. */
export interface PublicKey {
  readonly scheme: SignatureScheme
  /** ML-DSA-65 as in FIPS 204, secp256k1 compressed (SEC 1, 2.3.3). */
  readonly publicKey: Uint8Array
}

/** A key that signs; the private part stays inside. */
export interface SigningKey extends PublicKey {
  /** The signature of a message of any length. ML-DSA-65 gives another one each time, as FIPS 204 recommends. */
  sign(message: Uint8Array): Uint8Array
}

/** The scheme of a byte, or `undefined`. */
export function schemeOfByte(byte: number): SignatureScheme | undefined {
  return (Object.keys(schemeFacts) as SignatureScheme[]).find(
    (scheme) => schemeFacts[scheme].byte === byte,
  )
}

/**
 * The key of a seed.
 *
 * @param seed - 32 bytes; the private key of Ed25519 and secp256k1, the seed ξ of ML-DSA-65 (FIPS 204, algorithm 6)
 * @throws AppError `crypto/bad-key`
 */
export function signingKey(scheme: SignatureScheme, seed: Uint8Array): SigningKey {
  if (seed.length !== 32) {
    const message = `the seed of a key has 32 bytes, not ${seed.length}`
    throw new AppError({ code: 'crypto/bad-key', message })
  }
  if (scheme === 'secp256k1') {
    const key = seed.slice()
    return { scheme, publicKey: publicKeyOf(key), sign: (message) => signSecp256k1(message, key) }
  }
  const key = createPrivateKey({
    key: Buffer.from(seed),
    format: scheme === 'ed25519' ? 'raw-private' : 'raw-seed',
    asymmetricKeyType: scheme as AsymmetricKeyType,
  })
  const publicKey = new Uint8Array(createPublicKey(key).export({ format: 'raw-public' }))
  return { scheme, publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) }
}

/**
 * Whether a signature is right; false also for a key or a signature that is malformed. ML-DSA-65 is the pure mode with an
 * empty context; secp256k1 signs the keccak-256 of the message, r ‖ s ‖ v with low s (EIP-2) and v of 0 or 1.
 */
export function isSignature(
  { scheme, publicKey }: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { publicKeyBytes, signatureBytes } = schemeFacts[scheme]
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
  if (scheme === 'secp256k1') return isSecp256k1(publicKey, message, signature)
  const key = readKey(scheme, publicKey)
  return key !== undefined && verify(null, message, key, signature)
}

/** keccak-256 of the scheme's byte and the public key: names a key of any scheme in 32 bytes. */
export function keyHash({ scheme, publicKey }: PublicKey): Uint8Array {
  return keccak256(concatBytes(Uint8Array.of(schemeFacts[scheme].byte), publicKey))
}

/** The address of a validator's key: the last 20 bytes of its hash. */
export function keyAddress(key: PublicKey): Uint8Array {
  return keyHash(key).slice(12)
}

/** Half of the order of secp256k1 (SEC 2, 2.4.1). */
const highestS = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

function signSecp256k1(message: Uint8Array, key: Uint8Array): Uint8Array {
  const { r, s, yParity } = signHash(keccak256(message), key)
  const word = (value: bigint) => padStart(fromBigInt(value), 32)
  return concatBytes(word(r), word(s), Uint8Array.of(yParity))
}

function isSecp256k1(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (toBigInt(signature.subarray(32, 64)) > highestS) return false
  const compact = signature.subarray(0, 64)
  const found = recoverPublicKey(keccak256(message), compact, signature[64] ?? 0)
  return found !== undefined && equalBytes(found, publicKey)
}

function readKey(scheme: SignatureScheme, publicKey: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({
      key: Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length),
      format: 'raw-public',
      asymmetricKeyType: scheme as AsymmetricKeyType,
    })
  } catch {
    return undefined
  }
}
