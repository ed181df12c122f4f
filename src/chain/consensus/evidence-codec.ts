/** Encodes evidence with the name of its signer: for records of blocks, and for what waits for a block. */

import { decodeRlp, encodeRlp } from '../ledger/rlp.ts'
import { fields, fixedBytes, listOf } from '../ledger/rlp-shape.ts'
import { bad, readEvidence, writeEvidence } from './bft/message-fields.ts'
import { limits } from './limits.ts'
import {
  type DoubleSigning,
  type Evidence,
  isDoubleSigning,
  type NamedEvidence,
} from './messages.ts'

/** RLP values that what waits may be made of: a pair of proposals has 25. */
const maxValues = 32 * limits.maxEvidenceHeld

export const namedEvidenceShape = fields<NamedEvidence>({
  signer: fixedBytes(20),
  evidence: { encode: writeEvidence, decode: (value) => punishable(readEvidence(value)) },
})
const held = listOf(namedEvidenceShape, limits.maxEvidenceHeld)

/** The bytes of what waits for a block: as many, from the oldest on, as have room. */
export function encodeHeldEvidence(pool: readonly NamedEvidence[], mostBytes: number): Uint8Array {
  const encoded = encodeRlp(held.encode(pool))
  return encoded.length <= mostBytes ? encoded : encodeHeldEvidence(pool.slice(0, -1), mostBytes)
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `consensus/bad-message` */
export function decodeHeldEvidence(bytes: Uint8Array): readonly NamedEvidence[] {
  return bytes.length === 0 ? [] : held.decode(decodeRlp(bytes, maxValues), 'the evidence')
}

function punishable(evidence: Evidence): DoubleSigning {
  if (isDoubleSigning(evidence)) return evidence
  throw bad(`evidence of ${evidence.kind}, which is only reported`)
}
