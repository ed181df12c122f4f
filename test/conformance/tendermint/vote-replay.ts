/** Replays the vote keeper: votes and certificates of one height, the thresholds that they pass, and the tallies. */

import { isDeepStrictEqual } from 'node:util'
import {
  type Counted,
  countCertificate,
  countVote,
  emptyTally,
} from '../../../src/chain/consensus/bft/tally.ts'
import { certificateVotes, checkCertificate } from '../../../src/chain/consensus/certificate.ts'
import type { RoundTally, Tally } from '../../../src/chain/consensus/core-state.ts'
import type { VoteType } from '../../../src/chain/consensus/messages.ts'
import { isOverThird, isQuorum } from '../../../src/chain/consensus/validator-set.ts'
import { type Replayed, Terms, type Trace, type TraceValue, type TraceVote } from './trace-terms.ts'

/** Who votes, with what weight. */
export interface VoteHeader {
  readonly validators: Readonly<Record<string, number>>
}

interface TallyWords {
  readonly weights: readonly (readonly [TraceValue, number])[]
  readonly voters: readonly string[]
}

interface RoundWords {
  readonly round: number
  readonly prevotes: TallyWords
  readonly precommits: TallyWords
  readonly senders: readonly string[]
}

/** One message to the keeper. */
export interface VoteLine {
  readonly in:
    | readonly ['vote', TraceVote]
    | readonly ['certificate', readonly TraceVote[]]
    | readonly ['round', number]
  readonly current?: number
  readonly out?: readonly unknown[]
  readonly after?: RoundWords
  readonly evidence?: readonly (readonly TraceVote[])[]
}

/** Replays the lines in order with one keeper. */
export function replayVotes({ name, header, lines }: Trace<VoteHeader, VoteLine>): Replayed {
  const keeper = new Keeper(header.validators)
  const faults: string[] = []
  let compared = 0
  lines.forEach((line, at) => {
    const differing = keeper.take(line)
    if (differing === undefined) return
    compared += 1
    for (const what of differing) faults.push(`${name}:${at + 2}: ${what}`)
  })
  return { compared, leftOut: lines.length - compared, faults }
}

class Keeper {
  readonly #terms: Terms
  readonly #tallies = new Map<number, RoundTally>()
  readonly #given = new Set<string>()
  readonly #seconds: TraceVote[] = []
  readonly #secondWeights = new Map<string, number>()

  constructor(validators: Readonly<Record<string, number>>) {
    this.#terms = new Terms(validators)
  }

  /** What differs from the line; `undefined` for a line that compares nothing. */
  take({ in: input, current = 0, out, after, evidence }: VoteLine): string[] | undefined {
    if (input[0] === 'round') return undefined
    const votes = votesOf(input)
    const round = votes[0]?.[3] as number
    // A stranger is refused before anything is counted.
    if (input[0] === 'vote' && this.#terms.place(input[1][1]) < 0) {
      this.#given.add(JSON.stringify(out))
      return undefined
    }
    const before = this.#tallies.get(round) ?? emptyTally(round)
    const counted =
      input[0] === 'vote' ? this.#countOne(before, input[1]) : this.#countAll(before, votes)
    if (counted) this.#tallies.set(round, counted.tally)
    const event = counted ? this.#event(counted.tally, input, current) : ['none']
    const faults: string[] = []
    const expect = (what: string, got: unknown, want: unknown) => {
      if (isDeepStrictEqual(got, want)) return
      faults.push(`${what} ${JSON.stringify(got)}, not ${JSON.stringify(want)}`)
    }
    expect('event', event, out)
    if (after) expect('tallies', this.#words(this.#tallies.get(round) ?? before), known(after))
    // The model tells all that it has of a voter each time; the core reports it once.
    const isConvicted = (counted?.evidence.length ?? 0) > 0
    if (isConvicted) expect('evidence', evidence !== undefined, true)
    return faults
  }

  #countOne(before: RoundTally, vote: TraceVote): Counted {
    const signed = this.#terms.vote(vote)
    const { votes } = vote[0] === 'prevote' ? before.prevotes : before.precommits
    const first = votes[signed.validatorIndex]
    if (first && this.#terms.value(first.value) !== vote[4]) this.#seconds.push(vote)
    return countVote(before, signed, this.#terms.check.validators)
  }

  /** Nothing for a certificate that is none. */
  #countAll(before: RoundTally, votes: readonly TraceVote[]): Counted | undefined {
    const [first] = votes
    const isOne = votes.every(
      (vote) => vote[4] !== null && isDeepStrictEqual(vote.with(1, ''), first?.with(1, '')),
    )
    const places = votes.map(([, name]) => this.#terms.place(name))
    if (!isOne || places.includes(-1) || new Set(places).size < places.length) return undefined
    const { check } = this.#terms
    const certificate = this.#terms.certificate(votes)
    if (checkCertificate(certificate, check).kind !== 'valid') return undefined
    const all = certificateVotes(certificate, check.validators.list.length)
    for (const [type, name] of votes) this.#countSecond(before, type, name)
    return all && countCertificate(before, all, check.validators)
  }

  /** Once a certificate names a voter, the model counts its second votes, too. */
  #countSecond({ round }: RoundTally, type: string, name: string): void {
    for (const second of this.#seconds) {
      if (second[0] !== type || second[1] !== name || second[3] !== round) continue
      const key = `${type} ${round} ${second[4]}`
      const weight = this.#terms.check.validators.list[this.#terms.place(name)]?.weight
      this.#secondWeights.set(key, (this.#secondWeights.get(key) ?? 0) + Number(weight))
    }
  }

  /** The event of the model: a skip ahead of all others, the others once a round each. */
  #event(tally: RoundTally, input: VoteLine['in'], current: number): readonly unknown[] {
    const [type, , , round, value] = votesOf(input)[0] as TraceVote
    const { total } = this.#terms.check.validators
    const isAhead = input[0] === 'vote' && round > current
    if (isAhead && isOverThird(tally.sendersWeight, total)) return ['skip', round]
    const { choices, weight } = type === 'prevote' ? tally.prevotes : tally.precommits
    const name = type === 'prevote' ? 'polka' : 'precommit'
    const isOwnQuorum = choices.some(
      (choice) => choice.isQuorum && this.#terms.value(choice.value) === value,
    )
    if (isOwnQuorum && value !== null) return this.#once([`${name}Value`, round, value])
    if (isOwnQuorum && type === 'prevote') return this.#once(['polkaNil', round])
    return isQuorum(weight, total) ? this.#once([`${name}Any`, round]) : ['none']
  }

  #once(event: readonly unknown[]): readonly unknown[] {
    const key = JSON.stringify(event)
    if (this.#given.has(key)) return ['none']
    this.#given.add(key)
    return event
  }

  #words({ round, prevotes, precommits, senders }: RoundTally): RoundWords {
    const words = (type: VoteType, { choices, votes }: Tally): TallyWords => {
      const weights = choices.map(({ value, weight }) => {
        const name = this.#terms.value(value)
        const second = this.#secondWeights.get(`${type} ${round} ${name}`) ?? 0
        return [name, Number(weight) + second] as const
      })
      return { weights: weights.sort(byValue), voters: this.#names(votes) }
    }
    return {
      ...{
        round,
        prevotes: words('prevote', prevotes),
        precommits: words('precommit', precommits),
      },
      senders: this.#names(senders),
    }
  }

  #names(items: readonly unknown[]): readonly string[] {
    return this.#terms.names.filter((_, at) => items[at] !== undefined)
  }
}

function votesOf(input: VoteLine['in']): readonly TraceVote[] {
  if (input[0] === 'round') return []
  return input[0] === 'vote' ? [input[1]] : input[1]
}

/** The tallies without strangers, whose weight is 0. */
function known({ round, prevotes, precommits, senders }: RoundWords): RoundWords {
  const withoutStrangers = ({ weights, voters }: TallyWords): TallyWords => ({
    weights: weights.filter(([, weight]) => weight > 0).toSorted(byValue),
    voters: voters.filter(isKnown),
  })
  return {
    ...{ round, prevotes: withoutStrangers(prevotes), precommits: withoutStrangers(precommits) },
    senders: senders.filter(isKnown),
  }
}

function isKnown(name: string): boolean {
  return name !== 'stranger'
}

function byValue([a]: readonly [TraceValue, number], [b]: readonly [TraceValue, number]): number {
  return String(a) < String(b) ? -1 : 1
}
