/** Describes what validators say to each other: proposals, votes, certificates, evidence. */

import type { SignatureScheme } from '../../crypto/signatures.ts'
import type { Address, Hash } from '../ledger/transaction.ts'

/** One of those that hold a chain together. */
export interface Validator {
  /** The last 20 bytes of keccak256(scheme byte ‖ public key); a set is in the order of these. */
  readonly address: Address
  readonly scheme: SignatureScheme
  readonly publicKey: Uint8Array
  /** 1 to 2^60 − 1. */
  readonly weight: bigint
  /** Where fees and rewards go. */
  readonly payTo: Address
}

/** Who signs a height: sorted by address, without repeats, a total below 2^63. */
export interface ValidatorSet {
  readonly list: readonly Validator[]
  readonly total: bigint
  readonly hash: Hash
}

/** What is decided: blocks, or checkpoints of a hybrid chain. */
export type Instance = 0 | 1

/** The two kinds of votes (arXiv 1807.04938). */
export type VoteType = 'prevote' | 'precommit'

/** What a vote says, whoever casts it. */
export interface VoteContent {
  readonly instance: Instance
  readonly type: VoteType
  readonly height: bigint
  readonly round: number
  /** −1, but for a prevote for a value that was proposed again. */
  readonly validRound: number
  /** Absent for nil. */
  readonly value: Hash | undefined
}

/** A vote as it travels. */
export interface SignedVote extends VoteContent {
  /** Place in the set of its height. */
  readonly validatorIndex: number
  readonly signature: Uint8Array
}

/** What a proposer puts forward. */
export interface ProposalContent {
  readonly instance: Instance
  readonly height: bigint
  readonly round: number
  /** The round of the polka that it is proposed again for, or −1. */
  readonly validRound: number
  readonly value: Hash
  /** Merkle root over the parts that the block travels in; zeros for a checkpoint. */
  readonly partsRoot: Hash
  readonly partCount: number
  readonly byteLength: number
}

/** A proposal as it travels. */
export interface SignedProposal extends ProposalContent {
  readonly validatorIndex: number
  readonly signature: Uint8Array
}

/** Signed votes that together are a quorum, or more than a third. */
export interface Certificate {
  readonly type: 'polka' | 'commit' | 'skip'
  readonly instance: Instance
  readonly height: bigint
  readonly round: number
  /** Of a polka and a commit; a skip has none. */
  readonly value: Hash | undefined
  /** Of a polka: common to all its votes; otherwise −1. */
  readonly validRound: number
  /** Bit map in set order, least significant bit first, spare bits zero. */
  readonly signers: Uint8Array
  /** One for each set bit, in order. */
  readonly signatures: readonly Uint8Array[]
  /** Of a skip: what each signer signed. */
  readonly votes?: readonly VoteContent[]
}

/** Proof that somebody broke the rules; the two of a pair stand in the order of their sign bytes. */
export type Evidence =
  | { readonly kind: 'double-vote'; readonly a: SignedVote; readonly b: SignedVote }
  | { readonly kind: 'double-proposal'; readonly a: SignedProposal; readonly b: SignedProposal }
  /** Reported, never put into a block. */
  | { readonly kind: 'conflicting-commits'; readonly a: Certificate; readonly b: Certificate }
  | { readonly kind: 'amnesia'; readonly commit: Certificate; readonly polka: Certificate }

/** Evidence that a block may carry: it convicts one signer by itself. */
export type DoubleSigning = Extract<Evidence, { kind: 'double-vote' | 'double-proposal' }>

/** Whether evidence is of a kind that is punished. */
export function isDoubleSigning(evidence: Evidence): evidence is DoubleSigning {
  return evidence.kind === 'double-vote' || evidence.kind === 'double-proposal'
}

/** Evidence with the address that its signer signed by, so that whoever lacks old sets knows whom it convicts. */
export interface NamedEvidence {
  readonly signer: Address
  readonly evidence: DoubleSigning
}

/** Somebody who was punished, and in which block: that settles all faults before it left the set, two blocks later. */
export interface Punished {
  readonly signer: Address
  readonly height: bigint
}

/** What a validator has, so that others can send what it lacks; not signed. */
export interface RoundState {
  readonly instance: Instance
  readonly height: bigint
  readonly round: number
  readonly step: CoreStep
  readonly lockedRound: number
  readonly validRound: number
  readonly hasProposal: boolean
  /** Bit maps of the votes held of this round and the one before. */
  readonly prevotes: readonly [current: Uint8Array, before: Uint8Array]
  readonly precommits: readonly [current: Uint8Array, before: Uint8Array]
}

/** Where a validator stands in a round. */
export type CoreStep = 'new' | 'propose' | 'prevote' | 'precommit' | 'decided'

/** What travels between validators. */
export type ConsensusMessage =
  | { readonly kind: 'proposal'; readonly proposal: SignedProposal; readonly block?: Uint8Array }
  | {
      readonly kind: 'part'
      readonly height: bigint
      readonly round: number
      readonly index: number
      readonly bytes: Uint8Array
      readonly path: readonly Hash[]
    }
  | { readonly kind: 'vote'; readonly vote: SignedVote }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'round-state'; readonly state: RoundState }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
