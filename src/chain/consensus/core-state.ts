/** Describes the BFT core: what it knows, what it is told, and what it asks for (consensus.md, section 4). */

import type { Hash } from '../ledger/transaction.ts'
import type {
  Certificate,
  CoreStep,
  Evidence,
  Instance,
  SignedProposal,
  SignedVote,
  ValidatorSet,
  VoteContent,
} from './messages.ts'

/** What holds for one height and never changes within it. */
export interface CoreRules {
  readonly instance: Instance
  readonly validators: ValidatorSet
  /** Own place in the set; absent for who only follows. */
  readonly self: number | undefined
  /** The place of who may propose in a round. */
  readonly proposerOf: (round: number) => number
}

/**
 * What a validator knows of one height. It is never changed: each input gives a new one that shares what stayed the same, so a
 * state that was kept, logged or compared is still what it was.
 */
export interface CoreState {
  readonly height: bigint
  /** −1 before the first round. */
  readonly round: number
  readonly step: CoreStep
  /** −1 and absent when nothing is locked. */
  readonly lockedRound: number
  readonly lockedValue: Hash | undefined
  readonly validRound: number
  readonly validValue: Hash | undefined
  /** Proof for the valid value; it goes along when that is proposed again. */
  readonly validPolka: Certificate | undefined
  /** Of the rounds that are kept, in order of arrival. */
  readonly proposals: readonly SignedProposal[]
  /** What is known of values, in order of arrival. */
  readonly checkedValues: readonly CheckedValue[]
  /** Of the rounds that are kept, lowest first. */
  readonly tallies: readonly RoundTally[]
  /** Of each validator, by place, its newest vote beyond those rounds. */
  readonly votesAhead: readonly (SignedVote | undefined)[]
  /** What happens once a round, and has happened in this one. */
  readonly done: DoneInRound
  readonly decision: Decision | undefined
  /** A quorum has committed what this node finds invalid: nothing is done any more. */
  readonly hasFailed: boolean
}

/** A fact about a value, the same for all: whether its block is valid, and the round that it was made in. */
export interface CheckedValue {
  readonly value: Hash
  readonly isValid: boolean
  /** Only in this round may it be proposed as new; absent where values are not made for a round. */
  readonly bornRound: number | undefined
}

/** What of a round has been done and is not done again in it. */
export interface DoneInRound {
  readonly hasProposed: boolean
  /** The polka of this round is remembered. */
  readonly hasValid: boolean
  readonly isPrevoteTimed: boolean
  readonly isPrecommitTimed: boolean
}

/** All votes of one round. */
export interface RoundTally {
  readonly round: number
  readonly prevotes: Tally
  readonly precommits: Tally
  /** Who has voted in this round, by place; certificates do not count. */
  readonly senders: readonly (true | undefined)[]
  readonly sendersWeight: bigint
}

/** Votes of one type in one round. */
export interface Tally {
  /** The first vote of each validator, by place: the only one that counts. */
  readonly votes: readonly (SignedVote | undefined)[]
  /** Of all who have voted, whatever it was. */
  readonly weight: bigint
  /** What was voted for, in order of arrival. */
  readonly choices: readonly Choice[]
  /** Who has voted for two things, and was reported. */
  readonly equivocators: readonly number[]
}

/** Votes for the same: prevotes count by value and valid round. */
export interface Choice {
  /** Absent for nil. */
  readonly value: Hash | undefined
  readonly validRound: number
  /** By place; a certificate may bring one that is not the voter's first. */
  readonly votes: readonly (SignedVote | undefined)[]
  readonly weight: bigint
  readonly isQuorum: boolean
  /** A certificate brought it. */
  readonly isCertified: boolean
}

/** The end of a height. */
export interface Decision {
  readonly round: number
  readonly value: Hash
  readonly proof: Certificate
}

/** A wait that ends in a timeout; one of a passed height, round or step does nothing. */
export interface Timer {
  readonly kind: 'propose' | 'prevote' | 'precommit'
  readonly height: bigint
  readonly round: number
}

/** What the core is told. Signatures of messages are good, and their validators in the set of their height. */
export type CoreInput =
  /** Begin with the first round. */
  | { readonly kind: 'start' }
  | { readonly kind: 'proposal'; readonly proposal: SignedProposal }
  | { readonly kind: 'vote'; readonly vote: SignedVote }
  /** One that was checked. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | ({ readonly kind: 'value-checked' } & CheckedValue)
  /** The answer to `build`. */
  | { readonly kind: 'built'; readonly round: number; readonly value: Hash }
  | { readonly kind: 'timeout'; readonly timer: Timer }

/** What the core asks for, in order. */
export type CoreEffect =
  /** Make a value to propose in this round. */
  | { readonly kind: 'build'; readonly round: number }
  /** Sign and send a proposal; a value that is proposed again goes with its polka. */
  | {
      readonly kind: 'propose'
      readonly round: number
      readonly value: Hash
      readonly validRound: number
      readonly polka: Certificate | undefined
    }
  /** Sign and send a vote, and feed it back. */
  | { readonly kind: 'vote'; readonly vote: VoteContent }
  | { readonly kind: 'schedule'; readonly timer: Timer }
  /** Show others why this node has moved on. */
  | { readonly kind: 'send'; readonly certificate: Certificate }
  | { readonly kind: 'decide'; readonly decision: Decision }
  | { readonly kind: 'report'; readonly evidence: Evidence }
  /** More than a third is faulty, or this node's execution is broken: stop. */
  | { readonly kind: 'consensus-failure'; readonly round: number; readonly value: Hash }

/** A new state, and what is to be done. */
export interface CoreResult {
  readonly state: CoreState
  readonly effects: readonly CoreEffect[]
}
