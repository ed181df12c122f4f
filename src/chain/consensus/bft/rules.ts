/** Holds the rules R1 to R10 of the BFT core, in the order in which they are tried (consensus.md, section 4.3). */

import { equalBytes } from '../../../base/bytes.ts'
import type { Hash } from '../../ledger/transaction.ts'
import type {
  CheckedValue,
  Choice,
  CoreEffect,
  CoreResult,
  CoreRules,
  CoreState,
  RoundTally,
} from '../core-state.ts'
import type { SignedProposal, VoteContent } from '../messages.ts'
import { isOverThird, isQuorum } from '../validator-set.ts'
import { startRound, tallyOf } from './rounds.ts'
import { certificateOf, hasNilQuorum, quorumFor } from './tally.ts'

/** What a rule does where it is enabled. */
type Rule = (rules: CoreRules, state: CoreState) => CoreResult | undefined

/** In the order of trial: the first that is enabled fires, then all are tried again. */
const inOrder: readonly Rule[] = [
  decide,
  skipToRound,
  prevoteProposal,
  lockValue,
  rememberValid,
  precommitNil,
  timePrevotes,
  timePrecommits,
]

/** Fires rules until none is enabled. */
export function settled(rules: CoreRules, start: CoreState): CoreResult {
  let state = start
  const effects: CoreEffect[] = []
  while (state.decision === undefined && !state.hasFailed) {
    const fired = firstEnabled(rules, state)
    if (fired === undefined) break
    state = fired.state
    effects.push(...fired.effects)
  }
  return { state, effects }
}

/** Casts a prevote, for nil where no value is given, and goes on to the next step. */
export function prevote(
  rules: CoreRules,
  state: CoreState,
  vote: { readonly value: Hash | undefined; readonly validRound: number },
): CoreResult {
  const next: CoreState = { ...state, step: 'prevote' }
  return { state: next, effects: cast(rules, state, { type: 'prevote', ...vote }) }
}

/** Casts a precommit, for nil where no value is given, and goes on to the next step. */
export function precommit(rules: CoreRules, state: CoreState, value: Hash | undefined): CoreResult {
  const next: CoreState = { ...state, step: 'precommit' }
  return { state: next, effects: cast(rules, state, { type: 'precommit', value, validRound: -1 }) }
}

/** What is known of a value. */
export function checkOf({ checkedValues }: CoreState, value: Hash): CheckedValue | undefined {
  return checkedValues.find((checked) => equalBytes(checked.value, value))
}

function firstEnabled(rules: CoreRules, state: CoreState): CoreResult | undefined {
  for (const rule of inOrder) {
    const fired = rule(rules, state)
    if (fired !== undefined) return fired
  }
  return undefined
}

/** R1 (L49): a commit in any round, for a value that was proposed in it, or that came with its certificate. */
function decide(rules: CoreRules, state: CoreState): CoreResult | undefined {
  for (const tally of state.tallies) {
    for (const choice of tally.precommits.choices) {
      const { value } = choice
      if (value === undefined || !choice.isQuorum) continue
      const { round } = tally
      if (checkOf(state, value)?.isValid === false) {
        const effects = [{ kind: 'consensus-failure', round, value }] as const
        return { state: { ...state, hasFailed: true }, effects }
      }
      if (!isHere(state, round, choice)) continue
      const decision = { round, value, proof: certificateOf(choice, rules.validators) }
      const decided: CoreState = { ...state, step: 'decided', decision }
      return { state: decided, effects: [{ kind: 'decide', decision }] }
    }
  }
  return undefined
}

/** Whether a value is known to be valid: as a proposal of its round or, with a certificate, from sync. */
function isHere(state: CoreState, round: number, { value, isCertified }: Choice): boolean {
  if (value === undefined) return false
  if (isCertified && checkOf(state, value)?.isValid === true) return true
  return proposalsOf(state, round).some(
    (proposal) => equalBytes(proposal.value, value) && isValid(state, proposal) === true,
  )
}

/** R2 (L55): the highest later round in which more than a third have voted. */
function skipToRound(rules: CoreRules, state: CoreState): CoreResult | undefined {
  const { total } = rules.validators
  const heard = new Map<number, bigint>()
  for (const { round, sendersWeight } of state.tallies) heard.set(round, sendersWeight)
  for (const vote of state.votesAhead) {
    if (vote === undefined) continue
    const weight = rules.validators.list[vote.validatorIndex]?.weight ?? 0n
    heard.set(vote.round, (heard.get(vote.round) ?? 0n) + weight)
  }
  let highest = state.round
  for (const [round, weight] of heard) {
    if (round > highest && isOverThird(weight, total)) highest = round
  }
  return highest > state.round ? startRound(rules, state, highest) : undefined
}

/** R3 to R5, for each proposal of the round in order of arrival. */
function prevoteProposal(rules: CoreRules, state: CoreState): CoreResult | undefined {
  if (state.step !== 'propose') return undefined
  for (const proposal of proposalsOf(state, state.round)) {
    const vote = voteOn(state, proposal)
    if (vote !== undefined) return prevote(rules, state, vote)
  }
  return undefined
}

/** What to prevote on a proposal of the round; nothing as long as it can't be said. */
function voteOn(
  state: CoreState,
  proposal: SignedProposal,
): Pick<VoteContent, 'value' | 'validRound'> | undefined {
  const { lockedRound, round } = state
  const { value, validRound } = proposal
  const isProposalValid = isValid(state, proposal)
  if (isProposalValid === undefined) return undefined
  // R3 (L26, L32)
  if (!isProposalValid) return nilVote
  // R4 (L22)
  if (validRound === -1) {
    return lockedRound === -1 || isLocked(state, value) ? { value, validRound } : nilVote
  }
  // R5 (L28)
  if (validRound >= round || !hasPolka(state, validRound, value)) return undefined
  return lockedRound <= validRound || isLocked(state, value) ? { value, validRound } : nilVote
}

/** R6 (L36): a polka for the proposal, in step prevote, locks it. */
function lockValue(rules: CoreRules, state: CoreState): CoreResult | undefined {
  if (state.step !== 'prevote') return undefined
  const polka = polkaOfRound(state)
  if (polka?.value === undefined) return undefined
  const locked = { ...state, lockedValue: polka.value, lockedRound: state.round }
  return precommit(rules, withValid(rules, locked, polka), polka.value)
}

/** R7 (L42): the same polka, in step precommit, is remembered and locks nothing. */
function rememberValid(rules: CoreRules, state: CoreState): CoreResult | undefined {
  if (state.step !== 'precommit' || state.done.hasValid) return undefined
  const polka = polkaOfRound(state)
  return polka && { state: withValid(rules, state, polka), effects: [] }
}

/** R8 (L44) */
function precommitNil(rules: CoreRules, state: CoreState): CoreResult | undefined {
  const tally = tallyOf(state, state.round)
  if (state.step !== 'prevote' || !tally || !hasNilQuorum(tally.prevotes)) return undefined
  return precommit(rules, state, undefined)
}

/** R9 (L34) */
function timePrevotes(rules: CoreRules, state: CoreState): CoreResult | undefined {
  if (state.step !== 'prevote' || state.done.isPrevoteTimed) return undefined
  if (!hasAnyQuorum(rules, tallyOf(state, state.round)?.prevotes)) return undefined
  const { height, round } = state
  return {
    state: { ...state, done: { ...state.done, isPrevoteTimed: true } },
    effects: [{ kind: 'schedule', timer: { kind: 'prevote', height, round } }],
  }
}

/** R10 (L47) */
function timePrecommits(rules: CoreRules, state: CoreState): CoreResult | undefined {
  if (state.done.isPrecommitTimed) return undefined
  if (!hasAnyQuorum(rules, tallyOf(state, state.round)?.precommits)) return undefined
  const { height, round } = state
  return {
    state: { ...state, done: { ...state.done, isPrecommitTimed: true } },
    effects: [{ kind: 'schedule', timer: { kind: 'precommit', height, round } }],
  }
}

const nilVote = { value: undefined, validRound: -1 }

/** A vote is asked for only where this node may vote. */
function cast(
  { instance, self }: CoreRules,
  { height, round }: CoreState,
  vote: Pick<VoteContent, 'type' | 'value' | 'validRound'>,
): readonly CoreEffect[] {
  if (self === undefined) return []
  return [{ kind: 'vote', vote: { instance, height, round, ...vote } }]
}

function proposalsOf({ proposals }: CoreState, round: number): readonly SignedProposal[] {
  return proposals.filter((proposal) => proposal.round === round)
}

/** Whether a proposal is valid; one that proposes a value as new must do so in the round that it was made in. */
function isValid(state: CoreState, { value, validRound, round }: SignedProposal) {
  const checked = checkOf(state, value)
  if (checked === undefined) return undefined
  const isBorn = checked.bornRound === undefined || checked.bornRound === round
  return checked.isValid && (validRound !== -1 || isBorn)
}

function isLocked({ lockedValue }: CoreState, value: Hash): boolean {
  return lockedValue !== undefined && equalBytes(lockedValue, value)
}

function hasPolka(state: CoreState, round: number, value: Hash): boolean {
  const tally = tallyOf(state, round)
  return tally !== undefined && quorumFor(tally.prevotes, value) !== undefined
}

/** The polka of this round for a valid proposal of it: the same value, and the same valid round. */
function polkaOfRound(state: CoreState): Choice | undefined {
  const tally = tallyOf(state, state.round)
  if (tally === undefined) return undefined
  for (const proposal of proposalsOf(state, state.round)) {
    const polka = quorumFor(tally.prevotes, proposal.value, proposal.validRound)
    if (polka !== undefined && isValid(state, proposal) === true) return polka
  }
  return undefined
}

function withValid(rules: CoreRules, state: CoreState, polka: Choice): CoreState {
  return {
    ...state,
    validValue: polka.value,
    validRound: state.round,
    validPolka: certificateOf(polka, rules.validators),
    done: { ...state.done, hasValid: true },
  }
}

function hasAnyQuorum({ validators }: CoreRules, votes: RoundTally['prevotes'] | undefined) {
  return votes !== undefined && isQuorum(votes.weight, validators.total)
}
