/** Puts one core through inputs in a few words, with a set whose members all sign. */

import { keccak256 } from '../../../crypto/keccak.ts'
import { newCore, stepCore } from '../bft-core.ts'
import { quorumCertificate } from '../certificate.ts'
import type { CoreEffect, CoreInput, CoreRules, CoreState, Timer } from '../core-state.ts'
import type { Certificate, SignedProposal, SignedVote, VoteType } from '../messages.ts'
import { fakeValidators, signProposal, signVote } from './fake-signatures.ts'

/** The value of a name. */
export function namedValue(name: string): Uint8Array {
  return keccak256(new TextEncoder().encode(name))
}

/** A value by its name; nothing is nil. */
type Name = string | undefined

/** One core of height 7; by default the second of four equal validators, and round r is proposed by r mod n. */
export class CoreBench {
  readonly check: ReturnType<typeof fakeValidators>
  readonly rules: CoreRules
  state: CoreState = newCore(7n)
  readonly #names = new Map<string, string>()

  /** @param self - below 0: only a follower */
  constructor(weights: readonly number[] = [1, 1, 1, 1], self = 1) {
    this.check = fakeValidators(weights)
    const { validators } = this.check
    const proposerOf = (round: number) => round % weights.length
    const place = self < 0 ? undefined : self
    this.rules = { instance: 0, validators, self: place, proposerOf }
  }

  /** Takes an input, and tells the effects in words. */
  put(input: CoreInput): readonly string[] {
    const { state, effects } = stepCore(this.rules, this.state, input)
    this.state = state
    return effects.map((effect) => this.word(effect))
  }

  start(): readonly string[] {
    return this.put({ kind: 'start' })
  }

  /** Votes of several for the same; the effects of all. */
  votes(type: VoteType, round: number, name: Name, voters: readonly number[]): readonly string[] {
    return voters.flatMap((voter) =>
      this.put({ kind: 'vote', vote: this.vote(type, round, name, voter) }),
    )
  }

  vote(type: VoteType, round: number, name: Name, voter: number, validRound = -1): SignedVote {
    const place = { instance: 0, height: 7n, round, validatorIndex: voter } as const
    return signVote({ ...place, type, validRound, value: this.#value(name) }, this.check)
  }

  certificate(type: VoteType, round: number, name: string, voters: readonly number[]): Certificate {
    const votes = voters.map((voter) => this.vote(type, round, name, voter))
    return quorumCertificate(votes, this.rules.validators.list.length)
  }

  /** A proposal of the round's proposer, whose value is known to be valid unless it is said to be new. */
  propose(round: number, name: string, validRound = -1): readonly string[] {
    const known = this.valid(name)
    return [
      ...known,
      ...this.put({ kind: 'proposal', proposal: this.proposal(round, name, validRound) }),
    ]
  }

  proposal(round: number, name: string, validRound = -1): SignedProposal {
    const value = this.#value(name) as Uint8Array
    const parts = { partsRoot: value, partCount: 1, byteLength: 1 }
    const place = {
      instance: 0,
      height: 7n,
      round,
      validatorIndex: this.rules.proposerOf(round),
    } as const
    return signProposal({ ...place, validRound, value, ...parts }, this.check)
  }

  valid(name: string, isValid = true, bornRound?: number): readonly string[] {
    const value = this.#value(name) as Uint8Array
    return this.put({ kind: 'value-checked', value, isValid, bornRound })
  }

  timeout(kind: Timer['kind'], round: number): readonly string[] {
    return this.put({ kind: 'timeout', timer: { kind, height: 7n, round } })
  }

  name(value: Uint8Array | undefined): string {
    return value === undefined ? 'nil' : (this.#names.get(value.toHex()) ?? '?')
  }

  word(effect: CoreEffect): string {
    switch (effect.kind) {
      case 'build':
        return `build ${effect.round}`
      case 'propose':
        return `propose ${effect.round} ${this.name(effect.value)} ${effect.validRound}${effect.polka ? ' with polka' : ''}`
      case 'vote': {
        const { type, round, value, validRound } = effect.vote
        return `${type} ${round} ${this.name(value)}${validRound < 0 ? '' : ` ${validRound}`}`
      }
      case 'schedule':
        return `time ${effect.timer.kind} ${effect.timer.round}`
      case 'send':
        return `send ${effect.certificate.type} ${effect.certificate.round}`
      case 'decide':
        return `decide ${effect.decision.round} ${this.name(effect.decision.value)}`
      case 'report':
        return `report ${effect.evidence.kind}`
      case 'consensus-failure':
        return `failure ${effect.round} ${this.name(effect.value)}`
    }
  }

  #value(name: Name): Uint8Array | undefined {
    if (name === undefined) return undefined
    const value = namedValue(name)
    this.#names.set(value.toHex(), name)
    return value
  }
}
