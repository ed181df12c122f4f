/** Holds messages of the next height until it begins: of its first rounds, one for each validator and type (consensus.md, section 4.7). */

import { limits } from './limits.ts'
import type { SignedProposal, SignedVote } from './messages.ts'

/** Messages that came before their height, in order of arrival. Their signatures are good. */
export interface HeldMessages {
  readonly votes: readonly SignedVote[]
  readonly proposals: readonly SignedProposal[]
}

/** Nothing is held. */
export const nothingHeld: HeldMessages = { votes: [], proposals: [] }

/** With one more vote, unless its round is late or its validator has voted there; then the same. */
export function holdVote(held: HeldMessages, vote: SignedVote): HeldMessages {
  const isKnown = held.votes.some((other) => other.type === vote.type && isSamePlace(other, vote))
  if (isKnown || vote.round >= limits.futureRounds) return held
  return { ...held, votes: [...held.votes, vote] }
}

/** With one more proposal, unless its round is late or its validator has proposed there; then the same. */
export function holdProposal(held: HeldMessages, proposal: SignedProposal): HeldMessages {
  const isKnown = held.proposals.some((other) => isSamePlace(other, proposal))
  if (isKnown || proposal.round >= limits.futureRounds) return held
  return { ...held, proposals: [...held.proposals, proposal] }
}

function isSamePlace(one: SignedVote | SignedProposal, other: SignedVote | SignedProposal) {
  return one.round === other.round && one.validatorIndex === other.validatorIndex
}
