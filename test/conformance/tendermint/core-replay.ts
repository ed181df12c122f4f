/** Replays single rules: a state and what makes one rule possible, then its last condition; output and state are compared. */

import { isDeepStrictEqual } from 'node:util'
import { startRound } from '../../../src/chain/consensus/bft/rounds.ts'
import { countVote, emptyTally } from '../../../src/chain/consensus/bft/tally.ts'
import { newCore, stepCore } from '../../../src/chain/consensus/bft-core.ts'
import type {
  CoreEffect,
  CoreInput,
  CoreResult,
  CoreRules,
  CoreState,
} from '../../../src/chain/consensus/core-state.ts'
import type { VoteType } from '../../../src/chain/consensus/messages.ts'
import {
  type Replayed,
  Terms,
  type Trace,
  type TraceState,
  type TraceValue,
} from './trace-terms.ts'

/** One rule input and what comes of it. */
export interface CoreLine {
  readonly self: string
  readonly before: TraceState
  readonly in: readonly [string, ...(string | number)[]]
  readonly out: readonly [string, ...unknown[]]
  readonly after: TraceState
}

const weights = { v1: 1, v2: 1, v3: 1, v4: 1 }

/** Replays each line by itself. */
export function replayCore(trace: Trace<unknown, CoreLine>): Replayed {
  let compared = 0
  const faults: string[] = []
  trace.lines.forEach((line, at) => {
    const result = new Line(line).run()
    if (result === undefined) return
    compared += 1
    const expected = expectation(line)
    if (!isDeepStrictEqual(result, expected)) {
      const [got, want] = [result, expected].map((what) => JSON.stringify(what))
      faults.push(`${trace.name}:${at + 2}: ${JSON.stringify(line.in)} gave ${got}, not ${want}`)
    }
  })
  return { compared, leftOut: trace.lines.length - compared, faults }
}

/** What a machine must have done that enters the next round at once, and for which a decision is the end. */
function expectation({ out, after, before }: CoreLine) {
  if (before[2] === 'commit') return { out: ['none'], after: [...before] }
  if (out[0] === 'skipRound') {
    return {
      out: ['schedule', out[1], 'propose'],
      after: after.with(1, out[1] as number).with(2, 'propose'),
    }
  }
  const shown = out[0] === 'error' ? ['none'] : out
  return { out: shown, after: after.map((item) => (item === 'unstarted' ? 'none' : item)) }
}

/** One line, put to the core. */
class Line {
  readonly #line: CoreLine
  readonly #terms = new Terms(weights)
  readonly #rules: CoreRules
  readonly #self: number
  #state: CoreState

  constructor(line: CoreLine) {
    this.#line = line
    this.#self = this.#terms.place(line.self)
    const isProposer = line.in[0] === 'newRoundProposer' || line.in[0] === 'proposeValue'
    const proposer = isProposer ? this.#self : (this.#self + 1) % 4
    this.#rules = {
      ...{ instance: 0, validators: this.#terms.check.validators, self: this.#self },
      proposerOf: () => proposer,
    }
    this.#state = this.#stateOf(line.before)
  }

  /** What came out, in words of the traces; `undefined` for what can't be put to this core. */
  run(): { out: readonly unknown[]; after: readonly unknown[] } | undefined {
    const result = this.#put()
    if (result === undefined) return undefined
    const outs = result.effects.flatMap((effect) => this.#word(effect))
    return { out: outs[0] ?? ['none'], after: [...this.#terms.state(result.state)] }
  }

  #put(): CoreResult | undefined {
    const [kind, ...given] = this.#line.in
    const [, round, step] = this.#line.before
    const isEntered = step !== 'none' && step !== 'unstarted'
    const [first, second] = given
    switch (kind) {
      case 'newRound':
      case 'newRoundProposer':
        // The core enters rounds by itself; asked from outside, it does nothing.
        if (isEntered) return this.#feed({ kind: 'start' })
        if ((first as number) <= round) return undefined
        return startRound(this.#rules, this.#state, first as number)
      case 'proposeValue':
        // A valid value is proposed again without asking for another, and in no other step.
        if (step !== 'propose' || this.#state.validValue) return undefined
        return this.#feed({ kind: 'built', round, value: this.#terms.hash(first as string) })
      case 'proposal':
        return this.#propose(first as number, second as string, -1)
      case 'proposalInvalid':
        return this.#propose(round, 'invalid', -1)
      case 'proposalAndPolkaPreviousAndValid':
        if ((second as number) < 0) return undefined
        this.#polka(second as number, first as string)
        return this.#propose(round, first as string, second as number)
      case 'proposalAndPolkaAndInvalid':
        if (step !== 'propose' || round < 1) return undefined
        this.#polka(0, 'invalid')
        return this.#propose(round, 'invalid', 0)
      default:
        return this.#putVotes()
    }
  }

  #putVotes(): CoreResult | undefined {
    const [kind, first, second] = this.#line.in
    const [height, round, step] = this.#line.before
    switch (kind) {
      case 'polkaAny':
        return this.#quorum('prevote', ['a', 'b', null])
      case 'polkaNil':
        return this.#quorum('prevote', [null, null, null])
      case 'precommitAny':
        return this.#quorum('precommit', ['a', 'b', null])
      case 'proposalAndPolkaAndValid':
        // In step propose the proposal alone would be answered first.
        if (step === 'propose' || round < 0) return undefined
        this.#hold(round, first as string)
        return this.#certify('prevote', round, first as string)
      case 'proposalAndCommitAndValid':
        if ((first as number) < 0) return undefined
        this.#hold(first as number, second as string)
        return this.#certify('precommit', first as number, second as string)
      case 'roundSkip': {
        if ((first as number) < 0) return undefined
        const skip = ['v2', 'v3'].map((name) =>
          this.#terms.vote(['prevote', name, height, first as number, null]),
        )
        this.#state = this.#feed({ kind: 'vote', vote: skip[0] as (typeof skip)[0] }).state
        return this.#feed({ kind: 'vote', vote: skip[1] as (typeof skip)[0] })
      }
      default: {
        const timer = (kind ?? '').replace('timeout', '').toLowerCase() as VoteType | 'propose'
        const place = { height: BigInt(first as number), round: second as number }
        return this.#feed({ kind: 'timeout', timer: { kind: timer, ...place } })
      }
    }
  }

  #feed(input: CoreInput): CoreResult {
    return stepCore(this.#rules, this.#state, input)
  }

  #check(value: string): void {
    const checked = {
      value: this.#terms.hash(value),
      isValid: value !== 'invalid',
      bornRound: undefined,
    }
    this.#state = { ...this.#state, checkedValues: [...this.#state.checkedValues, checked] }
  }

  #propose(round: number, value: string, validRound: number): CoreResult {
    this.#check(value)
    return this.#feed({ kind: 'proposal', proposal: this.#proposalOf(round, value, validRound) })
  }

  /** A valid proposal that is there, and not answered yet. */
  #hold(round: number, value: string): void {
    this.#check(value)
    this.#state = { ...this.#state, proposals: [this.#proposalOf(round, value, -1)] }
  }

  #proposalOf(round: number, value: string, validRound: number) {
    const name = this.#terms.names[this.#rules.proposerOf(round)] as string
    return this.#terms.proposal([name, this.#line.before[0], round, value, validRound])
  }

  /** A polka of some round, from a certificate: so many votes of a later round would make the core go there. */
  #polka(round: number, value: string): void {
    this.#state = this.#certify('prevote', round, value).state
  }

  #certify(type: VoteType, round: number, value: string): CoreResult {
    const [height] = this.#line.before
    const votes = ['v1', 'v2', 'v3'].map((name) => [type, name, height, round, value] as const)
    return this.#feed({ kind: 'certificate', certificate: this.#terms.certificate(votes) })
  }

  /** Votes of three in the round: two are there, the third comes. */
  #quorum(type: VoteType, values: readonly TraceValue[]): CoreResult | undefined {
    const [height, round] = this.#line.before
    if (round < 0) return undefined
    const { validators } = this.#rules
    const [last, ...others] = values.map((value, at) =>
      this.#terms.vote([type, `v${at + 1}`, height, round, value]),
    )
    const tally = others.reduce(
      (sum, vote) => countVote(sum, vote, validators).tally,
      emptyTally(round),
    )
    this.#state = { ...this.#state, tallies: [tally] }
    return this.#feed({ kind: 'vote', vote: last as NonNullable<typeof last> })
  }

  #stateOf([height, round, step, lockedRound, locked, validRound, valid]: TraceState): CoreState {
    const value = (name: TraceValue) => (name === null ? undefined : this.#terms.hash(name))
    const core = newCore(BigInt(height))
    const place = {
      round,
      lockedRound,
      lockedValue: value(locked),
      validRound,
      validValue: value(valid),
    }
    if (step === 'none' || step === 'unstarted') return { ...core, ...place }
    if (step !== 'commit') return { ...core, ...place, step: step as CoreState['step'] }
    const proof = this.#terms.certificate([['precommit', 'v1', height, 0, 'a']])
    const decision = { round: 0, value: this.#terms.hash('a'), proof }
    return { ...core, ...place, step: 'decided', decision }
  }

  #word(effect: CoreEffect): readonly unknown[][] {
    const [height, , , , , ,] = this.#line.before
    const { self } = this.#line
    switch (effect.kind) {
      case 'build':
        return [['getValue', height, effect.round, 'propose']]
      case 'propose': {
        const { round, value, validRound } = effect
        return [['proposal', [self, height, round, this.#terms.value(value), validRound]]]
      }
      case 'vote': {
        const { type, round, value } = effect.vote
        return [['vote', [type, self, height, round, this.#terms.value(value)]]]
      }
      case 'schedule':
        return [['schedule', effect.timer.round, effect.timer.kind]]
      case 'decide':
        return [['decided', effect.decision.round, this.#terms.value(effect.decision.value)]]
      default:
        return []
    }
  }
}
