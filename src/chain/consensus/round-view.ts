/** Shows where a height that is voted on stands, as far as this node knows. */

import { tallyOf } from './bft/rounds.ts'
import { emptyTally } from './bft/tally.ts'
import type { BftState } from './bft-state.ts'
import type { DoubleSigning } from './evidence.ts'
import type { CoreStep, SignedVote, ValidatorSet } from './messages.ts'

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
  readonly evidence: readonly DoubleSigning[]
}

/** The view of a BFT engine's state. */
export function roundView({ core, rules, evidence }: BftState): RoundView {
  const { height, round, step, proposals } = core
  const { prevotes, precommits } = tallyOf(core, round) ?? emptyTally(round)
  return {
    ...{ height, round, step, evidence, validators: rules.validators, self: rules.self },
    ...{ proposer: rules.proposerOf(Math.max(round, 0)) },
    hasProposal: proposals.some((one) => one.round === round),
    ...{ prevotes: prevotes.votes, precommits: precommits.votes },
  }
}
