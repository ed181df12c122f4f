/** Signs with and recovers from secp256k1: the native library where it loads, else a portable one. */

import { createRequire } from 'node:module'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type * as Native from 'secp256k1'
import { AppError } from '../base/app-error.ts'
import { concatBytes, fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import { keccak256 } from './keccak.ts'

/** A signature with which the public key can be found again. */
export interface RecoverableSignature {
  /** 0 or 1. */
  readonly yParity: number
  readonly r: bigint
  readonly s: bigint
}

/** Signs and recovers; the two implementations give the same answers. */
interface Backend {
  /** 64 bytes r ‖ s with low s, and the parity. */
  sign(hash: Uint8Array, key: Uint8Array): { compact: Uint8Array; yParity: number }
  /** 65 bytes. */
  publicKey(key: Uint8Array): Uint8Array
  /** 65 bytes, or `undefined` if there is no such key. */
  recover(hash: Uint8Array, compact: Uint8Array, yParity: number): Uint8Array | undefined
}

/** Signs and recovers in JavaScript; about 40 times slower than the native one. */
export const portableBackend: Backend = {
  sign(hash, key) {
    const signed = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' })
    return { compact: signed.slice(1), yParity: signed[0] ?? 0 }
  },
  publicKey: (key) => secp256k1.getPublicKey(key, false),
  recover(hash, compact, yParity) {
    try {
      const signature = concatBytes(Uint8Array.of(yParity), compact)
      const point = secp256k1.recoverPublicKey(signature, hash, { prehash: false })
      return secp256k1.Point.fromBytes(point).toBytes(false)
    } catch {
      return undefined
    }
  },
}

function nativeBackend(): Backend | undefined {
  let native: typeof Native
  try {
    native = createRequire(import.meta.url)('secp256k1/bindings.js') as typeof Native
  } catch {
    return undefined
  }
  return {
    sign(hash, key) {
      const { signature, recid } = native.ecdsaSign(hash, key)
      return { compact: signature, yParity: recid }
    },
    publicKey: (key) => native.publicKeyCreate(key, false),
    recover(hash, compact, yParity) {
      try {
        return native.ecdsaRecover(compact, yParity, hash, false)
      } catch {
        return undefined
      }
    },
  }
}

const native = nativeBackend()
const backend = native ?? portableBackend

/** Which implementation is in use. */
export const signatureBackend: 'native' | 'portable' = native ? 'native' : 'portable'

/**
 * Signs a hash of 32 bytes deterministically (RFC 6979) with low s (EIP-2).
 *
 * @param key - 32 bytes
 * @throws AppError `crypto/bad-key`
 */
export function signHash(hash: Uint8Array, key: Uint8Array): RecoverableSignature {
  assertKey(key)
  const { compact, yParity } = backend.sign(hash, key)
  return { yParity, r: toBigInt(compact.subarray(0, 32)), s: toBigInt(compact.subarray(32)) }
}

/** The address that signed, or `undefined` if the signature belongs to no key. */
export function recoverAddress(
  hash: Uint8Array,
  { yParity, r, s }: RecoverableSignature,
): Uint8Array | undefined {
  if (r <= 0n || s <= 0n || r >> 256n || s >> 256n) return undefined
  const compact = concatBytes(padStart(fromBigInt(r), 32), padStart(fromBigInt(s), 32))
  return recoverCompact(hash, compact, yParity)
}

/** The same from the 64 bytes r ‖ s. */
export function recoverCompact(
  hash: Uint8Array,
  compact: Uint8Array,
  yParity: number,
): Uint8Array | undefined {
  if (yParity !== 0 && yParity !== 1) return undefined
  const point = backend.recover(hash, compact, yParity)
  return point && addressOfPoint(point)
}

/** The public key that signed, compressed to 33 bytes (SEC 1, 2.3.3), or `undefined`; from the 64 bytes r ‖ s. */
export function recoverPublicKey(
  hash: Uint8Array,
  compact: Uint8Array,
  yParity: number,
): Uint8Array | undefined {
  if (yParity !== 0 && yParity !== 1) return undefined
  const point = backend.recover(hash, compact, yParity)
  return point && compressed(point)
}

/** The public key of a private key of 32 bytes, compressed to 33 bytes; @throws AppError `crypto/bad-key` */
export function publicKeyOf(key: Uint8Array): Uint8Array {
  assertKey(key)
  return compressed(backend.publicKey(key))
}

/** The address of a private key of 32 bytes; @throws AppError `crypto/bad-key` */
export function addressOfKey(key: Uint8Array): Uint8Array {
  assertKey(key)
  return addressOfPoint(backend.publicKey(key))
}

function assertKey(key: Uint8Array): void {
  if (secp256k1.utils.isValidSecretKey(key)) return
  const message = 'a private key has 32 bytes, is not 0 and is below the order of secp256k1'
  throw new AppError({ code: 'crypto/bad-key', message })
}

function compressed(point: Uint8Array): Uint8Array {
  const isOdd = ((point[64] ?? 0) & 1) === 1
  return concatBytes(Uint8Array.of(isOdd ? 3 : 2), point.subarray(1, 33))
}

function addressOfPoint(point: Uint8Array): Uint8Array {
  return keccak256(point.subarray(1)).slice(12)
}
