/** Encodes and decodes blob transactions together with their blobs, the form in which they are sent (EIP-4844, 7594). */

import { AppError } from '../../base/app-error.ts'
import { concatBytes, equalBytes } from '../../base/bytes.ts'
import { sha256 } from '../../crypto/sha256.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpBytes, rlpInteger, rlpList } from './rlp.ts'
import type { Hash, Transaction } from './transaction.ts'
import { decodeTransaction, encodeTransaction } from './transaction-codec.ts'

/** Bytes of a blob (EIP-4844: 4,096 field elements of 32 bytes). */
const blobBytes = 131_072
/** Bytes of a KZG commitment or proof. */
const pointBytes = 48
/** Proofs of a blob in the form with cells (EIP-7594, CELLS_PER_EXT_BLOB). */
const cellsPerBlob = 128

/** What stands beside a blob transaction while it waits for a block. */
export interface BlobSidecar {
  /** 0: one proof for each blob (EIP-4844); 1: one for each cell of each blob (EIP-7594, from Osaka on). */
  readonly version: 0 | 1
  readonly blobs: readonly Uint8Array[]
  readonly commitments: readonly Uint8Array[]
  readonly proofs: readonly Uint8Array[]
}

/** A transaction as it is sent: one with blobs brings them along. */
export interface NetworkTransaction {
  readonly transaction: Transaction
  readonly sidecar: BlobSidecar | undefined
}

/** The versioned hash of a commitment: SHA-256 with 1 as its first byte (EIP-4844, kzg_to_versioned_hash). */
export function blobVersionedHash(commitment: Uint8Array): Hash {
  const hash = sha256(commitment).slice()
  hash[0] = 1
  return hash
}

/** The bytes that travel between nodes and from wallets; without a sidecar those that blocks hold. */
export function encodeNetworkTransaction({ transaction, sidecar }: NetworkTransaction): Uint8Array {
  const bytes = encodeTransaction(transaction)
  if (sidecar === undefined) return bytes
  const { version, blobs, commitments, proofs } = sidecar
  const wrapper = version === 0 ? [] : [rlpInteger(version)]
  const parts = [decodeRlp(bytes.subarray(1)), ...wrapper, blobs, commitments, proofs]
  return concatBytes(Uint8Array.of(transaction.type), encodeRlp(parts))
}

/**
 * Decodes a transaction as a wallet sends it. Of a sidecar the shape is checked and that each commitment is the one that
 * the transaction names; whether the proofs hold is not, as that takes long.
 *
 * @throws AppError `ledger/bad-transaction` with the reason, `ledger/type-unsupported`
 */
export function decodeNetworkTransaction(bytes: Uint8Array): NetworkTransaction {
  if (bytes[0] !== 3) return { transaction: decodeTransaction(bytes), sidecar: undefined }
  try {
    const [first, ...rest] = rlpList(decodeRlp(bytes.subarray(1)), 'the transaction')
    if (first === undefined || first instanceof Uint8Array) {
      return { transaction: decodeTransaction(bytes), sidecar: undefined }
    }
    const transaction = decodeTransaction(concatBytes(Uint8Array.of(3), encodeRlp(first)))
    const sidecar = sidecarFrom(rest)
    assertBelongs(sidecar, transaction)
    return { transaction, sidecar }
  } catch (error) {
    if (error instanceof AppError && error.code === 'ledger/bad-rlp') throw bad(error.message)
    throw error
  }
}

function sidecarFrom(parts: readonly RlpValue[]): BlobSidecar {
  const hasVersion = parts.length === 4
  if (parts.length !== 3 && !hasVersion) throw bad(`${parts.length} parts follow the transaction`)
  if (hasVersion && !equalBytes(rlpBytes(parts[0], 'the version'), Uint8Array.of(1))) {
    throw bad('the version of its blobs is not 1')
  }
  const [blobs, commitments, proofs] = parts.slice(-3)
  const listOf = (value: RlpValue | undefined, name: string, length: number) =>
    rlpList(value, `the list of ${name}s`).map((one) => rlpBytes(one, `a ${name}`, length))
  return {
    version: hasVersion ? 1 : 0,
    blobs: listOf(blobs, 'blob', blobBytes),
    commitments: listOf(commitments, 'commitment', pointBytes),
    proofs: listOf(proofs, 'proof', pointBytes),
  }
}

function assertBelongs(sidecar: BlobSidecar, transaction: Transaction): void {
  const hashes = transaction.type === 3 ? transaction.blobVersionedHashes : []
  const { version, blobs, commitments, proofs } = sidecar
  const expected = hashes.length * (version === 0 ? 1 : cellsPerBlob)
  if (blobs.length !== hashes.length || commitments.length !== hashes.length) {
    throw bad(`${blobs.length} blobs and ${commitments.length} commitments, not ${hashes.length}`)
  }
  if (proofs.length !== expected) throw bad(`${proofs.length} proofs of its blobs, not ${expected}`)
  for (const [at, commitment] of commitments.entries()) {
    if (equalBytes(blobVersionedHash(commitment), hashes[at] ?? new Uint8Array())) continue
    throw bad(`commitment ${at} is not that of its blob hash`)
  }
}

function bad(reason: string): AppError {
  return new AppError({ code: 'ledger/bad-transaction', message: `bad transaction: ${reason}` })
}
