/** Takes in votes, proposals and certificates of one instance of the BFT core, whatever it decides, and answers who lacks some. */

import { equalBytes } from '../../../base/bytes.ts'
import { certificateVotes, checkCertificate } from '../certificate.ts'
import type { Effect } from '../consensus.ts'
import type { CoreInput, CoreRules, CoreState } from '../core-state.ts'
import type {
  Certificate,
  ConsensusMessage,
  RoundState,
  SignedProposal,
  SignedVote,
  ValidatorSet,
} from '../messages.ts'
import { type HeldMessages, holdProposal, holdVote } from '../next-height.ts'
import { answerRoundState, roundStateOf } from '../round-state.ts'
import { isSignedProposal, isSignedVote, type SignatureCheck } from '../signatures.ts'
import { tallyOf } from './rounds.ts'
import { votesOf } from './tally.ts'

/** What is remembered of the votes on something. */
export interface BallotState {
  /** The latest time that the engine was told. */
  readonly nowMs: number
  /** Of the present height. */
  readonly rules: CoreRules
  readonly core: CoreState
  /** Messages of the next height. */
  readonly held: HeldMessages
  /** When peers were last answered, the latest last. */
  readonly answered: readonly { readonly peer: string; readonly atMs: number }[]
}

/** The turn that a message is taken in. */
export interface BallotDesk {
  readonly effects: Effect[]
  state(): BallotState
  set(change: Partial<Pick<BallotState, 'held' | 'answered'>>): void
  core(input: CoreInput): void
  check(): SignatureCheck
  /** Who signs the next height. */
  nextValidators(): ValidatorSet
  /** Others have decided this height. */
  behind(): void
  /** A certificate has counted. */
  certified(): void
  /** Gives a peer that is behind what decided a height. */
  help(to: string, height: bigint): void
  /** Sends a proposal, with what belongs to it, to all or to one. */
  spread(proposal: SignedProposal, to?: string): void
}

/** A peer is answered once in this time, in ms; and so many are remembered. */
const [answerPauseMs, mostAnswered] = [200, 256]

/** The votes of one turn. */
export class Ballot {
  readonly #desk: BallotDesk

  constructor(desk: BallotDesk) {
    this.#desk = desk
  }

  /** Takes what is no proposal. @param from - who gave it, or `self` for what this node has signed */
  take(from: string, message: ConsensusMessage): void {
    if (message.kind === 'vote') this.#takeVote(from, message.vote)
    else if (message.kind === 'certificate') this.#takeCertificate(message.certificate)
    else if (message.kind === 'round-state') this.#answer(from, message.state)
  }

  /** Whether the proposal is good, and what belongs to it is of use. */
  takeProposal(from: string, proposal: SignedProposal): boolean {
    const desk = this.#desk
    const { rules, core, held } = desk.state()
    if (proposal.instance !== rules.instance || proposal.height < core.height) return false
    if (proposal.height > core.height + 1n) {
      desk.behind()
      return false
    }
    if (proposal.height === core.height) {
      const isKnown = core.proposals.some((one) => equalBytes(one.signature, proposal.signature))
      if (isKnown) return true
      if (from !== 'self' && !isSignedProposal(proposal, desk.check())) {
        this.#heard('bad-signature')
        return false
      }
      this.#tellCore({ kind: 'proposal', proposal })
      if (from === 'self') desk.spread(proposal)
      return true
    }
    const next = holdProposal(held, proposal)
    if (next !== held && !isSignedProposal(proposal, this.#nextCheck())) {
      this.#heard('bad-signature')
      return false
    }
    if (next !== held) this.#heard('good')
    desk.set({ held: next })
    return true
  }

  /** Says what this node has, so that others can give what it lacks; its own proposal of the round may have been lost. */
  retell(): SignedProposal | undefined {
    const { rules, core } = this.#desk.state()
    this.#broadcast({ kind: 'round-state', state: roundStateOf(rules, core) })
    return core.proposals.find(
      ({ round, validatorIndex }) => round === core.round && validatorIndex === rules.self,
    )
  }

  #takeVote(from: string, vote: SignedVote): void {
    const desk = this.#desk
    const { rules, core, held } = desk.state()
    if (vote.instance !== rules.instance) return
    if (vote.height === core.height) {
      if (this.#isKnown(vote)) return
      if (from !== 'self' && !isSignedVote(vote, desk.check())) {
        this.#heard('bad-signature')
        return
      }
      this.#tellCore({ kind: 'vote', vote })
      if (from === 'self') this.#broadcast({ kind: 'vote', vote })
    } else if (vote.height === core.height + 1n) {
      const next = holdVote(held, vote)
      if (next === held) return
      if (!isSignedVote(vote, this.#nextCheck())) {
        this.#heard('bad-signature')
        return
      }
      this.#heard('good')
      desk.set({ held: next })
    } else if (vote.height > core.height) desk.behind()
  }

  #takeCertificate(certificate: Certificate): void {
    const desk = this.#desk
    const { rules, core } = desk.state()
    if (certificate.instance !== rules.instance || certificate.height < core.height) return
    if (certificate.height > core.height) {
      desk.behind()
      return
    }
    if (this.#addsNothing(certificate)) return
    if (checkCertificate(certificate, desk.check()).kind !== 'valid') {
      this.#heard('bad-signature')
      return
    }
    this.#tellCore({ kind: 'certificate', certificate })
    desk.certified()
  }

  /** What changes nothing here is not passed on: of one signed message there can be any number of others. */
  #tellCore(input: CoreInput): void {
    const desk = this.#desk
    const { core } = desk.state()
    desk.core(input)
    if (desk.state().core !== core) this.#heard('good')
  }

  #answer(from: string, theirs: RoundState): void {
    const desk = this.#desk
    const { rules, core, answered, nowMs } = desk.state()
    if (theirs.instance !== rules.instance) return
    if (theirs.height > core.height) {
      desk.behind()
      return
    }
    const last = answered.find(({ peer }) => peer === from)
    if (last && nowMs < last.atMs + answerPauseMs) return
    const others = answered.filter(({ peer }) => peer !== from).slice(1 - mostAnswered)
    desk.set({ answered: [...others, { peer: from, atMs: nowMs }] })
    if (theirs.height < core.height) {
      desk.help(from, theirs.height)
      return
    }
    for (const message of answerRoundState(rules, core, theirs)) {
      if (message.kind === 'proposal') desk.spread(message.proposal, from)
      else desk.effects.push({ kind: 'broadcast', message, to: from })
    }
  }

  #isKnown({ round, type, validatorIndex, signature }: SignedVote): boolean {
    const tally = tallyOf(this.#desk.state().core, round)
    const known = tally && votesOf(tally, type).votes[validatorIndex]
    return known !== undefined && equalBytes(known.signature, signature)
  }

  /** Whether all votes of a certificate are here: most come by themselves. Whole it decides without the proposal, too. */
  #addsNothing(certificate: Certificate): boolean {
    const { rules, core } = this.#desk.state()
    if (certificate.type === 'commit' && core.decision === undefined) return false
    const votes = certificateVotes(certificate, rules.validators.list.length)
    return votes?.every((vote) => this.#isKnown(vote)) === true
  }

  #nextCheck(): SignatureCheck {
    return { ...this.#desk.check(), validators: this.#desk.nextValidators() }
  }

  #heard(as: 'good' | 'bad-signature'): void {
    this.#desk.effects.push({ kind: 'heard', as })
  }

  #broadcast(message: ConsensusMessage): void {
    this.#desk.effects.push({ kind: 'broadcast', message })
  }
}
