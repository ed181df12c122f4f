/** Tells others what this node has, and gives them what they lack: without it one lost message could stop a height (consensus.md, section 4.8). */

import { tallyOf } from './bft/rounds.ts'
import { certificateOf, emptyTally, hasValueQuorum, votesOf } from './bft/tally.ts'
import { bitMap, hasBit } from './bit-map.ts'
import { skipCertificate } from './certificate.ts'
import type { CoreRules, CoreState } from './core-state.ts'
import { limits } from './limits.ts'
import type { Certificate, ConsensusMessage, RoundState, SignedVote, VoteType } from './messages.ts'
import { isOverThird } from './validator-set.ts'

/** What this node has of its round and the one before. */
export function roundStateOf({ instance, validators }: CoreRules, state: CoreState): RoundState {
  const { height, round, step, lockedRound, validRound } = state
  const mapOf = (type: VoteType, of: number) => {
    const { votes } = votesOf(tallyOf(state, of) ?? emptyTally(of), type)
    return bitMap(validators.list.length, (index) => votes[index] !== undefined)
  }
  return {
    ...{ instance, height, round, step, lockedRound, validRound },
    hasProposal: state.proposals.some((proposal) => proposal.round === round),
    prevotes: [mapOf('prevote', round), mapOf('prevote', round - 1)],
    precommits: [mapOf('precommit', round), mapOf('precommit', round - 1)],
  }
}

/**
 * What a node lacks that stands at the same height: a commit, a polka of a later round than its own, what brings it into this
 * round, proposals, votes; at most 64 messages, the most telling first.
 */
export function answerRoundState(
  rules: CoreRules,
  state: CoreState,
  theirs: RoundState,
): readonly ConsensusMessage[] {
  if (theirs.height !== state.height || theirs.instance !== rules.instance) return []
  const commit = commitOf(rules, state)
  const isBehind = theirs.round < state.round
  const certificates = [
    commit,
    theirs.validRound < state.validRound ? state.validPolka : undefined,
    isBehind ? skipTo(rules, state, theirs.round) : undefined,
  ].filter((certificate) => certificate !== undefined)
  const round = Math.max(theirs.round, state.round)
  const lacksProposal = isBehind || !theirs.hasProposal
  const proposals = state.proposals.filter(
    (proposal) => (proposal.round === round && lacksProposal) || proposal.round === commit?.round,
  )
  const votes = [round, round - 1].flatMap((of) => missingVotes(state, theirs, of))
  return [
    ...certificates.map((certificate) => ({ kind: 'certificate', certificate }) as const),
    ...proposals.map((proposal) => ({ kind: 'proposal', proposal }) as const),
    ...votes.map((vote) => ({ kind: 'vote', vote }) as const),
  ].slice(0, limits.answerItems)
}

/** The proof of what was decided, or will be when its block is there: of all votes that are held. */
function commitOf({ validators }: CoreRules, state: CoreState): Certificate | undefined {
  const { decision, tallies } = state
  const tally = decision
    ? tallyOf(state, decision.round)
    : tallies.find(({ precommits }) => hasValueQuorum(precommits))
  const choice = tally?.precommits.choices.find(
    ({ isQuorum, value }) => isQuorum && value !== undefined,
  )
  return choice && certificateOf(choice, validators)
}

/** A certificate of the latest round after theirs in which enough have voted; precommits tell more than prevotes. */
function skipTo(
  { validators }: CoreRules,
  state: CoreState,
  theirRound: number,
): Certificate | undefined {
  const tally = state.tallies.findLast(
    ({ round, sendersWeight }) =>
      round > theirRound && round <= state.round && isOverThird(sendersWeight, validators.total),
  )
  if (tally === undefined) return undefined
  const votes = validators.list.flatMap((_, index) => {
    return tally.precommits.votes[index] ?? tally.prevotes.votes[index] ?? []
  })
  return skipCertificate(votes, validators.list.length)
}

/** Votes of a round that a node does not say it has. */
function missingVotes(state: CoreState, theirs: RoundState, round: number): readonly SignedVote[] {
  const place = theirs.round - round
  const tally = tallyOf(state, round) ?? emptyTally(round)
  return (['precommit', 'prevote'] as const).flatMap((type) => {
    const maps = type === 'prevote' ? theirs.prevotes : theirs.precommits
    return votesOf(tally, type).votes.filter((vote): vote is SignedVote => {
      return vote !== undefined && !hasBit(maps[place] ?? none, vote.validatorIndex)
    })
  })
}

const none = new Uint8Array()
