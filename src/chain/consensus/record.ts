/** Describes the consensus record, what a block says to its engine beside its body, and encodes it. */

import type { AppError } from '../../base/app-error.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { decodeRlp, encodeRlp } from '../ledger/rlp.ts'
import { anyBytes, count, exactly, fields, fixedBytes, listOf } from '../ledger/rlp-shape.ts'
import type { Hash } from '../ledger/transaction.ts'
import { bad, readCertificate, writeCertificate } from './bft/message-fields.ts'
import { namedEvidenceShape } from './evidence-codec.ts'
import { limits } from './limits.ts'
import type { Certificate, NamedEvidence } from './messages.ts'

/** Engines whose blocks have a record, by their number in it. */
export const recordEngines = ['pow', 'pos', 'dpos', 'hybrid', 'bft'] as const

/** RLP values that a record may be made of: more than evidence and a certificate of the largest set have. */
const maxValues = 8_192

/** What a block says to its engine; `extraData` of its header is the keccak-256 of the encoding. */
export interface ConsensusRecord {
  readonly version: 1
  /** A place in `recordEngines`. */
  readonly engine: number
  /** Round in which the block was first proposed; 0 with proof of work. */
  readonly round: number
  /** Milliseconds within the header's `timestamp`. */
  readonly timeMs: number
  /** The sets that sign this height, and the next one; zero with proof of work. */
  readonly validatorsHash: Hash
  readonly nextValidatorsHash: Hash
  /** Of what follows from the chain up to the parent. */
  readonly derivedHash: Hash
  /** Of the parent's certificate; zero where there is none. */
  readonly parentProofHash: Hash
  /** Bit map of the signers of that certificate. */
  readonly parentSigners: Uint8Array
  /** Proof of stake: 32 bytes of a hash chain, or none. */
  readonly reveal: Uint8Array
  /** Double signing that the block punishes. */
  readonly evidence: readonly NamedEvidence[]
  /** At most one certificate of a checkpoint. */
  readonly finality: readonly Certificate[]
  /** Proof of work: up to 8 bytes that make room for more nonces; none elsewhere. */
  readonly salt: Uint8Array
}

const hash = fixedBytes(32)
const evidence = listOf(namedEvidenceShape, limits.maxEvidencePerBlock)
const finality = listOf<Certificate>({ encode: writeCertificate, decode: readCertificate }, 1)

const shape = fields<ConsensusRecord>({
  version: exactly(1),
  engine: count(recordEngines.length - 1),
  round: count(limits.maxRound),
  timeMs: count(999),
  validatorsHash: hash,
  nextValidatorsHash: hash,
  derivedHash: hash,
  parentProofHash: hash,
  parentSigners: anyBytes((length) => length <= limits.maxValidators / 8),
  reveal: anyBytes((length) => length === 0 || length === 32),
  evidence,
  finality,
  salt: anyBytes((length) => length <= 8),
})

/** The bytes of a record: the list of its fields in their order. */
export function encodeRecord(record: ConsensusRecord): Uint8Array {
  return encodeRlp(shape.encode(record))
}

/**
 * The record that the bytes are. Whether signatures in it are good is not looked at.
 *
 * @throws AppError `ledger/bad-rlp`, `consensus/bad-message` for anything but the one encoding of a record in its bounds
 */
export function decodeRecord(bytes: Uint8Array): ConsensusRecord {
  const { maxRecordBytes, maxCertificateBytes } = limits
  if (bytes.length > maxRecordBytes + maxCertificateBytes) throw tooLong(bytes.length)
  const record = shape.decode(decodeRlp(bytes, maxValues), 'the record')
  const ofFinality = encodeRlp(finality.encode(record.finality)).length
  if (ofFinality > maxCertificateBytes) throw tooLong(ofFinality, ' of a certificate')
  if (bytes.length - ofFinality <= maxRecordBytes) return record
  throw tooLong(bytes.length - ofFinality, ' without its certificate')
}

/** What the header of a block with this record has as its extra data. */
export function recordHash(encoded: Uint8Array): Hash {
  return keccak256(encoded)
}

/** A record of an engine in which nothing stands but what the state before it is. */
export function plainRecord(
  engine: (typeof recordEngines)[number],
  given: Pick<ConsensusRecord, 'derivedHash' | 'timeMs'>,
): ConsensusRecord {
  const [none, zero] = [new Uint8Array(), new Uint8Array(32)]
  return {
    ...{ version: 1, engine: recordEngines.indexOf(engine), round: 0, ...given },
    ...{ validatorsHash: zero, nextValidatorsHash: zero, parentProofHash: zero },
    ...{ parentSigners: none, reveal: none, evidence: [], finality: [], salt: none },
  }
}

function tooLong(bytes: number, what = ''): AppError {
  return bad(`a record of ${bytes} bytes${what}`)
}
