/** Checks what peers say of the block that a chain is to begin on, by nothing but what is trusted. */

import { AppError } from '../../base/app-error.ts'
import { concatBytes, equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { type ChainBase, hashesBefore } from '../chain-base.ts'
import { checkCertificate } from '../consensus/certificate.ts'
import { decodeDerived } from '../consensus/derived.ts'
import {
  checkFinality,
  decodeFinality,
  encodeFinality,
  type FinalityProof,
  type TrustedPoint,
} from '../consensus/finality-proof.ts'
import { decodeRecord } from '../consensus/record.ts'
import { schemes } from '../consensus/schemes.ts'
import { decodeCertificate } from '../consensus/travelling-block.ts'
import { decodeHeader } from '../ledger/block-codec.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { SnapshotOffer } from './sync-messages.ts'

/** A way to the block of a snapshot, and one to the block after it, whose record commits to what follows from the first. */
export interface WayToBase {
  readonly proof: FinalityProof
  /** From the block of the snapshot to the next, in RLP. */
  readonly next: Uint8Array
}

/** A block that a chain can begin on. */
export interface ProvenBase extends ChainBase {
  readonly number: bigint
  readonly hash: Hash
  readonly stateRoot: Hash
}

/** The reason for which an offer is none. */
export interface Refusal {
  readonly refused: string
}

/** Proofs that follow each other, as one of any length. */
export function chainedProof(pages: readonly FinalityProof[]): FinalityProof {
  const [first, ...rest] = pages as readonly [FinalityProof, ...FinalityProof[]]
  return { start: first.start, steps: [first, ...rest].flatMap(({ steps }) => steps) }
}

/** The base that an offer and the ways to it prove, or why they do not. Total: nothing that a peer gives makes it throw. */
export function provenBase(
  offer: SnapshotOffer,
  { proof, next }: WayToBase,
  trusted: TrustedPoint,
): ProvenBase | Refusal {
  try {
    return prove(offer, { proof, next }, trusted)
  } catch (error) {
    if (error instanceof AppError) return { refused: error.message }
    throw error
  }
}

function prove(offer: SnapshotOffer, way: WayToBase, trusted: TrustedPoint): ProvenBase | Refusal {
  const at = checkFinality(way.proof, trusted, schemes)
  if (at.kind === 'invalid') return { refused: at.detail }
  const { number, stateRoot } = at.header
  if (number !== offer.number) return { refused: `it is of block ${number}` }
  const { chainKey } = trusted
  const next = decodeFinality(way.next)
  const after = checkFinality(next, { chainKey, number, hash: at.hash }, schemes)
  if (after.kind === 'invalid') return { refused: after.detail }
  const [last] = next.steps
  if (after.header.number !== number + 1n || last === undefined) {
    return { refused: 'the block after it is not proven' }
  }
  const { record } = way.proof.steps.at(-1) ?? way.proof.start
  const own = decodeRecord(record)
  if (!isHashOf(decodeRecord(last.record).derivedHash, offer.derived)) {
    return { refused: 'what follows from the block is another thing' }
  }
  if (!isHashOf(own.derivedHash, offer.parentDerived)) {
    return { refused: "what follows from the block's parent is another thing" }
  }
  decodeDerived(offer.derived)
  const { validators } = decodeDerived(offer.parentDerived)
  const certificate = decodeCertificate(offer.certificate)
  const isIts =
    certificate.type === 'commit' &&
    certificate.height === number &&
    certificate.value !== undefined &&
    equalBytes(certificate.value, at.hash)
  const verdict = isIts && checkCertificate(certificate, { chainKey, validators, schemes })
  if (!verdict) return { refused: 'its certificate is of something else' }
  if (verdict.kind !== 'valid') return { refused: 'its certificate does not hold' }
  const hashes = hashesOf(offer, at.hash)
  if (hashes === undefined) return { refused: 'the headers before it are not its ancestors' }
  return {
    ...{ number, hash: at.hash, stateRoot, record, hashes, certificate: offer.certificate },
    ...{ header: offer.headers.at(-1) as Uint8Array, proof: encodeFinality(way.proof) },
    ...{ derived: offer.derived, parentDerived: offer.parentDerived },
  }
}

function isHashOf(hash: Hash, bytes: Uint8Array): boolean {
  return equalBytes(hash, keccak256(bytes))
}

/** Hashes of the blocks before the last header, which has this hash: as many as code can ask for. */
function hashesOf({ headers, number }: SnapshotOffer, hash: Hash): Uint8Array | undefined {
  const wanted = number < BigInt(hashesBefore) ? Number(number) : hashesBefore
  if (headers.length !== wanted + 1) return undefined
  const hashes: Hash[] = []
  let expected = hash
  for (const encoded of headers.toReversed()) {
    const own = keccak256(encoded)
    if (!equalBytes(own, expected)) return undefined
    hashes.unshift(own)
    expected = decodeHeader(encoded).parentHash
  }
  return concatBytes(...hashes.slice(0, -1))
}
