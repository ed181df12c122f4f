/** Pairs messages that no correct validator signs, and checks such pairs (consensus.md, sections 6.1 to 6.3). */

import { compareBytes, concatBytes, equalBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { Verdict } from './consensus.ts'
import { type Invalid, invalid } from './header-rules.ts'
import { limits } from './limits.ts'
import type {
  DoubleSigning,
  NamedEvidence,
  Punished,
  SignedProposal,
  SignedVote,
  ValidatorSet,
} from './messages.ts'
import { proposalSignBytes, voteSignBytes, voteTypeCodes } from './sign-bytes.ts'
import { isSignedProposal, isSignedVote, type SignatureCheck } from './signatures.ts'
import type { Fault } from './system-calls.ts'

/** What evidence is checked against. */
export interface EvidenceCheck extends Omit<SignatureCheck, 'validators'> {
  /** The set of a height; `undefined` for one that is not known. */
  readonly setAt: (height: bigint) => ValidatorSet | undefined
  /** Of the block that is to carry it. */
  readonly blockHeight: bigint
  /** Blocks that evidence is good for. */
  readonly evidenceHeights: bigint
  /** What the chain has punished already. */
  readonly punished: readonly Punished[]
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

/** With the signer's address; `undefined` if it is not in the set of its height. */
export function namedEvidence(
  evidence: DoubleSigning,
  { list }: ValidatorSet,
): NamedEvidence | undefined {
  const signer = list[evidence.a.validatorIndex]?.address
  return signer && { signer, evidence }
}

/** Whether a fault of somebody at a height is punished already. */
export function isSettled(
  punished: readonly Punished[],
  { signer, evidence }: NamedEvidence,
): boolean {
  const { height } = evidence.a
  return punished.some((one) => equalBytes(one.signer, signer) && height <= one.height + 1n)
}

/** Those whose further faults before they left could still come up, and who is punished in the block of a height. */
export function nextPunished(
  punished: readonly Punished[],
  block: {
    readonly height: bigint
    readonly evidence: readonly NamedEvidence[]
    readonly evidenceHeights: bigint
  },
): readonly Punished[] {
  const { height, evidence, evidenceHeights } = block
  const kept = punished.filter((one) => one.height + 1n + evidenceHeights > height)
  return [...kept, ...evidence.map(({ signer }) => ({ signer, height }))]
}

/** Names the fault: keccak256(kind ‖ signer ‖ instance ‖ height u64 ‖ round u32 ‖ type). */
export function evidenceId({ signer, evidence }: NamedEvidence): Hash {
  const { instance, height, round } = evidence.a
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
 * @returns `invalid` by the rule `age`, `signer`, `conflict`, `order`, `repeat` or `signature`
 */
export function checkEvidence(named: NamedEvidence, check: EvidenceCheck): Verdict {
  const { evidence, signer } = named
  const { height, validatorIndex } = evidence.a
  const age = check.blockHeight - height
  if (age < 0n || age > check.evidenceHeights) {
    return invalid('age', `it is ${age} blocks old; ${check.evidenceHeights} is the most`)
  }
  const validators = check.setAt(height)
  const member = validators?.list[validatorIndex]
  if (validators === undefined || member === undefined || !equalBytes(member.address, signer)) {
    const name = `0x${signer.toHex()}`
    return invalid('signer', `${name} is not validator ${validatorIndex} of height ${height}`)
  }
  const pair = pairOf(evidence)
  if (pair === undefined) return invalid('conflict', 'the two messages do not conflict')
  if (pair.a !== evidence.a) return invalid('order', 'the lower sign bytes come first')
  if (isSettled(check.punished, named)) {
    return invalid('repeat', 'the chain has punished its signer for this already')
  }
  return isSignedTwice(evidence, { ...check, validators })
    ? { kind: 'valid' }
    : invalid('signature', 'one of the two is not good')
}

/** The rule of evidence whose set is not known here: a quorum that knows it may have decided the block. */
export const unknownSet = 'unknown-set'

/**
 * Checks all evidence of a block: each piece is good, and of somebody who is not punished yet.
 *
 * @param likelySetAt - the set of a height that is not known for sure: what is good by it is good, what is not may be
 * @returns `undefined` if nothing is wrong; `unknownSet` if nothing is but what cannot be known
 */
export function evidenceFault(
  evidence: readonly NamedEvidence[],
  check: EvidenceCheck,
  likelySetAt: EvidenceCheck['setAt'] = () => undefined,
): Invalid | undefined {
  let { punished } = check
  let unknown: Invalid | undefined
  for (const one of evidence) {
    const { height } = one.evidence.a
    const isSure = check.setAt(height) !== undefined
    const setAt = isSure ? check.setAt : likelySetAt
    const verdict = checkEvidence(one, { ...check, setAt, punished })
    if (verdict.kind === 'invalid') {
      const detail = `${verdict.rule}: ${verdict.detail}`
      const isOfSet = verdict.rule === 'signer' || verdict.rule === 'signature'
      if (isSure || !isOfSet) return invalid('evidence', detail)
      unknown = invalid(unknownSet, `the set of height ${height} is not known here; ${detail}`)
    }
    punished = [...punished, { signer: one.signer, height: check.blockHeight }]
    if (punished.length > limits.maxPunished) return invalid('evidence', 'too much was punished')
  }
  return unknown
}

/** What evidence of a block has the contract of its set do. */
export function faultsOf(evidence: readonly NamedEvidence[], reporter: Address): readonly Fault[] {
  return evidence.map(({ signer, evidence: { kind, a } }) => ({
    ...{ validator: signer, kind, height: a.height, reporter },
  }))
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
