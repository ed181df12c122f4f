/** Takes in what other validators say, and tells them what they lack. */

import { equalBytes } from '../../../base/bytes.ts'
import type { Hash } from '../../ledger/transaction.ts'
import type { BftPlace, BftState, PartMessage } from '../bft-state.ts'
import { certificateVotes, checkCertificate, withLateVote } from '../certificate.ts'
import type { Effect, Verdict } from '../consensus.ts'
import type { CoreInput } from '../core-state.ts'
import { invalid } from '../header-rules.ts'
import { limits } from '../limits.ts'
import type { ConsensusMessage, SignedProposal, SignedVote, ValidatorSet } from '../messages.ts'
import { partCountOf, partsOf } from '../parts.ts'
import { isSignedVote, type SignatureCheck } from '../signatures.ts'
import { encodeCertificate } from '../travelling-block.ts'
import { Ballot } from './ballot.ts'
import { EvidenceDesk } from './evidence-desk.ts'
import { type ArrivedBlock, arrivedFlight, expectBlock, takePart } from './flights.ts'

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

/** Parts that wait for their proposal: those of one block. */
const mostEarly = partCountOf(limits.maxBlockBytes)
/** Others are asked for a block once in this time, in ms. */
const askPauseMs = 500

/** The messages of one turn. */
export class Post {
  readonly #desk: Desk
  readonly #ballot: Ballot
  readonly evidence: EvidenceDesk

  constructor(desk: Desk) {
    this.#desk = desk
    this.evidence = new EvidenceDesk({
      ...{ effects: desk.effects, instance: 0, pool: () => desk.state.evidence },
      ...{ set: (evidence) => desk.set({ evidence }), check: () => desk.check() },
      ...{ ground: () => this.#evidenceGround(), setOf: (height) => this.#setOf(height) },
    })
    this.#ballot = new Ballot({
      ...{ effects: desk.effects, state: () => desk.state, set: (change) => desk.set(change) },
      ...{ core: (input) => desk.core(input), check: () => desk.check() },
      nextValidators: () => desk.place.nextSetAfter(desk.state.ground),
      ...{ behind: () => this.#wantBlock(), certified: () => desk.checkArrived() },
      help: (to, height) => void desk.effects.push({ kind: 'help', to, height }),
      spread: (proposal, to) => this.spread(proposal, to === undefined ? {} : { to }),
    })
  }

  /**
   * @param from - who gave it, or `self` for what this node has signed
   * @param signers - of the height of evidence, where the chain knows them
   */
  take(from: string, message: ConsensusMessage, signers?: ValidatorSet): void {
    switch (message.kind) {
      case 'proposal':
        if (this.#ballot.takeProposal(from, message.proposal)) {
          this.#expect(message.proposal, message.block)
        }
        return
      case 'part':
        this.#takePart(message)
        return
      case 'evidence':
        this.evidence.take(message.evidence, signers)
        return
      default:
        if (message.kind === 'vote') this.#takeLate(message.vote)
        this.#ballot.take(from, message)
    }
  }

  /** Says what this node has, so that others can give what it lacks. */
  retell(): void {
    const own = this.#ballot.retell()
    const { flights } = this.#desk.state
    if (own && arrivedFlight(flights, own.value)) this.spread(own, { isAgain: true })
  }

  /** Asks for the block of a height that others have decided. */
  askForBlock(): void {
    const { core, flights, nowMs, askedMs } = this.#desk.state
    const isMissing = ({ value }: { readonly value: Hash | undefined }) =>
      value !== undefined && arrivedFlight(flights, value) === undefined
    const lacks = core.decision
      ? isMissing(core.decision)
      : core.tallies.some(({ precommits }) =>
          precommits.choices.some((one) => one.isQuorum && isMissing(one)),
        )
    if (!lacks || nowMs < askedMs + askPauseMs) return
    this.#wantBlock()
  }

  #evidenceGround() {
    const { place, state } = this.#desk
    const { evidenceSeen: punished } = state.ground.derived
    return { punished, height: state.core.height, evidenceHeights: place.evidenceHeights }
  }

  #setOf(height: bigint): ValidatorSet | undefined {
    const { place, state } = this.#desk
    if (height === state.core.height) return state.rules.validators
    if (height === state.core.height + 1n) return place.nextSetAfter(state.ground)
    return undefined
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
    const check = { ...this.#desk.check(), validators: signers }
    const votes = own ? certificateVotes(own, signers.list.length) : undefined
    // Both are of this head: a vote of the same round has the same content.
    const verdict = checkCertificate(proof, check, ({ round, validatorIndex, signature }) => {
      const vote = votes?.find((one) => one.validatorIndex === validatorIndex)
      return vote?.round === round && equalBytes(vote.signature, signature)
    })
    return verdict.kind === 'valid' ? undefined : invalid('parent-proof', detailOf(verdict))
  }

  /** Who was slow to vote for the last block is in its certificate, too: it may be paid for that. */
  #takeLate(vote: SignedVote): void {
    const desk = this.#desk
    const { ground } = desk.state
    const { head, proof, signers } = ground
    if (vote.height !== head.number || vote.instance !== 0 || !proof || !signers) return
    const later = withLateVote(proof, vote, signers.list.length)
    if (later === undefined) return
    const isGood = isSignedVote(vote, { ...desk.check(), validators: signers })
    desk.effects.push({ kind: 'heard', as: isGood ? 'good' : 'bad-signature' })
    if (isGood) desk.set({ ground: { ...ground, proof: later } })
  }

  /** Parts that others carry may be faster than their proposal. */
  #takePart(part: PartMessage): void {
    const desk = this.#desk
    const { flights, early, core, held } = desk.state
    const next = takePart(flights, part)
    if (next !== flights) {
      desk.effects.push({ kind: 'heard', as: 'good' })
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
    const taken = parts.reduce<typeof flights>(takePart, flights)
    if (taken !== flights) desk.effects.push({ kind: 'heard', as: 'good' })
    desk.set({
      flights: taken,
      early: early.filter((part) => !isOfIt(part)),
    })
    desk.checkArrived()
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
