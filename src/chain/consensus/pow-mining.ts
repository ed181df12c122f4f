/** Decides what a node mines on, and when it begins anew: a new head, better transactions, or a block that got old. */

import { equalBytes, toBigInt } from '../../base/bytes.ts'
import type { Header } from '../ledger/block.ts'
import { headerHash, unsealedHash } from '../ledger/block-codec.ts'
import type { PowParameters } from '../ledger/manifest.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { difficultyOf } from './asert.ts'
import type {
  ConsensusEngine,
  Effect,
  HeaderDraft,
  HeadSummary,
  Input,
  RequestId,
  StartOptions,
  Step,
} from './consensus.ts'
import { type Derived, emptyDerived } from './derived.ts'
import type { Certificate, NamedEvidence } from './messages.ts'
import { recordHash } from './record.ts'
import { nonceBytes } from './seal.ts'

/** What the rules of one chain make of its headers. */
export interface Work {
  /** Of the seal of a header. */
  digest(header: Header): Hash
  /** Target and mix of the block after one. */
  targetAfter(parent: Header): bigint
  mixAfter(parent: Header): Hash
}

/** The same, with what the engine says of a block that is mined. */
export interface MiningPlace extends Work {
  readonly parameters: Pick<PowParameters, 'safeDepth' | 'finalizedDepth' | 'futureMs'>
  /** The record of the next block, encoded. */
  recordOn(ground: RecordGround): Uint8Array
}

/** What the next record brings into the chain. */
export interface Offered {
  /** Proof of a final block that the chain does not have. */
  readonly certificate: Certificate | undefined
  /** Double signing that is to be punished. */
  readonly evidence: readonly NamedEvidence[]
}

/** What a record is made of. */
export interface RecordGround {
  readonly derived: Derived
  readonly timeMs: number
  readonly offered: Offered
}

/** What the engine remembers. */
export interface MiningState {
  readonly head: HeadSummary
  readonly header: Header
  readonly derived: Derived
  /** Who is paid; a node without one does not mine. */
  readonly payTo: Address | undefined
  readonly offered: Offered
  /** Never falls. */
  readonly finalNumber: bigint
  /** The block that is being built, or whose nonce is searched. */
  readonly request: RequestId | undefined
  readonly nextRequest: RequestId
  /** Its header without the nonce, from when it is built until it is sealed. */
  readonly built: Header | undefined
  /** When it was begun. */
  readonly begunMs: number
  /** Transactions came that are not in it. */
  readonly isStale: boolean
}

/** Longest time that a block may take to be built. */
const buildMs = 2_000
/** Age at which a block is begun anew, so that its time is not far behind. */
const refreshMs = 15_000
/** The same for one that lacks transactions, and the pause after one that could not be built. */
const staleMs = 1_000
const nothingOffered: Offered = { certificate: undefined, evidence: [] }
const noNonce = new Uint8Array(8)
const nobody: Address = new Uint8Array(20)

type Steps = Required<Pick<ConsensusEngine<MiningState>, 'start' | 'step' | 'draft'>>

/** How the engine of a chain mines. */
export function miningSteps(place: MiningPlace): Steps {
  return {
    start: (options) => start(place, options),
    step: (state, input) => step(place, state, input),
    draft: (state, nowMs) => draft(place, state, nowMs),
  }
}

function start(place: MiningPlace, options: StartOptions): Step<MiningState> {
  const { head, header, derived = emptyDerived, beneficiary: payTo, nowMs } = options
  const { finalizedDepth } = place.parameters
  const state: MiningState = {
    ...{
      offered: nothingOffered,
      head,
      header,
      derived,
      payTo,
      finalNumber: behind(head.number, finalizedDepth),
    },
    ...{ request: undefined, nextRequest: 1, built: undefined, begunMs: nowMs, isStale: false },
  }
  return after([finality(place, state)], begin(place, state, nowMs))
}

function step(place: MiningPlace, state: MiningState, input: Input): Step<MiningState> {
  switch (input.kind) {
    case 'tick':
      return tick(place, state, input.nowMs)
    case 'work-waiting':
      return workWaits(state, input.nowMs)
    case 'block-built': {
      if (input.request !== state.request || state.built) return rest(state)
      const { header } = input.block
      const target = place.targetAfter(state.header)
      const search = { request: input.request, sealHash: unsealedHash(header), target }
      return { state: { ...state, built: header }, effects: [{ kind: 'search-nonce', ...search }] }
    }
    case 'search-result':
      return found(place, state, input)
    case 'build-failed':
      if (input.request !== state.request) return rest(state)
      return {
        state: { ...state, request: undefined },
        effects: [{ kind: 'wake-at', atMs: input.nowMs + staleMs }],
      }
    case 'block-imported':
      return imported(place, state, input)
    default:
      return rest(state)
  }
}

function tick(place: MiningPlace, state: MiningState, nowMs: number): Step<MiningState> {
  if (state.payTo === undefined) return rest(state)
  if (state.request === undefined) return begin(place, state, nowMs)
  // The machine's clock may have been set back.
  const timed = { ...state, begunMs: Math.min(state.begunMs, nowMs) }
  if (nowMs >= dueMs(timed)) return renew(place, timed, nowMs)
  return { state: timed, effects: [{ kind: 'wake-at', atMs: dueMs(timed) }] }
}

function workWaits(state: MiningState, nowMs: number): Step<MiningState> {
  if (state.request === undefined || state.isStale) return rest(state)
  const stale = { ...state, isStale: true }
  return { state: stale, effects: [{ kind: 'wake-at', atMs: Math.max(nowMs, dueMs(stale)) }] }
}

function dueMs({ begunMs, isStale }: MiningState): number {
  return begunMs + (isStale ? staleMs : refreshMs)
}

/** A nonce from wherever: only one that seals the block counts, and only once. */
function found(
  place: MiningPlace,
  state: MiningState,
  { request, nonce }: Extract<Input, { kind: 'search-result' }>,
): Step<MiningState> {
  if (request !== state.request || state.built === undefined) return rest(state)
  if (nonce < 0n || nonce >= 2n ** 64n) return rest(state)
  const sealed = { ...state.built, nonce: nonceBytes(nonce) }
  if (toBigInt(place.digest(sealed)) > place.targetAfter(state.header)) return rest(state)
  const finalNumber = finalOf(place, state.finalNumber, sealed.number)
  return {
    state: { ...state, built: undefined },
    effects: [{ kind: 'set-head', hash: headerHash(sealed), finalNumber }],
  }
}

function imported(
  place: MiningPlace,
  state: MiningState,
  input: Extract<Input, { kind: 'block-imported' }>,
): Step<MiningState> {
  const { head, header, derived = emptyDerived, nowMs } = input
  if (equalBytes(head.hash, state.head.hash)) return rest(state)
  const finalNumber = finalOf(place, state.finalNumber, head.number)
  const moved = { ...state, head, header, derived, finalNumber }
  return after([finality(place, moved)], renew(place, moved, nowMs))
}

/** Leaves what is being made, and begins anew. */
function renew(place: MiningPlace, state: MiningState, nowMs: number): Step<MiningState> {
  const { request } = state
  const cancel: readonly Effect[] = request === undefined ? [] : [{ kind: 'cancel', request }]
  return after(cancel, begin(place, { ...state, request: undefined }, nowMs))
}

/** Begins a block, unless its time would be too far ahead: as others' clocks differ, half of what they take is left. */
function begin(place: MiningPlace, state: MiningState, nowMs: number): Step<MiningState> {
  const idle = { ...state, built: undefined, isStale: false, begunMs: nowMs }
  if (state.payTo === undefined) return rest(idle)
  const { futureMs } = place.parameters
  const earliestMs = Number(state.header.timestamp + 1n) * 1_000 - Math.floor(futureMs / 2)
  if (earliestMs > nowMs) return { state: idle, effects: [{ kind: 'wake-at', atMs: earliestMs }] }
  const request = state.nextRequest
  const build: Effect = {
    ...{ kind: 'build-block', request, on: state.head.hash, deadlineMs: nowMs + buildMs },
    draft: draft(place, state, nowMs),
  }
  return {
    state: { ...idle, request, nextRequest: request + 1 },
    effects: [build, { kind: 'wake-at', atMs: nowMs + refreshMs }],
  }
}

function draft(place: MiningPlace, state: MiningState, nowMs: number): HeaderDraft {
  const { header: parent, derived, payTo = nobody } = state
  const now = BigInt(Math.floor(nowMs / 1_000))
  const isNow = now > parent.timestamp
  const timeMs = isNow ? Math.floor(nowMs) % 1_000 : 0
  const record = place.recordOn({ derived, timeMs, offered: state.offered })
  return {
    ...{ beneficiary: payTo, record, extraData: recordHash(record), nonce: noNonce },
    timestamp: isNow ? now : parent.timestamp + 1n,
    mixHash: place.mixAfter(parent),
    difficulty: difficultyOf(place.targetAfter(parent)),
    parentBeaconBlockRoot: parent.extraData,
  }
}

function finality({ parameters }: MiningPlace, { head, finalNumber }: MiningState): Effect {
  const safe = behind(head.number, parameters.safeDepth)
  return { kind: 'set-final', number: finalNumber, safe: safe > finalNumber ? safe : finalNumber }
}

function finalOf({ parameters }: MiningPlace, before: bigint, number: bigint): bigint {
  const final = behind(number, parameters.finalizedDepth)
  return final > before ? final : before
}

function behind(number: bigint, depth: number): bigint {
  return number > BigInt(depth) ? number - BigInt(depth) : 0n
}

function after(effects: readonly Effect[], next: Step<MiningState>): Step<MiningState> {
  return { state: next.state, effects: [...effects, ...next.effects] }
}

function rest(state: MiningState): Step<MiningState> {
  return { state, effects: [] }
}
