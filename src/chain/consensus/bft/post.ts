/** Takes in what other validators say, and tells them what they lack. */

import { equalBytes } from '../../../base/bytes.ts'
import type { Hash } from '../../ledger/transaction.ts'
import type { BftPlace, BftState, PartMessage } from '../bft-state.ts'
import { certificateVotes, checkCertificate } from '../certificate.ts'
import type { Effect, Verdict } from '../consensus.ts'
import type { CoreInput } from '../core-state.ts'
import { evidenceId } from '../evidence.ts'
import { invalid } from '../header-rules.ts'
import { limits } from '../limits.ts'
import type {
  Certificate,
  ConsensusMessage,
  RoundState,
  SignedProposal,
  SignedVote,
} from '../messages.ts'
import { holdProposal, holdVote } from '../next-height.ts'
import { partCountOf, partsOf } from '../parts.ts'
import { answerRoundState, roundStateOf } from '../round-state.ts'
import { isSignedProposal, isSignedVote, type SignatureCheck } from '../signatures.ts'
import { encodeCertificate } from '../travelling-block.ts'
import { type ArrivedBlock, arrivedFlight, expectBlock, takePart } from './flights.ts'
import { tallyOf } from './rounds.ts'
import { votesOf } from './tally.ts'

/** The turn that a message is taken in. */
export interface Desk {
  readonly place: BftPlace
  readonly effects: Effect[]
  readonly state: BftState
  readonly isNeeded: (value: Hash) => boolean
  set(change: Partial<BftState>): void
  core(input: CoreInput): void
  check(): SignatureCheck
  checkArrived(): void
}

/** To one, or to all once more. */
type Way = Pick<Extract<Effect, { kind: 'broadcast' }>, 'to' | 'isAgain'>

/** A peer is answered once in this time, in ms; and so many are remembered. */
const [answerPauseMs, mostAnswered] = [200, 256]
/** Parts that wait for their proposal: those of one block. */
const mostEarly = partCountOf(limits.maxBlockBytes)
/** Others are asked for a block once in this time, in ms. */
const askPauseMs = 500

/** The messages of one turn. */
export class Post {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** @param from - who gave it, or `self` for what this node has signed */
  take(from: string, message: ConsensusMessage): void {
    switch (message.kind) {
      case 'vote':
        this.#takeVote(from, message.vote)
        return
      case 'proposal':
        this.#takeProposal(from, message.proposal, message.block)
        return
      case 'part':
        this.#takePart(message)
        return
      case 'certificate':
        this.#takeCertificate(message.certificate)
        return
      case 'round-state':
        this.#answer(from, message.state)
        return
      // What one validator saw goes into a block that it proposes.
      case 'evidence':
    }
  }

  /** Says what this node has, so that others can give what it lacks. */
  retell(): void {
    const { rules, core, flights } = this.#desk.state
    this.#broadcast({ kind: 'round-state', state: roundStateOf(rules, core) })
    const own = core.proposals.find(
      ({ round, validatorIndex }) => round === core.round && validatorIndex === rules.self,
    )
    if (own && arrivedFlight(flights, own.value)) this.spread(own, { isAgain: true })
  }

  /** Asks for the block of a height that others have decided. */
  askForBlock(): void {
    const { core, flights, nowMs, askedMs } = this.#desk.state
    const isMissing = ({ value }: { readonly value: Hash | undefined }) =>
      value !== undefined && arrivedFlight(flights, value) === undefined
    const lacks = core.tallies.some(({ precommits }) =>
      precommits.choices.some((one) => one.isQuorum && isMissing(one)),
    )
    if (!lacks || core.decision || nowMs < askedMs + askPauseMs) return
    this.#wantBlock()
  }

  /** Evidence that is not on the chain yet. */
  unreported(known: readonly string[]): BftState['evidence'] {
    const { rules, evidence } = this.#desk.state
    return evidence.filter((one) => !known.includes(evidenceId(one, rules.validators).toHex()))
  }

  /** What is wrong with the certificate of the parent that a block brings; its bytes are those that the record names. */
  proofFault({ parentProof: proof, record }: ArrivedBlock): Verdict | undefined {
    const { head, signers, proof: own } = this.#desk.state.ground
    if (signers === undefined) {
      return proof && invalid('parent-proof', 'the first block needs no certificate of its parent')
    }
    if (proof === undefined) return invalid('parent-proof', 'there is none')
    const isOfHead = proof.type === 'commit' && proof.instance === 0 && proof.height === head.number
    if (!isOfHead || !proof.value || !equalBytes(proof.value, head.hash)) {
      return invalid('parent-proof', 'it is of another block')
    }
    if (!equalBytes(proof.signers, record.parentSigners)) {
      return invalid('parent-proof', 'the record names other signers')
    }
    if (own && equalBytes(encodeCertificate(own), encodeCertificate(proof))) return undefined
    const verdict = checkCertificate(proof, { ...this.#desk.check(), validators: signers })
    return verdict.kind === 'valid' ? undefined : invalid('parent-proof', detailOf(verdict))
  }

  #takeVote(from: string, vote: SignedVote): void {
    const desk = this.#desk
    const { core, held } = desk.state
    if (vote.instance !== 0) return
    if (vote.height === core.height) {
      if (this.#isKnown(vote)) return
      if (from !== 'self' && !isSignedVote(vote, desk.check())) {
        this.#heard('bad-signature')
        return
      }
      this.#heard('good')
      desk.core({ kind: 'vote', vote })
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
    } else if (vote.height > core.height) this.#wantBlock()
  }

  #takeProposal(from: string, proposal: SignedProposal, block: Uint8Array | undefined): void {
    const desk = this.#desk
    const { core, held } = desk.state
    if (proposal.instance !== 0) return
    if (proposal.height === core.height) {
      const isKnown = core.proposals.some((one) => equalBytes(one.signature, proposal.signature))
      if (!isKnown) {
        if (from !== 'self' && !isSignedProposal(proposal, desk.check())) {
          this.#heard('bad-signature')
          return
        }
        this.#heard('good')
        desk.core({ kind: 'proposal', proposal })
        if (from === 'self') this.spread(proposal)
      }
    } else if (proposal.height === core.height + 1n) {
      const next = holdProposal(held, proposal)
      if (next !== held && !isSignedProposal(proposal, this.#nextCheck())) {
        this.#heard('bad-signature')
        return
      }
      if (next !== held) this.#heard('good')
      desk.set({ held: next })
    } else {
      if (proposal.height > core.height) this.#wantBlock()
      return
    }
    this.#expect(proposal, block)
  }

  /** Parts that others carry may be faster than their proposal. */
  #takePart(part: PartMessage): void {
    const desk = this.#desk
    const { flights, early, core, held } = desk.state
    const next = takePart(flights, part)
    if (next !== flights) {
      this.#heard('good')
      desk.set({ flights: next })
      desk.checkArrived()
      return
    }
    const { height, round, index } = part
    if (height !== core.height && height !== core.height + 1n) return
    const { proposals } = height === core.height ? core : held
    const isKnown = early.some(
      (one) => one.height === height && one.round === round && one.index === index,
    )
    const isEarly = !isKnown && proposals.every((one) => one.round !== round)
    if (isEarly && early.length < mostEarly) desk.set({ early: [...early, part] })
  }

  /** Makes room for the block of a proposal that counts. */
  #expect(proposal: SignedProposal, block: Uint8Array | undefined): void {
    const desk = this.#desk
    if (!desk.isNeeded(proposal.value)) return
    const flights = expectBlock(desk.state.flights, proposal, desk.isNeeded)
    const { height, round } = proposal
    const isOfIt = (part: PartMessage) => part.height === height && part.round === round
    const { early } = desk.state
    const whole = block && { index: 0, bytes: block, path: [] }
    const parts = [...(whole ? [whole] : []), ...early.filter(isOfIt)]
    desk.set({
      flights: parts.reduce<typeof flights>(takePart, flights),
      early: early.filter((part) => !isOfIt(part)),
    })
    desk.checkArrived()
  }

  #takeCertificate(certificate: Certificate): void {
    const desk = this.#desk
    const { core } = desk.state
    if (certificate.instance !== 0 || certificate.height < core.height) return
    if (certificate.height > core.height) {
      this.#wantBlock()
      return
    }
    if (this.#addsNothing(certificate)) return
    if (checkCertificate(certificate, desk.check()).kind !== 'valid') {
      this.#heard('bad-signature')
      return
    }
    this.#heard('good')
    desk.core({ kind: 'certificate', certificate })
    desk.checkArrived()
  }

  #answer(from: string, theirs: RoundState): void {
    const desk = this.#desk
    const { rules, core, answered, nowMs } = desk.state
    if (theirs.instance !== 0) return
    if (theirs.height > core.height) {
      this.#wantBlock()
      return
    }
    const last = answered.find(({ peer }) => peer === from)
    if (last && nowMs < last.atMs + answerPauseMs) return
    const others = answered.filter(({ peer }) => peer !== from).slice(1 - mostAnswered)
    desk.set({ answered: [...others, { peer: from, atMs: nowMs }] })
    if (theirs.height < core.height) {
      desk.effects.push({ kind: 'help', to: from, height: theirs.height })
      return
    }
    for (const message of answerRoundState(rules, core, theirs)) {
      if (message.kind === 'proposal') this.spread(message.proposal, { to: from })
      else desk.effects.push({ kind: 'broadcast', message, to: from })
    }
  }

  /** Sends a proposal with its block: at once if that has one part, else part by part. */
  spread(proposal: SignedProposal, way: Way = {}): void {
    const { height, round, value } = proposal
    const bytes = arrivedFlight(this.#desk.state.flights, value)?.arrived?.bytes
    const { parts } = bytes ? partsOf(bytes) : { parts: [] }
    const isWhole = parts.length === 1 && bytes !== undefined
    this.#broadcast({ kind: 'proposal', proposal, ...(isWhole && { block: bytes }) }, way)
    if (isWhole) return
    for (const part of parts) this.#broadcast({ kind: 'part', height, round, ...part }, way)
  }

  #isKnown({ round, type, validatorIndex, signature }: SignedVote): boolean {
    const tally = tallyOf(this.#desk.state.core, round)
    const known = tally && votesOf(tally, type).votes[validatorIndex]
    return known !== undefined && equalBytes(known.signature, signature)
  }

  /** Whether all votes of a certificate are here: most come by themselves. */
  #addsNothing(certificate: Certificate): boolean {
    const { rules } = this.#desk.state
    const votes = certificateVotes(certificate, rules.validators.list.length)
    return votes?.every((vote) => this.#isKnown(vote)) === true
  }

  #nextCheck(): SignatureCheck {
    const { place, state } = this.#desk
    return { ...this.#desk.check(), validators: place.nextSetAfter(state.ground) }
  }

  #heard(as: 'good' | 'bad-signature'): void {
    this.#desk.effects.push({ kind: 'heard', as })
  }

  #wantBlock(): void {
    const desk = this.#desk
    const { core, nowMs, askedMs } = desk.state
    if (nowMs < askedMs + askPauseMs) return
    desk.set({ askedMs: nowMs })
    desk.effects.push({ kind: 'want-block', height: core.height })
  }

  #broadcast(message: ConsensusMessage, way: Way = {}): void {
    this.#desk.effects.push({ kind: 'broadcast', message, ...way })
  }
}

function detailOf(verdict: Verdict): string {
  return verdict.kind === 'invalid' ? `${verdict.rule}: ${verdict.detail}` : verdict.kind
}
