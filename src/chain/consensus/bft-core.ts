/** Runs the rules of Tendermint for one height, weighted, as a pure machine: an input gives a new state and effects (consensus.md, section 4). */

import {
  isAhead,
  isKept,
  nothingDone,
  openTally,
  startRound,
  tallyOf,
  withTally,
} from './bft/rounds.ts'
import { checkOf, precommit, prevote, settled } from './bft/rules.ts'
import { type Counted, countCertificate, countVote, quorumFor } from './bft/tally.ts'
import { certificateVotes, skipCertificate } from './certificate.ts'
import type {
  CheckedValue,
  CoreEffect,
  CoreInput,
  CoreResult,
  CoreRules,
  CoreState,
  Timer,
} from './core-state.ts'
import { doubleProposal } from './evidence.ts'
import { limits } from './limits.ts'
import type { Certificate, CoreStep, SignedProposal, SignedVote } from './messages.ts'

/** What the log says of a node that was stopped within a height: where it stood, and what it has signed. */
export interface LoggedCore
  extends Pick<
    CoreState,
    | 'height'
    | 'round'
    | 'step'
    | 'lockedRound'
    | 'lockedValue'
    | 'validRound'
    | 'validValue'
    | 'validPolka'
  > {
  /** What is known of the values that it names. */
  readonly checkedValues: readonly CheckedValue[]
  readonly proposals: readonly SignedProposal[]
  readonly votes: readonly SignedVote[]
}

/** A core that has not begun its height. */
export function newCore(height: bigint): CoreState {
  return {
    ...{ height, round: -1, step: 'new', lockedRound: -1, lockedValue: undefined },
    ...{ validRound: -1, validValue: undefined, validPolka: undefined },
    ...{ proposals: [], checkedValues: [], tallies: [], votesAhead: [] },
    ...{ done: nothingDone, decision: undefined, hasFailed: false },
  }
}

/**
 * The core after a restart: it stands where it stood, has its own messages again, and waits anew. A message that tells of more
 * than the logged place does wins: it was signed. What the core was about to sign and did not is asked for: a proposal, or the
 * vote of its step, for what it is locked on in this round or nil.
 */
export function resumeCore(rules: CoreRules, logged: LoggedCore): CoreResult {
  const { checkedValues, proposals, votes, round, step } = logged
  const { lockedRound, lockedValue, validRound, validValue, validPolka } = logged
  let state: CoreState = {
    ...{ ...newCore(logged.height), round, step, lockedRound, lockedValue },
    ...{ validRound, validValue, validPolka, checkedValues },
  }
  for (const proposal of proposals) state = takeProposal(rules, state, proposal).state
  for (const vote of votes) state = takeVote(rules, state, vote).state
  if (validPolka) state = takeCertificate(rules, state, validPolka).state
  for (const message of [...proposals, ...votes]) state = atLeast(rules, state, message)
  const unsigned = asked(rules, state, logged)
  // Unless a value is to be built now, no other is proposed in this round.
  const hasProposed = !unsigned.some(({ kind }) => kind === 'build')
  const resumed = { ...state, done: { ...state.done, hasProposed } }
  return then({ state: resumed, effects: unsigned }, (next) => settled(rules, next))
}

/** Where a core stands at least that has signed this: in its step of its round, and locked on what it precommitted. */
function atLeast(
  { self }: CoreRules,
  state: CoreState,
  message: SignedProposal | SignedVote,
): CoreState {
  if (message.validatorIndex !== self) return state
  const { round, value } = message
  const step = 'type' in message ? message.type : 'propose'
  const isLater =
    round > state.round ||
    (round === state.round && steps.indexOf(step) > steps.indexOf(state.step))
  const placed: CoreState = isLater ? { ...state, round, step } : state
  const isLock = step === 'precommit' && value !== undefined && round > state.lockedRound
  return isLock ? { ...placed, lockedRound: round, lockedValue: value } : placed
}

const steps: readonly CoreStep[] = ['new', 'propose', 'prevote', 'precommit', 'decided']

/** What a core asks for that stands in a step without having signed what belongs to it. */
function asked(
  rules: CoreRules,
  state: CoreState,
  { proposals, votes }: LoggedCore,
): readonly CoreEffect[] {
  const { round, step, lockedRound, lockedValue } = state
  const hasVoted = (type: SignedVote['type']) =>
    votes.some((vote) => vote.type === type && vote.round === round)
  if (step === 'propose') {
    const hasProposed = proposals.some((proposal) => proposal.round === round)
    const { effects } = startRound(rules, state, round)
    return hasProposed ? effects.filter(({ kind }) => kind === 'schedule') : effects
  }
  if (step === 'prevote' && !hasVoted('prevote')) {
    return prevote(rules, state, { value: undefined, validRound: -1 }).effects
  }
  if (step === 'precommit' && !hasVoted('precommit')) {
    return precommit(rules, state, lockedRound === round ? lockedValue : undefined).effects
  }
  return []
}

/**
 * Takes one input, then fires rules until none is enabled. Total and deterministic: what does not belong to the height, is
 * known or comes too late changes nothing and gives the same state back.
 */
export function stepCore(rules: CoreRules, state: CoreState, input: CoreInput): CoreResult {
  // Late votes make the proof of a decision stronger, and convict.
  const isOver = state.hasFailed || (state.decision !== undefined && input.kind !== 'vote')
  if (isOver) return rest(state)
  const taken = take(rules, state, input)
  if (taken.state === state) return taken
  return then(taken, (next) => settled(rules, next))
}

function take(rules: CoreRules, state: CoreState, input: CoreInput): CoreResult {
  switch (input.kind) {
    case 'start':
      return state.round === -1 ? startRound(rules, state, 0) : rest(state)
    case 'proposal':
      return takeProposal(rules, state, input.proposal)
    case 'vote':
      return takeVote(rules, state, input.vote)
    case 'certificate':
      return takeCertificate(rules, state, input.certificate)
    case 'value-checked':
      return takeCheck(state, input)
    case 'built':
      return takeBuilt(rules, state, input)
    case 'timeout':
      return takeTimeout(rules, state, input.timer)
  }
}

/** A proposal counts if it is its round's proposer's; a second one is evidence, and kept: others may have voted for it. */
function takeProposal(rules: CoreRules, state: CoreState, proposal: SignedProposal): CoreResult {
  const { round, validatorIndex } = proposal
  if (!isOfHeight(rules, state, proposal) || !isKept(state, round)) return rest(state)
  if (rules.proposerOf(round) !== validatorIndex) return rest(state)
  const others = state.proposals.filter((other) => other.round === round)
  const evidence = others.map((other) => doubleProposal(other, proposal))
  if (evidence.includes(undefined)) return rest(state)
  const proposals = withProposal(state, proposal, others)
  if (proposals === undefined) return rest(state)
  const effects = evidence.slice(0, others.length === 1 ? 1 : 0).flatMap(reportOf)
  return { state: { ...state, proposals }, effects }
}

/** All proposals with one more; when a round is full, one that has a quorum takes the place of the newest without. */
function withProposal(
  state: CoreState,
  proposal: SignedProposal,
  others: readonly SignedProposal[],
): readonly SignedProposal[] | undefined {
  const all = [...state.proposals, proposal]
  if (others.length < limits.proposalsPerRound) return all
  const tally = tallyOf(state, proposal.round)
  const hasQuorum = ({ value }: SignedProposal) =>
    tally !== undefined &&
    (quorumFor(tally.prevotes, value) ?? quorumFor(tally.precommits, value)) !== undefined
  const spare = others.findLast((other) => !hasQuorum(other))
  if (spare === undefined || !hasQuorum(proposal)) return undefined
  return all.filter((other) => other !== spare)
}

/** Beyond the rounds that are kept, of each validator its newest vote is. */
function takeVote(rules: CoreRules, state: CoreState, vote: SignedVote): CoreResult {
  const { round, validatorIndex } = vote
  if (!isOfHeight(rules, state, vote)) return rest(state)
  if (isKept(state, round)) {
    const open = openTally(rules, state, round)
    return withCounted(state, open, countVote(open, vote, rules.validators))
  }
  const newest = state.votesAhead[validatorIndex]
  if (!isAhead(state, round) || (newest && newest.round >= round)) return rest(state)
  const votesAhead = rules.validators.list.map((_, index) =>
    index === validatorIndex ? vote : state.votesAhead[index],
  )
  return { state: { ...state, votesAhead }, effects: [] }
}

/** A polka or a commit counts whole, of any round; of a skip each vote counts as it would alone. */
function takeCertificate(rules: CoreRules, state: CoreState, certificate: Certificate): CoreResult {
  const { round, type } = certificate
  const votes = certificateVotes(certificate, rules.validators.list.length)
  const [first] = votes ?? []
  if (!votes || !first || !isOfHeight(rules, state, first)) return rest(state)
  if (type === 'skip') {
    return votes.reduce<CoreResult>(
      (result, vote) => then(result, (next) => takeVote(rules, next, vote)),
      rest(state),
    )
  }
  const open = openTally(rules, state, round)
  return withCounted(state, open, countCertificate(open, votes, rules.validators))
}

function withCounted(
  state: CoreState,
  before: Counted['tally'],
  { tally, evidence }: Counted,
): CoreResult {
  if (tally === before) return rest(state)
  return { state: withTally(state, tally), effects: evidence.flatMap(reportOf) }
}

/** Validity is a fact of the value: what was said first stays. */
function takeCheck(state: CoreState, { value, isValid, bornRound }: CheckedValue): CoreResult {
  if (checkOf(state, value) !== undefined) return rest(state)
  const checkedValues = [...state.checkedValues, { value, isValid, bornRound }]
  return { state: { ...state, checkedValues }, effects: [] }
}

/** One proposal a round is signed; what was built too late is not proposed. */
function takeBuilt(
  rules: CoreRules,
  state: CoreState,
  { round, value }: Extract<CoreInput, { kind: 'built' }>,
): CoreResult {
  const isDue = round === state.round && state.step === 'propose' && !state.done.hasProposed
  if (!isDue || rules.proposerOf(round) !== rules.self) return rest(state)
  return {
    state: { ...state, done: { ...state.done, hasProposed: true } },
    effects: [{ kind: 'propose', round, value, validRound: -1, polka: undefined }],
  }
}

/** L57, L61, L65; whoever moves on by a timeout shows the votes that made it wait. */
function takeTimeout(rules: CoreRules, state: CoreState, timer: Timer): CoreResult {
  if (timer.height !== state.height || timer.round !== state.round) return rest(state)
  switch (timer.kind) {
    case 'propose':
      if (state.step !== 'propose') return rest(state)
      return prevote(rules, state, { value: undefined, validRound: -1 })
    case 'prevote':
      return state.step === 'prevote' ? precommit(rules, state, undefined) : rest(state)
    case 'precommit': {
      const { round } = state
      if (round >= limits.maxRound) return rest(state)
      const held = tallyOf(state, round)?.precommits.votes.filter((vote) => vote !== undefined)
      const shown: readonly CoreEffect[] = held?.length
        ? [{ kind: 'send', certificate: skipCertificate(held, rules.validators.list.length) }]
        : []
      const next = startRound(rules, state, round + 1)
      return { state: next.state, effects: [...shown, ...next.effects] }
    }
  }
}

/** Whether a message is of this instance and height, in a round there is, of somebody in the set. */
function isOfHeight(
  { instance, validators }: CoreRules,
  { height }: CoreState,
  message: SignedVote | SignedProposal,
): boolean {
  return (
    message.instance === instance &&
    message.height === height &&
    message.round >= 0 &&
    message.round <= limits.maxRound &&
    validators.list[message.validatorIndex] !== undefined
  )
}

function reportOf(evidence: ReturnType<typeof doubleProposal>): readonly CoreEffect[] {
  return evidence ? [{ kind: 'report', evidence }] : []
}

function then(result: CoreResult, next: (state: CoreState) => CoreResult): CoreResult {
  const more = next(result.state)
  return { state: more.state, effects: [...result.effects, ...more.effects] }
}

function rest(state: CoreState): CoreResult {
  return { state, effects: [] }
}
