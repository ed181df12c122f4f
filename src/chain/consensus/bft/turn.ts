/** Takes one input of a validating engine: from the state before it to the state after it, and what is to be done. */

import { equalBytes } from '../../../base/bytes.ts'
import type { Block } from '../../ledger/block.ts'
import type { Hash } from '../../ledger/transaction.ts'
import { newCore } from '../bft-core.ts'
import { type BftGround, type BftPlace, type BftState, rulesAfter } from '../bft-state.ts'
import { checkCertificate } from '../certificate.ts'
import type { Effect, Input, Step, Verdict } from '../consensus.ts'
import type { CoreEffect, CoreInput, Decision } from '../core-state.ts'
import { limits } from '../limits.ts'
import type { Certificate, SignedProposal, Validator } from '../messages.ts'
import { nothingHeld } from '../next-height.ts'
import { partsOf } from '../parts.ts'
import { encodeTravellingBlock } from '../travelling-block.ts'
import { CoreFeed, type OwnEffect } from './core-feed.ts'
import {
  type ArrivedBlock,
  arrivedBlock,
  arrivedFlight,
  checking,
  holdBlock,
  judge,
} from './flights.ts'
import { Post } from './post.ts'
import { polkasOf } from './rounds.ts'

/** One input's turn: only within it anything changes. */
export class Turn {
  readonly place: BftPlace
  readonly effects: Effect[] = []
  readonly #post = new Post(this)
  readonly #feed: CoreFeed
  state: BftState

  constructor(place: BftPlace, state: BftState, nowMs = state.nowMs) {
    this.place = place
    this.state = nowMs > state.nowMs ? { ...state, nowMs } : state
    this.#feed = new CoreFeed({
      ...{ place, effects: this.effects, state: () => this.state, check: () => this.check() },
      ...{ rules: () => this.state.rules, set: (change) => this.set(change) },
      perform: (effect) => this.#do(effect),
      blockOf: ({ content: { value: hash } }) => {
        const bytes = hash && arrivedFlight(this.state.flights, hash)?.arrived?.bytes
        return hash && bytes && { hash, bytes }
      },
    })
  }

  take(input: Input): void {
    switch (input.kind) {
      case 'tick':
        this.#tick()
        return
      case 'message':
        this.#post.take(input.from, input.message, input.signers)
        return
      case 'block-built':
        this.#takeBuilt(input.request, input.block)
        return
      case 'build-failed':
        if (input.request === this.state.building?.request) this.set({ building: undefined })
        return
      case 'block-checked':
        this.#takeChecked(input.hash, input.verdict)
        return
      case 'block-synced':
        this.#takeSynced(input.block, input.certificate)
        return
      case 'block-imported':
        this.#takeImported(input)
        return
      case 'work-waiting':
        this.set({ hasWork: true })
        this.#startIfDue()
        return
      case 'seal-now':
        this.#start()
        return
      case 'signer':
        this.#takeSigner(input.self)
        return
    }
  }

  /** The step, with an alarm for what comes next. */
  end(): Step<BftState> {
    this.#post.askForBlock()
    this.#setAlarm()
    return { state: this.state, effects: this.effects }
  }

  set(change: Partial<BftState>): void {
    this.state = { ...this.state, ...change }
  }

  /** Gives the core an input, and does what it asks for. */
  core(input: CoreInput): void {
    this.#feed.give(input)
  }

  perform(effect: CoreEffect): void {
    this.#feed.perform(effect)
  }

  #do(effect: OwnEffect): void {
    switch (effect.kind) {
      case 'build':
        this.#build(effect.round)
        return
      case 'propose':
        this.#propose(effect)
        return
      case 'decide':
        this.#settle(effect.decision)
        return
      case 'report':
        this.#post.evidence.report(effect.evidence)
        return
      case 'consensus-failure': {
        const { round, value: hash } = effect
        this.effects.push({ kind: 'halt', height: this.state.core.height, round, hash })
      }
    }
  }

  /** Has blocks run that are here, and stand on the head. */
  checkArrived(): void {
    const { ground, flights, core } = this.state
    for (const { promised, arrived, isChecking, verdict } of flights) {
      if (!arrived || isChecking || verdict) continue
      if (!equalBytes(arrived.block.header.parentHash, ground.head.hash)) continue
      const hash = promised.value
      const isDecided = hasCommitQuorum(core, hash)
      const fault = this.#post.proofFault(arrived)
      if (fault) {
        this.#takeChecked(hash, fault)
        continue
      }
      this.set({ flights: checking(this.state.flights, hash) })
      this.effects.push({ kind: 'check-block', hash, block: arrived.block, isDecided })
    }
  }

  /** Whether a value is still of use. */
  readonly isNeeded = (value: Hash): boolean => {
    const { core, held } = this.state
    const isIt = (one: { readonly value: Hash }) => equalBytes(one.value, value)
    if (this.#isBinding(value)) return true
    const isOfRound = core.proposals.some((one) => one.round === core.round && isIt(one))
    return isOfRound || held.proposals.some(isIt)
  }

  /** Whether the height can end with no other value, as far as is known here. */
  readonly #isBinding = (value: Hash): boolean => {
    const { core } = this.state
    const bound = [core.lockedValue, core.validValue, core.decision?.value]
    if (bound.some((one) => one !== undefined && equalBytes(one, value))) return true
    return hasCommitQuorum(core, value)
  }

  begin(ground: BftGround): void {
    const { place, state } = this
    const isForNext = ({ value }: { readonly value: Hash }) =>
      state.held.proposals.some((one) => equalBytes(one.value, value))
    const rules = rulesAfter(place, ground, state.self)
    this.set({
      ...{ ground, rules, core: newCore(ground.head.number + 1n), timers: [] },
      startMs: Number(ground.head.timestampMs) + place.blockTimeMs - place.buildLeadMs,
      flights: state.flights.filter(({ promised }) => isForNext(promised)),
      ...{ held: nothingHeld, building: undefined, hasWork: false },
      early: state.early.filter(({ height }) => height > ground.head.number),
    })
    this.#post.evidence.settle()
    this.#post.evidence.tell()
    this.#startIfDue()
    for (const proposal of state.held.proposals) this.core({ kind: 'proposal', proposal })
    for (const vote of state.held.votes) this.core({ kind: 'vote', vote })
    this.checkArrived()
  }

  #tick(): void {
    const { nowMs } = this.state
    // The alarm has rung, be it a little early.
    this.set({ wakeMs: undefined })
    this.#startIfDue()
    this.#feed.ring()
    for (const { promised, verdict } of this.state.flights) {
      if (verdict?.kind !== 'too-early' || verdict.retryAtMs > nowMs) continue
      this.set({ flights: judge(this.state.flights, promised.value, undefined) })
    }
    this.checkArrived()
    if (this.state.startMs !== undefined || this.state.retellMs > nowMs) return
    this.#post.retell()
    this.set({ retellMs: nowMs + this.#feed.retellPauseMs() })
  }

  #startIfDue(): void {
    const { startMs, nowMs, hasWork } = this.state
    if (startMs === undefined) return
    const waitMs = hasWork ? 0 : this.place.heartbeatMs
    if (startMs + waitMs <= nowMs) this.#start()
  }

  #start(): void {
    if (this.state.startMs === undefined) return
    this.set({ startMs: undefined })
    this.core({ kind: 'start' })
  }

  #build(round: number): void {
    const { ground, nowMs, rules, evidence, nextRequest: request } = this.state
    const { self: proposer } = rules
    if (proposer === undefined || !this.place.canPropose(ground, proposer)) return
    const draft = this.place.draft(ground, { round, nowMs, proposer, evidence })
    const deadlineMs = nowMs + this.place.buildLeadMs
    const building = { request, round, parentProof: ground.proof }
    this.set({ building, nextRequest: request + 1 })
    const { hash: on } = ground.head
    const mostBytes = limits.maxProposedBytes
    this.effects.push({ kind: 'build-block', request, on, draft, deadlineMs, mostBytes })
  }

  #takeBuilt(request: number, block: Block): void {
    const { building } = this.state
    if (building?.request !== request) return
    const { round, parentProof } = building
    const bytes = encodeTravellingBlock({ block, parentProof })
    const arrived = arrivedBlock(block.hash, bytes)
    this.set({ building: undefined })
    if (arrived === undefined) return
    this.hold(arrived, { kind: 'valid' })
    const value = block.hash
    this.core({ kind: 'value-checked', value, isValid: true, bornRound: arrived.record.round })
    this.core({ kind: 'built', round, value })
  }

  #propose({ round, value, validRound, polka }: Extract<CoreEffect, { kind: 'propose' }>): void {
    const flight = arrivedFlight(this.state.flights, value)
    if (flight === undefined) return
    if (polka) this.#feed.perform({ kind: 'send', certificate: polka })
    const height = this.state.core.height
    const content = { instance: 0, height, round, validRound, ...flight.promised } as const
    this.#feed.sign({ kind: 'proposal', content })
  }

  #takeChecked(hash: Hash, verdict: Verdict | 'not-this-block'): void {
    const flight = arrivedFlight(this.state.flights, hash)
    if (!flight?.arrived || flight.verdict) return
    this.set({ flights: judge(this.state.flights, hash, verdict) })
    if (verdict === 'not-this-block' || verdict.kind === 'too-early') return
    const bornRound = flight.arrived.record.round
    const isValid = verdict.kind === 'valid'
    this.core({ kind: 'value-checked', value: hash, isValid, bornRound })
  }

  /** A block of an earlier round may be gone by the time that it is decided: others have it then. */
  #settle({ value: hash, proof }: Decision): void {
    const arrived = arrivedFlight(this.state.flights, hash)?.arrived
    if (arrived === undefined) return
    const { block, parentProof } = arrived
    const { core, rules } = this.state
    const polkas = polkasOf(core, rules.validators)
    const proofs = { proof, parentProof, polkas }
    this.effects.push({ kind: 'set-head', hash, finalNumber: core.height, ...proofs, block })
  }

  /** A block of this height with its certificate, from somebody who has both. */
  #takeSynced(bytes: Uint8Array, certificate: Certificate): void {
    const { core } = this.state
    const { height, type, value, instance } = certificate
    if (height !== core.height || type !== 'commit' || instance !== 0 || !value) return
    if (checkCertificate(certificate, this.check()).kind !== 'valid') return
    const arrived = arrivedBlock(value, bytes)
    if (arrived === undefined) return
    const isHere = arrivedFlight(this.state.flights, value) !== undefined
    // However many blocks a faulty proposer has proposed, there is room for the one that is decided.
    if (!isHere) this.hold(arrived, undefined, this.#isBinding)
    this.core({ kind: 'certificate', certificate })
    if (core.decision && !isHere) this.#settle(core.decision)
    this.checkArrived()
  }

  /** What signatures of the present height are checked against. */
  check() {
    const { chainKey, schemes } = this.place
    return { chainKey, schemes, validators: this.state.rules.validators }
  }

  #takeImported(input: Extract<Input, { kind: 'block-imported' }>): void {
    const { ground, core } = this.state
    const { head, header, derived } = input
    if (equalBytes(head.hash, ground.head.hash) || derived === undefined) return
    const decided = core.decision
    const isOurs = decided && equalBytes(decided.value, head.hash)
    const proof = isOurs ? decided.proof : undefined
    const signers = head.number === core.height ? this.state.rules.validators : undefined
    this.begin({ head, header, derived, proof, signers })
  }

  #takeSigner(self: Validator | undefined): void {
    const rules = rulesAfter(this.place, this.state.ground, self)
    this.set({ self, rules })
  }

  /** Sends a proposal with its block. */
  spread(proposal: SignedProposal): void {
    this.#post.spread(proposal)
  }

  hold(block: ArrivedBlock, verdict: Verdict | undefined, isNeeded = this.isNeeded): void {
    const { root, byteLength, parts } = partsOf(block.bytes)
    const promised = { value: block.block.hash, partsRoot: root, partCount: parts.length }
    const flight = {
      ...{ promised: { ...promised, byteLength }, parts: new Map<number, Uint8Array>() },
      ...{ arrived: block, isBroken: false, isChecking: false, verdict },
    }
    this.set({ flights: holdBlock(this.state.flights, flight, isNeeded) })
  }

  #setAlarm(): void {
    const { startMs, timers, retellMs, flights, hasWork, wakeMs } = this.state
    const waitMs = hasWork ? 0 : this.place.heartbeatMs
    const times = [
      startMs === undefined ? retellMs : startMs + waitMs,
      ...timers.map(({ dueMs }) => dueMs),
      ...flights.flatMap(({ verdict }) => (verdict?.kind === 'too-early' ? verdict.retryAtMs : [])),
    ]
    const next = Math.min(...times)
    if (next === wakeMs) return
    this.set({ wakeMs: next })
    this.effects.push({ kind: 'wake-at', atMs: next })
  }
}

/** Whether a quorum has committed a value, in whichever round. */
function hasCommitQuorum({ tallies }: BftState['core'], value: Hash): boolean {
  return tallies.some(({ precommits }) =>
    precommits.choices.some(
      (one) => one.isQuorum && one.value !== undefined && equalBytes(one.value, value),
    ),
  )
}
