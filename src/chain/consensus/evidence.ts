/** Pairs messages that no correct validator signs, and checks such pairs (consensus.md, sections 6.1 to 6.3). */

import { compareBytes, concatBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { Verdict } from './consensus.ts'
import { invalid } from './header-rules.ts'
import type { Evidence, SignedProposal, SignedVote, ValidatorSet } from './messages.ts'
import { proposalSignBytes, voteSignBytes, voteTypeCodes } from './sign-bytes.ts'
import { isSignedProposal, isSignedVote, type SignatureCheck } from './signatures.ts'

/** Evidence that a block may carry: it convicts one signer by itself. */
export type DoubleSigning = Extract<Evidence, { kind: 'double-vote' | 'double-proposal' }>

/** What evidence is checked against. */
export interface EvidenceCheck extends Omit<SignatureCheck, 'validators'> {
  /** The set of a height; `undefined` for one that is not known. */
  readonly setAt: (height: bigint) => ValidatorSet | undefined
  /** Of the block that is to carry it. */
  readonly blockHeight: bigint
  /** Blocks that evidence is good for. */
  readonly evidenceHeights: bigint
  /** Whether the chain has evidence of this identity already. */
  readonly isSeen: (id: Hash) => boolean
}

/** The order of contents does not depend on chain and set, which both messages share. */
const noPlace = { chainKey: new Uint8Array(32), setHash: new Uint8Array(32) }

/** The pair in order when two votes conflict: one signer and place, other contents. Signatures do not count. */
export function doubleVote(one: SignedVote, other: SignedVote): DoubleSigning | undefined {
  if (!isSamePlace(one, other) || one.type !== other.type) return undefined
  const order = compareBytes(voteSignBytes(one, noPlace), voteSignBytes(other, noPlace))
  if (order === 0) return undefined
  const [a, b] = order < 0 ? [one, other] : [other, one]
  return { kind: 'double-vote', a, b }
}

/** The pair in order when two proposals conflict: one signer and place, other contents. Signatures do not count. */
export function doubleProposal(
  one: SignedProposal,
  other: SignedProposal,
): DoubleSigning | undefined {
  if (!isSamePlace(one, other)) return undefined
  const order = compareBytes(proposalSignBytes(one, noPlace), proposalSignBytes(other, noPlace))
  if (order === 0) return undefined
  const [a, b] = order < 0 ? [one, other] : [other, one]
  return { kind: 'double-proposal', a, b }
}

/**
 * Names the fault, so that it is punished once: keccak256(kind ‖ signer ‖ instance ‖ height u64 ‖ round u32 ‖ type).
 *
 * @param validators - the set of its height, which holds the signer
 */
export function evidenceId(evidence: DoubleSigning, validators: ValidatorSet): Hash {
  const { validatorIndex, instance, height, round } = evidence.a
  const signer = validators.list[validatorIndex]?.address ?? new Uint8Array(20)
  const isVote = evidence.kind === 'double-vote'
  return keccak256(
    concatBytes(
      Uint8Array.of(isVote ? 1 : 2),
      signer,
      Uint8Array.of(instance),
      padStart(fromBigInt(height), 8),
      padStart(fromBigInt(BigInt(round)), 4),
      Uint8Array.of(isVote ? voteTypeCodes[evidence.a.type] : 0),
    ),
  )
}

/**
 * Checks evidence before it goes into a block, signatures last.
 *
 * @returns `invalid` by the rule `kind`, `age`, `signer`, `conflict`, `order`, `repeat` or `signature`
 */
export function checkEvidence(evidence: Evidence, check: EvidenceCheck): Verdict {
  if (evidence.kind !== 'double-vote' && evidence.kind !== 'double-proposal') {
    return invalid('kind', `${evidence.kind} is only reported`)
  }
  const { height, validatorIndex } = evidence.a
  const age = check.blockHeight - height
  if (age < 0n || age > check.evidenceHeights) {
    return invalid('age', `it is ${age} blocks old; ${check.evidenceHeights} is the most`)
  }
  const validators = check.setAt(height)
  if (validators?.list[validatorIndex] === undefined) {
    return invalid('signer', `validator ${validatorIndex} is in no set known of height ${height}`)
  }
  const pair = pairOf(evidence)
  if (pair === undefined) return invalid('conflict', 'the two messages do not conflict')
  if (pair.a !== evidence.a) return invalid('order', 'the lower sign bytes come first')
  if (check.isSeen(evidenceId(evidence, validators))) {
    return invalid('repeat', 'the chain has evidence of this fault already')
  }
  return isSignedTwice(evidence, { ...check, validators })
    ? { kind: 'valid' }
    : invalid('signature', 'one of the two is not good')
}

function pairOf(evidence: DoubleSigning): DoubleSigning | undefined {
  return evidence.kind === 'double-vote'
    ? doubleVote(evidence.a, evidence.b)
    : doubleProposal(evidence.a, evidence.b)
}

function isSignedTwice(evidence: DoubleSigning, check: SignatureCheck): boolean {
  return evidence.kind === 'double-vote'
    ? isSignedVote(evidence.a, check) && isSignedVote(evidence.b, check)
    : isSignedProposal(evidence.a, check) && isSignedProposal(evidence.b, check)
}

function isSamePlace(one: SignedVote | SignedProposal, other: SignedVote | SignedProposal) {
  return (
    one.validatorIndex === other.validatorIndex &&
    one.instance === other.instance &&
    one.height === other.height &&
    one.round === other.round
  )
}
