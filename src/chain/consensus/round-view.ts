/** Shows where a height that is voted on stands, as far as this node knows. */

import type { CoreStep, NamedEvidence, SignedVote, ValidatorSet } from './messages.ts'

/** A height that is voted on; it shares what the engine remembers, so that to make one costs nothing. */
export interface RoundView {
  readonly height: bigint
  /** −1 before the first. */
  readonly round: number
  readonly step: CoreStep
  readonly validators: ValidatorSet
  /** By place in the set. */
  readonly proposer: number
  /** Own place; absent for who only follows. */
  readonly self: number | undefined
  readonly hasProposal: boolean
  /** Of the round, by place; absent for who has not voted. */
  readonly prevotes: readonly (SignedVote | undefined)[]
  readonly precommits: readonly (SignedVote | undefined)[]
  /** What was seen and is not on the chain. */
  readonly evidence: readonly NamedEvidence[]
}
