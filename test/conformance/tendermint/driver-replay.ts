/** Replays whole nodes as black boxes: what reaches them from outside goes in; what they send and where they stand is compared. */

import { isDeepStrictEqual } from 'node:util'
import { newCore, stepCore } from '../../../src/chain/consensus/bft-core.ts'
import type {
  CoreEffect,
  CoreInput,
  CoreRules,
  CoreState,
  Timer,
} from '../../../src/chain/consensus/core-state.ts'
import {
  type Replayed,
  Terms,
  type Trace,
  type TraceProposal,
  type TraceState,
  type TraceVote,
} from './trace-terms.ts'

/** From where on a node may lawfully differ from the model, and what it does there. */
interface Mark {
  readonly node: string
  readonly from: number
  readonly until?: number
  readonly rules: { readonly emits: readonly unknown[]; readonly state: TraceState }
}

/** What holds for a whole network. */
export interface DriverHeader {
  readonly validators: Readonly<Record<string, number>>
  readonly nodes: readonly string[]
  readonly proposers: readonly string[]
  readonly blackBox: readonly Mark[]
  /** Two proposals of one round have the same value and other valid rounds, which votes here do not tell. */
  readonly ambiguousValidRound: boolean
}

/** One input of one node. */
export interface DriverLine {
  readonly i: number
  readonly node: string
  readonly in: readonly [string, ...unknown[]]
  readonly out?: readonly unknown[]
  readonly before: TraceState
  readonly after: TraceState
  readonly settled?: boolean
}

type DriverTrace = Trace<DriverHeader, DriverLine>

/** Replays all nodes of a trace, each up to its mark. */
export function replayDriver(trace: DriverTrace): Replayed {
  const results = trace.header.nodes.map((name) => new Node(trace, name).replay())
  const sum = (of: (result: Replayed) => number) => results.reduce((all, one) => all + of(one), 0)
  return {
    ...{ compared: sum(({ compared }) => compared), leftOut: sum(({ leftOut }) => leftOut) },
    faults: results.flatMap(({ faults }) => faults),
  }
}

class Node {
  readonly #trace: DriverTrace
  readonly #name: string
  readonly #terms: Terms
  readonly #rules: CoreRules
  readonly #marks: readonly Mark[]
  #state: CoreState
  #sent: unknown[] = []
  #expected: unknown[] = []
  readonly #unproposed: string[] = []

  constructor(trace: DriverTrace, name: string) {
    this.#trace = trace
    this.#name = name
    const { validators, proposers, blackBox } = trace.header
    this.#terms = new Terms(validators)
    this.#rules = {
      ...{ instance: 0, validators: this.#terms.check.validators, self: this.#terms.place(name) },
      proposerOf: (round) => this.#terms.place(proposers[round % proposers.length] as string),
    }
    this.#marks = blackBox.filter(({ node }) => node === name)
    this.#state = newCore(BigInt(trace.lines[0]?.before[0] ?? 0))
  }

  replay(): Replayed {
    let [compared, leftOut] = [0, 0]
    const faults: string[] = []
    for (const line of this.#trace.lines.filter(({ node }) => node === this.#name)) {
      const isLate = line.in[0] === 'value' && !this.#mayPropose()
      if (isLate) this.#unproposed.push(JSON.stringify(line.out))
      this.#put(line)
      const mark = this.#marks.find(
        ({ from, until = Infinity }) => line.i >= from && line.i < until,
      )
      if (mark && line.i > mark.from) {
        leftOut += 1
        ;[this.#sent, this.#expected] = [[], []]
        continue
      }
      if (line.out && ['vote', 'proposal', 'decided'].includes(String(line.out[0]))) {
        this.#expected.push(line.out)
      }
      if (!mark && line.settled !== true) continue
      compared += 1
      const expected = mark?.rules ?? { emits: this.#expected, state: line.after }
      const different = this.#difference(expected)
      if (different) faults.push(`${this.#trace.name}:${line.i + 1} ${this.#name}: ${different}`)
      ;[this.#sent, this.#expected] = [[], []]
    }
    return { compared, leftOut, faults }
  }

  /** The model proposes what it gets in any step, and after a skip in a round that is not its own; the core does not. */
  #mayPropose(): boolean {
    const { step, round } = this.#state
    return step === 'propose' && this.#rules.proposerOf(round) === this.#rules.self
  }

  #difference({ emits, state }: Mark['rules']): string | undefined {
    const sorted = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort()
    const sent = sorted(this.#sent)
    const wanted = sorted(emits).filter((one) => !this.#unproposed.includes(one))
    const stands = this.#terms.state(this.#state)
    if (isDeepStrictEqual(sent, wanted) && isDeepStrictEqual(stands, state)) return undefined
    return `sent ${sent} at ${JSON.stringify(stands)}, not ${wanted} at ${JSON.stringify(state)}`
  }

  #put({ in: [kind, given, stored] }: DriverLine): void {
    const { height, round } = this.#state
    if (kind === 'newHeight') this.#state = newCore(BigInt(given as number))
    else if (kind === 'start') this.#start(given as number, stored as Stored)
    else if (kind === 'proposal') this.#propose(given as TraceProposal)
    else if (kind === 'vote') this.#vote(given as TraceVote)
    else if (kind === 'certificate') this.#certify(given as readonly TraceVote[])
    else if (kind === 'value') {
      this.#feed({ kind: 'built', round, value: this.#terms.hash(given as string) })
    } else if (kind === 'timeout') {
      this.#feed({ kind, timer: { kind: given as Timer['kind'], height, round } })
    }
  }

  #start(round: number, { votes, certs }: Stored): void {
    if (round >= 0) this.#feed({ kind: 'start' })
    for (const vote of votes) this.#vote(vote)
    for (const certificate of certs) this.#certify(certificate)
  }

  #propose(proposal: TraceProposal): void {
    const value = proposal[3]
    this.#feed({ kind: 'proposal', proposal: this.#terms.proposal(proposal) })
    const checked = { isValid: value !== 'invalid', bornRound: undefined }
    this.#feed({ kind: 'value-checked', value: this.#terms.hash(value), ...checked })
  }

  #vote(vote: TraceVote): void {
    this.#feed({ kind: 'vote', vote: this.#terms.vote(vote, this.#validRoundOf(vote)) })
  }

  #certify(votes: readonly TraceVote[]): void {
    const validRound = this.#validRoundOf(votes[0] as TraceVote)
    this.#feed({ kind: 'certificate', certificate: this.#terms.certificate(votes, validRound) })
  }

  #feed(input: CoreInput): void {
    const { state, effects } = stepCore(this.#rules, this.#state, input)
    this.#state = state
    for (const effect of effects) this.#sent.push(...this.#word(effect))
  }

  /** What the traces leave out of prevotes: that of the proposal of the same height, round and value. */
  #validRoundOf([type, , height, round, value]: TraceVote): number {
    if (type === 'precommit' || value === null) return -1
    const proposals = proposalsOf(this.#trace)
    return proposals.get(`${height} ${round} ${value}`) ?? -1
  }

  #word(effect: CoreEffect): readonly unknown[] {
    const height = Number(this.#state.height)
    switch (effect.kind) {
      case 'propose': {
        const { round, value, validRound } = effect
        return [['proposal', [this.#name, height, round, this.#terms.value(value), validRound]]]
      }
      case 'vote': {
        const { type, round, value } = effect.vote
        return [['vote', [type, this.#name, height, round, this.#terms.value(value)]]]
      }
      case 'decide':
        return [['decided', effect.decision.round, this.#terms.value(effect.decision.value)]]
      default:
        return []
    }
  }
}

interface Stored {
  readonly votes: readonly TraceVote[]
  readonly certs: readonly (readonly TraceVote[])[]
}

const found = new WeakMap<DriverTrace, ReadonlyMap<string, number>>()

/** Valid rounds of all proposals of a trace, by height, round and value. */
function proposalsOf(trace: DriverTrace): ReadonlyMap<string, number> {
  const known = found.get(trace)
  if (known) return known
  const rounds = new Map<string, number>()
  for (const line of trace.lines) {
    for (const [kind, given] of [line.in, line.out ?? []]) {
      if (kind !== 'proposal') continue
      const [, height, round, value, validRound] = given as TraceProposal
      const key = `${height} ${round} ${value}`
      if (!rounds.has(key)) rounds.set(key, validRound)
    }
  }
  found.set(trace, rounds)
  return rounds
}
