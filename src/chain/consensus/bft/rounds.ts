/** Enters rounds, and keeps what is worth keeping of the others (consensus.md, sections 4.4 and 4.7). */

import { equalBytes } from '../../../base/bytes.ts'
import type { CoreEffect, CoreResult, CoreRules, CoreState, RoundTally } from '../core-state.ts'
import { limits } from '../limits.ts'
import type { Certificate, SignedVote, ValidatorSet } from '../messages.ts'
import { certificateOf, countVote, emptyTally, hasValueQuorum, quorumFor } from './tally.ts'

/** What has not happened in a round that begins. */
export const nothingDone = {
  ...{ hasProposed: false, hasValid: false, isPrevoteTimed: false, isPrecommitTimed: false },
}

/** Enters a round: proposes when it is this node's turn, and in any case waits no longer than the timeout. */
export function startRound(rules: CoreRules, state: CoreState, round: number): CoreResult {
  const entered: CoreState = { ...state, round, step: 'propose', done: nothingDone }
  const timer = { kind: 'propose', height: state.height, round } as const
  const effects: CoreEffect[] = []
  const isOurs = rules.self !== undefined && rules.proposerOf(round) === rules.self
  const { validValue: value, validRound, validPolka: polka } = state
  if (isOurs && value === undefined) effects.push({ kind: 'build', round })
  if (isOurs && value !== undefined) {
    effects.push({ kind: 'propose', round, value, validRound, polka })
  }
  effects.push({ kind: 'schedule', timer })
  const done = { ...nothingDone, hasProposed: isOurs && value !== undefined }
  return { state: retained(rules, { ...entered, done }), effects }
}

/**
 * What justified locks of a height, as far as this node saw it, of the lowest rounds: it names those who are guilty if another
 * block turns out to be decided in another round.
 */
export function polkasOf({ tallies }: CoreState, set: ValidatorSet): readonly Certificate[] {
  return tallies
    .toSorted((a, b) => a.round - b.round)
    .flatMap(({ prevotes }) => prevotes.choices)
    .filter(({ isQuorum, value }) => isQuorum && value !== undefined)
    .slice(0, limits.maxPolkas)
    .map((choice) => certificateOf(choice, set))
}

/** Whether votes of a round are kept: it is near, or something happened in it. */
export function isKept(state: CoreState, round: number): boolean {
  return isNear(state, round) || tallyOf(state, round) !== undefined
}

/** Whether a round is beyond those that are kept. */
export function isAhead(state: CoreState, round: number): boolean {
  return round > Math.max(state.round, 0) + limits.roundsKept
}

/** The votes of a round that are kept. */
export function tallyOf({ tallies }: CoreState, round: number): RoundTally | undefined {
  return tallies.find((tally) => tally.round === round)
}

/** The same state with these votes of a round, and no more rounds than are kept; they wait in no other place. */
export function withTally(state: CoreState, tally: RoundTally): CoreState {
  const { tallies, votesAhead } = state
  const at = tallies.findIndex(({ round }) => round >= tally.round)
  if (tallies[at]?.round === tally.round) return { ...state, tallies: tallies.with(at, tally) }
  const waitsNoMore = (vote: SignedVote | undefined) => vote?.round === tally.round
  return bounded({
    ...state,
    tallies: tallies.toSpliced(at < 0 ? tallies.length : at, 0, tally),
    votesAhead: votesAhead.map((vote) => (waitsNoMore(vote) ? undefined : vote)),
  })
}

/** A round's votes, with those that waited for it while it was far ahead. */
export function openTally(rules: CoreRules, state: CoreState, round: number): RoundTally {
  const open = tallyOf(state, round)
  if (open !== undefined) return open
  const waiting = state.votesAhead.filter((vote) => vote !== undefined && vote.round === round)
  return (waiting as readonly SignedVote[]).reduce(
    (tally, vote) => countVote(tally, vote, rules.validators).tally,
    emptyTally(round),
  )
}

/** Lets go what is too far behind, and takes up what is no longer too far ahead. */
function retained(rules: CoreRules, state: CoreState): CoreState {
  const tallies = state.tallies.filter(
    (tally) => isNear(state, tally.round) || isTelling(state, tally),
  )
  let kept: CoreState = { ...state, tallies }
  const reached = new Set(
    state.votesAhead.flatMap((vote) => (vote && !isAhead(state, vote.round) ? [vote.round] : [])),
  )
  for (const round of reached) {
    if (isNear(state, round)) kept = withTally(kept, openTally(rules, kept, round))
  }
  const votesAhead = state.votesAhead.map((vote) =>
    vote && reached.has(vote.round) ? undefined : vote,
  )
  return withoutOldProposals({ ...kept, votesAhead })
}

function isNear({ round: own }: CoreState, round: number): boolean {
  return Math.abs(round - Math.max(own, 0)) <= limits.roundsKept
}

/** Something happened in the round that may yet matter: a quorum for a value, or it holds the lock or its proof. */
function isTelling({ lockedRound, validRound }: CoreState, tally: RoundTally): boolean {
  return (
    tally.round === lockedRound ||
    tally.round === validRound ||
    hasValueQuorum(tally.prevotes) ||
    hasValueQuorum(tally.precommits)
  )
}

/** Of too many rounds the least telling goes: far ones before near ones, those without a commit first, old ones first. */
function bounded(state: CoreState): CoreState {
  const { tallies, lockedRound, validRound } = state
  if (tallies.length <= limits.talliesKept) return state
  const rank = ({ round, precommits }: RoundTally) => {
    if (isNear(state, round) || round === lockedRound || round === validRound) return 2
    return hasValueQuorum(precommits) ? 1 : 0
  }
  const least = tallies.reduce((worst, tally) => (rank(tally) < rank(worst) ? tally : worst))
  return { ...state, tallies: tallies.filter((tally) => tally !== least) }
}

function withoutOldProposals(state: CoreState): CoreState {
  const proposals = state.proposals.filter(({ round, value }) => {
    if (isNear(state, round)) return true
    const tally = tallyOf(state, round)
    if (tally === undefined) return false
    return (quorumFor(tally.prevotes, value) ?? quorumFor(tally.precommits, value)) !== undefined
  })
  const { lockedValue, validValue } = state
  const spare = state.checkedValues.length - limits.checkedValuesKept
  const checkedValues = state.checkedValues.filter(
    ({ value }, at) =>
      at >= spare ||
      [lockedValue, validValue, ...proposals.map((proposal) => proposal.value)].some(
        (named) => named !== undefined && equalBytes(named, value),
      ),
  )
  return { ...state, proposals, checkedValues }
}
