/** Takes one input of the votes that make blocks of work final: from the state before it to the state after it. */

import { equalBytes } from '../../../base/bytes.ts'
import type { Hash } from '../../ledger/transaction.ts'
import { Ballot } from '../bft/ballot.ts'
import { CoreFeed, type OwnEffect } from '../bft/core-feed.ts'
import { EvidenceDesk } from '../bft/evidence-desk.ts'
import { newCore } from '../bft-core.ts'
import { checkCertificate } from '../certificate.ts'
import type { ChainPoint, Effect, Input } from '../consensus.ts'
import type { CoreEffect, CoreInput, CoreRules } from '../core-state.ts'
import type { Certificate, SignedProposal, ValidatorSet } from '../messages.ts'
import { nothingHeld } from '../next-height.ts'
import {
  type CheckpointPlace,
  type CheckpointState,
  type KeptFinal,
  mostKept,
  rulesOf,
} from './checkpoint-state.ts'
import { committeeAt, finalityOf } from './finality-rules.ts'
import { poolGround } from './member-evidence.ts'

type InputOf<Kind extends Input['kind']> = Extract<Input, { kind: Kind }>

/** A block that is not in the chain is asked about once in this time, in ms. */
const askPauseMs = 1_000
/** A checkpoint travels in no parts. */
const noParts = { partsRoot: new Uint8Array(32), partCount: 0, byteLength: 0 }

/** One input's turn: only within it anything changes. */
export class CheckpointTurn {
  readonly #place: CheckpointPlace
  readonly effects: Effect[] = []
  readonly #ballot: Ballot
  readonly #feed: CoreFeed
  readonly #evidence: EvidenceDesk
  state: CheckpointState

  constructor(place: CheckpointPlace, state: CheckpointState, nowMs = state.nowMs) {
    this.#place = place
    this.state = nowMs > state.nowMs ? { ...state, nowMs } : state
    this.#ballot = new Ballot({
      ...{
        effects: this.effects,
        state: () => ({ ...this.state, rules: this.rules }),
        set: (change) => this.set(change),
      },
      ...{ core: (input) => this.core(input), check: () => this.#check() },
      ...{ nextValidators: () => this.state.nextValidators, behind: () => {} },
      ...{ certified: () => {}, help: (to, height) => this.#help(to, height) },
      spread: (proposal, to) => this.#spread(proposal, to),
    })
    this.#feed = new CoreFeed({
      ...{ place, effects: this.effects, state: () => this.state, check: () => this.#check() },
      ...{ rules: () => this.rules, set: (change) => this.set(change) },
      // Blocks of work are stored already.
      ...{ perform: (effect) => this.#do(effect), blockOf: () => undefined },
    })
    this.#evidence = new EvidenceDesk({
      ...{ effects: this.effects, instance: 1, pool: () => this.state.evidence },
      ...{ set: (evidence) => this.set({ evidence }), check: () => this.#check() },
      ...{ ground: () => poolGround(this.state), setOf: (instance) => this.#setOf(instance) },
    })
  }

  /** Of the present instance. */
  get rules(): CoreRules {
    return rulesOf(this.state)
  }

  take(input: Input): void {
    if (this.state.hasFailed) return
    switch (input.kind) {
      case 'tick':
        this.#tick()
        break
      case 'message':
        this.#hear(input)
        break
      case 'block-imported':
        this.#takeImported(input)
        break
      case 'point-checked':
        if (input.verdict !== 'unknown') this.#checked(input.hash, input.verdict === 'valid')
        break
      case 'point-kept':
        if (this.#isDecided(input.hash)) this.set({ isKept: true })
        break
      case 'signer':
        this.set({ self: input.self })
        break
      default:
        return
    }
    this.settle()
  }

  set(change: Partial<CheckpointState>): void {
    this.state = { ...this.state, ...change }
  }

  /** Judges what can be judged now, goes on after a decision, and begins when there is something to vote on. */
  settle(): void {
    this.#goOn()
    const { core } = this.state
    if (core.decision || this.state.hasFailed) return
    for (const value of this.#wanted()) this.#judge(value)
    if (this.state.core.round === -1 && this.#candidate()) this.core({ kind: 'start' })
    this.#setAlarm()
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
      case 'propose': {
        const { round, value, validRound, polka } = effect
        if (polka) this.#broadcast({ kind: 'certificate', certificate: polka })
        const { height } = this.state.core
        const content = { instance: 1, height, round, validRound, value, ...noParts } as const
        this.#feed.sign({ kind: 'proposal', content })
        return
      }
      case 'decide': {
        const { value: hash, proof } = effect.decision
        this.set({ timers: [] })
        this.effects.push({ kind: 'keep-point', hash, proof })
        return
      }
      case 'report':
        this.#evidence.report(effect.evidence)
        return
      case 'consensus-failure': {
        const { round, value: hash } = effect
        this.set({ hasFailed: true })
        this.effects.push({ kind: 'halt', height: this.state.core.height, round, hash })
      }
    }
  }

  /** What this node has signed may not have left. */
  #broadcast(message: Extract<Effect, { kind: 'broadcast' }>['message'], to?: string): void {
    this.effects.push({ kind: 'broadcast', message, ...(to !== undefined && { to }) })
  }

  #hear({ from, message }: InputOf<'message'>): void {
    if (message.kind === 'proposal') this.#ballot.takeProposal(from, message.proposal)
    else if (message.kind === 'evidence') this.#evidence.take(message.evidence)
    else if (message.kind !== 'certificate' || !this.#contradicts(message.certificate)) {
      this.#ballot.take(from, message)
    }
  }

  /** Of one instance there is one final block: two that are certified show that over a third of the weight is at fault. */
  #contradicts(certificate: Certificate): boolean {
    const { type, instance, height, value } = certificate
    if (type !== 'commit' || instance !== 1 || value === undefined) return false
    const known = this.#finals().find((one) => one.certificate.height === height)
    if (!known?.certificate.value || equalBytes(known.certificate.value, value)) return false
    const { chainKey, schemes } = this.#place
    const check = { chainKey, schemes, validators: known.validators }
    if (checkCertificate(certificate, check).kind !== 'valid') return false
    const evidence = { kind: 'conflicting-commits', a: known.certificate, b: certificate } as const
    this.effects.push({ kind: 'report', evidence })
    this.set({ hasFailed: true })
    const contradicts = known.certificate.value
    const { round } = certificate
    this.effects.push({ kind: 'halt', height, round, hash: value, contradicts })
    return true
  }

  #finals(): readonly Omit<KeptFinal, 'number'>[] {
    const { kept, core, validators } = this.state
    const { decision } = core
    if (decision === undefined) return kept
    return [...kept, { certificate: decision.proof, validators }]
  }

  /** Who votes in an instance, or did. */
  #setOf(instance: bigint): ValidatorSet | undefined {
    const { core, validators, nextValidators, kept } = this.state
    if (instance === core.height) return validators
    if (instance === core.height + 1n) return nextValidators
    return kept.find(({ certificate }) => certificate.height === instance)?.validators
  }

  #tick(): void {
    this.set({ wakeMs: undefined })
    this.#feed.ring()
    const { core, retellMs, nowMs } = this.state
    if (core.round < 0 || core.decision || retellMs > nowMs) return
    const own = this.#ballot.retell()
    if (own) this.#spread(own)
    this.set({ retellMs: nowMs + this.#feed.retellPauseMs() })
  }

  #takeImported({ head, derived, points = [] }: InputOf<'block-imported'>): void {
    this.set({ headNumber: head.number, points })
    if (derived === undefined) return
    this.set({ punished: derived.evidenceSeen })
    this.#evidence.settle()
    this.#evidence.tell()
    // Blocks came with more certificates than were heard one by one.
    const { instance, number } = finalityOf(derived)
    if (instance <= this.state.core.height) return
    this.effects.push({ kind: 'set-final', number })
    const { validators, nextValidators } = derived
    this.#begin({ last: { instance, number }, validators, nextValidators })
  }

  /** After a decision that the chain holds: the next instance, whose sets follow from final blocks alone. */
  #goOn(): void {
    const { core, isKept, points, validators, kept, nextValidators } = this.state
    const { decision } = core
    const point = decision && points.find(({ hash }) => equalBytes(hash, decision.value))
    if (!decision || !point || !isKept) return
    this.set({
      kept: [...kept, { certificate: decision.proof, validators, number: point.number }].slice(
        -mostKept,
      ),
    })
    const last = { instance: core.height, number: point.number }
    this.effects.push({ kind: 'set-final', number: point.number })
    const next = committeeAt(point.derived)
    this.#begin({ last, validators: nextValidators, nextValidators: next })
  }

  #begin(next: Pick<CheckpointState, 'last' | 'validators' | 'nextValidators'>): void {
    const { held, core } = this.state
    const height = next.last.instance + 1n
    const isNext = height === core.height + 1n
    this.set({
      ...{ ...next, core: newCore(height), held: nothingHeld, timers: [], isKept: false },
    })
    if (!isNext) return
    for (const proposal of held.proposals) this.core({ kind: 'proposal', proposal })
    for (const vote of held.votes) this.core({ kind: 'vote', vote })
  }

  /** The highest block of the own chain that can be made final. */
  #candidate(): ChainPoint | undefined {
    return this.state.points.findLast((point) => this.#isAbove(point) && this.#isBuried(point))
  }

  #isAbove({ number }: ChainPoint): boolean {
    return number > this.state.last.number
  }

  #isBuried({ number }: ChainPoint): boolean {
    return this.state.headNumber - number >= BigInt(this.#place.parameters.buriedBy)
  }

  #build(round: number): void {
    const value = this.#candidate()?.hash
    if (value === undefined) return
    this.#checked(value, true)
    this.core({ kind: 'built', round, value })
  }

  /** Values that the core waits for, each once. */
  #wanted(): readonly Hash[] {
    const { proposals, tallies, checkedValues } = this.state.core
    const known = new Set(checkedValues.map(({ value }) => value.toHex()))
    const quorums = tallies.flatMap(({ prevotes, precommits }) =>
      [...prevotes.choices, ...precommits.choices].flatMap(({ isQuorum, value }) =>
        isQuorum && value ? [value] : [],
      ),
    )
    return [...proposals.map(({ value }) => value), ...quorums].filter((value) => {
      const isNew = !known.has(value.toHex())
      known.add(value.toHex())
      return isNew
    })
  }

  /** One on the own chain counts once it is buried; another only when a quorum wants it. */
  #judge(value: Hash): void {
    const { points, nowMs, askedMs, core } = this.state
    const point = points.find(({ hash }) => equalBytes(hash, value))
    const has = (type: 'prevotes' | 'precommits') =>
      core.tallies.some((tally) =>
        tally[type].choices.some(
          (one) => one.isQuorum && one.value && equalBytes(one.value, value),
        ),
      )
    const isDecided = has('precommits')
    const isWanted = isDecided || has('prevotes')
    if (point && !this.#isAbove(point)) this.#checked(value, false)
    else if (point && (isWanted || this.#isBuried(point))) this.#checked(value, true)
    else if (!point && isWanted && nowMs >= askedMs + askPauseMs) {
      this.set({ askedMs: nowMs })
      this.effects.push({ kind: 'check-point', hash: value, isDecided })
    }
  }

  #checked(value: Hash, isValid: boolean): void {
    this.core({ kind: 'value-checked', value, isValid, bornRound: undefined })
  }

  #isDecided(hash: Hash): boolean {
    const { decision } = this.state.core
    return decision !== undefined && equalBytes(decision.value, hash)
  }

  #help(to: string, height: bigint): void {
    const known = this.#finals().find(({ certificate }) => certificate.height === height)
    if (known) this.#broadcast({ kind: 'certificate', certificate: known.certificate }, to)
  }

  #spread(proposal: SignedProposal, to?: string): void {
    this.#broadcast({ kind: 'proposal', proposal }, to)
  }

  /** What signatures of the present instance are checked against. */
  #check() {
    const { chainKey, schemes } = this.#place
    return { chainKey, schemes, validators: this.state.validators }
  }

  #setAlarm(): void {
    const { core, timers, retellMs, wakeMs } = this.state
    if (core.round < 0 || core.decision) return
    const next = Math.min(retellMs, ...timers.map(({ dueMs }) => dueMs))
    if (next === wakeMs) return
    this.set({ wakeMs: next })
    this.effects.push({ kind: 'wake-at', atMs: next })
  }
}
