/** Seals blocks by work, of which a committee makes every so many final by votes: no reorganisation goes past them. */

import type { ChainRules } from '../ledger/fork-rules.ts'
import type { HybridParameters } from '../ledger/manifest.ts'
import { loggedCore } from './bft/resumption.ts'
import { tallyOf } from './bft/rounds.ts'
import { emptyTally } from './bft/tally.ts'
import { newCore } from './bft-core.ts'
import type { ConsensusEngine, Effect, Input, StartOptions, Step } from './consensus.ts'
import { type Derived, derivedHash, emptyDerived } from './derived.ts'
import { faultsOf, nextPunished } from './evidence.ts'
import {
  type CheckpointPlace,
  type CheckpointState,
  mostKept,
  rulesOf,
} from './hybrid/checkpoint-state.ts'
import { CheckpointTurn } from './hybrid/checkpoint-turn.ts'
import {
  committeeAt,
  finalityAfter,
  finalityCredits,
  finalityFault,
  finalityOf,
  isNextFor,
} from './hybrid/finality-rules.ts'
import { broughtEvidence, memberEvidenceFault, punishedBlocks } from './hybrid/member-evidence.ts'
import { nothingHeld } from './next-height.ts'
import {
  checkAheadBy,
  closedBy,
  compareWork,
  mixFault,
  payableOf,
  type WorkedChain,
  workCredits,
  workFault,
  workOf,
} from './pow.ts'
import { type MiningState, miningSteps, type Offered, type RecordGround } from './pow-mining.ts'
import { encodeRecord, plainRecord } from './record.ts'
import { checkRecorded, validatorsFault } from './record-rules.ts'
import type { RoundView } from './round-view.ts'
import type { SignatureSchemes } from './signatures.ts'
import { slashCall } from './system-calls.ts'

/** What the engine is made for. */
export interface HybridChain extends WorkedChain {
  readonly parameters: HybridParameters
  readonly rules: ChainRules
  readonly schemes: SignatureSchemes
}

/** What the engine remembers. */
export interface HybridState {
  readonly mining: MiningState
  readonly votes: CheckpointState
  /** When each of the two wants to be woken, and what the driver was told. */
  readonly wakes: { readonly mining: number | undefined; readonly votes: number | undefined }
  readonly alarmMs: number | undefined
}

/** Fields of the record that nothing is in. */
const unused = ['round', 'parentProofHash', 'parentSigners', 'reveal'] as const
/** Time without progress after which a node says what it has. */
const retellMs = 500
/** What is final is no question of depth here. */
const endless = Number.MAX_SAFE_INTEGER

type Mining = Required<ReturnType<typeof miningSteps>>

/** The engine of a chain. */
export function hybridEngine(chain: HybridChain): ConsensusEngine<HybridState> {
  const { parameters, rules } = chain
  const { maxReorg, futureMs, checkpointEvery } = parameters
  const work = workOf(chain)
  const place = placeOf(chain)
  const checks = { engine: 'hybrid', unused, rules, futureMs } as const
  const mining = miningSteps({
    ...{ ...work, recordOn },
    parameters: { futureMs, safeDepth: endless, finalizedDepth: endless },
  })
  return {
    ...{ name: 'hybrid', maxReorg, checkpointEvery, readsContracts: true },
    isSealDear: parameters.seal === 'argon2id',
    start: (options) => start(mining, place, options),
    step: (state, input) => step(mining, place, { state, input }),
    draft: (state, nowMs) => mining.draft(state.mining, nowMs),
    round: ({ votes }) => roundView(votes),
    checkAhead: checkAheadBy(work, checks),
    checkHeader(reader, block, nowMs) {
      const checked = checkRecorded(reader, block, { ...checks, nowMs })
      if (checked.kind !== 'recorded') return checked
      return (
        mixFault(checked, work) ??
        validatorsFault(checked) ??
        workFault(checked, work) ??
        memberEvidenceFault(reader, checked, place) ??
        finalityFault(reader, checked, place) ?? { kind: 'valid' }
      )
    },
    // The header says that there are none.
    checkOmmers: () => ({ kind: 'valid' }),
    closeBlock(parent, block, read) {
      const { header, record } = block
      const credits = payableOf([
        ...workCredits(parameters, header),
        ...finalityCredits(parent, block, parameters),
      ])
      const derived: Derived = {
        ...closedBy(parent, header, credits),
        ...finalityAfter(parent, block, { read, parameters }),
        evidenceSeen: nextPunished(parent.evidenceSeen, {
          ...{ height: header.number, evidence: record.evidence, evidenceHeights: punishedBlocks },
        }),
      }
      const faults = faultsOf(record.evidence, header.beneficiary)
      return { derived, credits, calls: faults.map((fault) => slashCall('committee', fault)) }
    },
    compare(a, b) {
      if (a.finalNumber === b.finalNumber) return compareWork(a, b)
      return a.finalNumber > b.finalNumber ? 1 : -1
    },
  }
}

function placeOf({ parameters, chainKey, schemes }: HybridChain): CheckpointPlace {
  const { timeouts, maxTimeoutMs } = parameters
  const { propose, prevote, precommit } = timeouts
  return {
    ...{ chainKey, schemes, parameters, retellMs },
    timeouts: {
      base: { propose: propose.baseMs, prevote: prevote.baseMs, precommit: precommit.baseMs },
      delta: { propose: propose.deltaMs, prevote: prevote.deltaMs, precommit: precommit.deltaMs },
      max: maxTimeoutMs,
    },
  }
}

/** A record that names who votes next, and brings a certificate that the chain lacks. */
function recordOn({ derived, timeMs, offered }: RecordGround): Uint8Array {
  return encodeRecord({
    ...plainRecord('hybrid', { derivedHash: derivedHash(derived), timeMs }),
    validatorsHash: derived.validators.hash,
    nextValidatorsHash: derived.nextValidators.hash,
    ...{ finality: offered.certificate ? [offered.certificate] : [], evidence: offered.evidence },
  })
}

function start(mining: Mining, place: CheckpointPlace, options: StartOptions): Step<HybridState> {
  const { logged, nowMs } = options
  const turn = new CheckpointTurn(place, firstVotes(options), nowMs)
  if (logged?.height === turn.state.core.height && (logged.state ?? logged.last)) {
    const { state, effects, messages } = loggedCore(turn.rules, logged)
    turn.set({ core: state })
    for (const effect of effects) turn.perform(effect)
    // What was signed may not have left.
    for (const message of messages) turn.effects.push({ kind: 'broadcast', message })
  }
  turn.settle()
  const first = mining.start(options)
  const { derived = emptyDerived, head } = options
  const offered = offeredOn({ number: head.number, derived }, turn.state)
  const offering = { ...first.state, offered }
  // The first block was begun before it was known what it could bring.
  const again = mining.step(offering, { kind: 'work-waiting', count: 1, nowMs })
  const isMore = !isSame(offered, first.state.offered)
  const final: Effect = { kind: 'set-final', number: turn.state.last.number }
  return joined(
    { wakes: { mining: undefined, votes: undefined }, alarmMs: undefined },
    {
      votes: { state: turn.state, effects: [final, ...turn.effects] },
      mining: {
        state: isMore ? again.state : offering,
        effects: [...first.effects, ...(isMore ? again.effects : [])],
      },
    },
  )
}

/** Where the votes stand: after what the chain says itself, and the certificates that were kept. */
function firstVotes(options: StartOptions): CheckpointState {
  const { head, derived = emptyDerived, points = [], finals = [], self, nowMs } = options
  const { evidence = [] } = options
  let { instance, number } = finalityOf(derived)
  let { validators, nextValidators } = derived
  const kept: CheckpointState['kept'][number][] = []
  for (const certificate of finals) {
    const hash = certificate.value?.toHex()
    const point = points.find((one) => one.hash.toHex() === hash)
    if (certificate.height !== instance + 1n || point === undefined) continue
    kept.push({ certificate, validators, number: point.number })
    ;[instance, number] = [certificate.height, point.number]
    ;[validators, nextValidators] = [nextValidators, committeeAt(point.derived)]
  }
  const height = instance + 1n
  return {
    ...{ nowMs, self, validators, core: newCore(height) },
    ...{ held: nothingHeld, answered: [], last: { instance, number }, nextValidators },
    ...{ headNumber: head.number, points, kept: kept.slice(-mostKept), isKept: false, timers: [] },
    ...{ retellMs: nowMs, askedMs: 0, wakeMs: undefined, hasFailed: false },
    ...{ evidence, punished: derived.evidenceSeen },
  }
}

function step(
  mining: Mining,
  place: CheckpointPlace,
  { state, input }: { readonly state: HybridState; readonly input: Input },
): Step<HybridState> {
  const turn = new CheckpointTurn(place, state.votes, 'nowMs' in input ? input.nowMs : undefined)
  turn.take(input)
  const votes = { state: turn.state, effects: turn.effects }
  if (turn.state.hasFailed) return { state: { ...state, votes: turn.state }, effects: turn.effects }
  const { head, derived = emptyDerived } = input.kind === 'block-imported' ? input : state.mining
  const offered = offeredOn({ number: head.number, derived }, turn.state)
  const isNew = !isSame(offered, state.mining.offered) && input.kind !== 'block-imported'
  const first = mining.step({ ...state.mining, offered }, input)
  // A block that lacks what came is begun anew, as one that lacks transactions.
  const { nowMs } = turn.state
  const later = isNew
    ? mining.step(first.state, { kind: 'work-waiting', count: 1, nowMs })
    : { state: first.state, effects: [] }
  const isRung = input.kind === 'tick'
  return joined(isRung ? rung(state, input.nowMs) : state, {
    ...{ votes, mining: { state: later.state, effects: [...first.effects, ...later.effects] } },
  })
}

/** What the next block of a chain brings, as far as this node has it. */
function offeredOn(
  on: { readonly number: bigint; readonly derived: Derived },
  votes: CheckpointState,
): Offered {
  const next = votes.kept.find(({ certificate }) => isNextFor(on.derived, certificate))
  return { certificate: next?.certificate, evidence: broughtEvidence(votes, on) }
}

function isSame(one: Offered, other: Offered): boolean {
  return (
    one.certificate === other.certificate &&
    one.evidence.length === other.evidence.length &&
    one.evidence.every((evidence, at) => evidence === other.evidence[at])
  )
}

type Alarms = Pick<HybridState, 'wakes' | 'alarmMs'>

/** The alarm has rung: whoever wanted it says when it wants the next. */
function rung({ wakes }: HybridState, nowMs: number): Alarms {
  const left = (atMs: number | undefined) => (atMs !== undefined && atMs > nowMs ? atMs : undefined)
  return { wakes: { mining: left(wakes.mining), votes: left(wakes.votes) }, alarmMs: undefined }
}

/** Both together, with one alarm: the earlier; what is final is for the votes to say. */
function joined(
  { wakes, alarmMs }: Alarms,
  steps: { readonly mining: Step<MiningState>; readonly votes: Step<CheckpointState> },
): Step<HybridState> {
  const { mining, votes } = steps
  const next = {
    mining: lastWake(mining.effects) ?? wakes.mining,
    votes: lastWake(votes.effects) ?? wakes.votes,
  }
  const times = [next.mining, next.votes].filter((atMs) => atMs !== undefined)
  const atMs = times.length > 0 ? Math.min(...times) : undefined
  const finalNumber = votes.state.last.number
  const mined = mining.effects.flatMap((effect): readonly Effect[] => {
    if (effect.kind === 'wake-at' || effect.kind === 'set-final') return []
    return [effect.kind === 'set-head' ? { ...effect, finalNumber } : effect]
  })
  const voted = votes.effects.filter(({ kind }) => kind !== 'wake-at')
  const alarm: readonly Effect[] =
    atMs === undefined || atMs === alarmMs ? [] : [{ kind: 'wake-at', atMs }]
  return {
    state: { mining: mining.state, votes: votes.state, wakes: next, alarmMs: atMs },
    effects: [...voted, ...mined, ...alarm],
  }
}

function lastWake(effects: readonly Effect[]): number | undefined {
  return effects.findLast((effect) => effect.kind === 'wake-at')?.atMs
}

function roundView(votes: CheckpointState): RoundView {
  const { core, evidence } = votes
  const rules = rulesOf(votes)
  const { height, round, step: at, proposals } = core
  const { prevotes, precommits } = tallyOf(core, round) ?? emptyTally(round)
  return {
    ...{ height, round, step: at, evidence, validators: rules.validators, self: rules.self },
    ...{ proposer: rules.proposerOf(Math.max(round, 0)) },
    hasProposal: proposals.some((one) => one.round === round),
    ...{ prevotes: prevotes.votes, precommits: precommits.votes },
  }
}
