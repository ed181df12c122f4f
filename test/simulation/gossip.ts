/** Brings messages to a node and tells the others what it has: checks, relays, answers, sync (consensus.md, sections 4.8 and 15). */

import { equalBytes } from '../../src/base/bytes.ts'
import { checkCertificate } from '../../src/chain/consensus/certificate.ts'
import type {
  Certificate,
  RoundState,
  SignedProposal,
  SignedVote,
} from '../../src/chain/consensus/messages.ts'
import { holdProposal, holdVote } from '../../src/chain/consensus/next-height.ts'
import { answerRoundState, roundStateOf } from '../../src/chain/consensus/round-state.ts'
import { isSignedProposal, isSignedVote } from '../../src/chain/consensus/signatures.ts'
import { readBlock } from './blocks.ts'
import type { Message } from './message.ts'
import type { SimulatedNode } from './node.ts'
import type { World } from './world.ts'

/** Time without progress after which a node says what it has, and between two answers to one node. */
const [quietMs, answerMs] = [500, 200]

/** The ears and the mouth of a node. */
export class Gossip {
  readonly #node: SimulatedNode
  readonly #world: World
  readonly #answeredMs = new Map<number, number>()
  readonly #askedMs = new Map<number, number>()
  #progress = ''
  /** Whom the last block came from, to be asked for more. */
  #source: number | undefined

  constructor(node: SimulatedNode) {
    this.#node = node
    this.#world = node.world
    node.onNewHeight = () => this.#onNewHeight()
  }

  receive(from: number, message: Message): void {
    if (!this.#node.isUp) return
    if (message.kind === 'vote') this.#vote(from, message.vote)
    else if (message.kind === 'proposal') this.#proposal(from, message.proposal, message.block)
    else if (message.kind === 'certificate') this.#certificate(from, message.certificate)
    else if (message.kind === 'round-state') this.#roundState(from, message.state)
    else if (message.kind === 'sync') this.#sync(from, message.block, message.certificate)
  }

  /** Says again and again what the node has while it gets no further; one row of these for each of its lives. */
  tick(): void {
    const node = this.#node
    const wait = quietMs * (0.8 + this.#world.chance('clocks').below(400) / 1_000)
    node.wait(wait, () => {
      const { height, round, step } = node.core
      const progress = `${height} ${round} ${step}`
      if (progress === this.#progress) this.#tellAll()
      this.#progress = progress
      this.tick()
    })
  }

  #onNewHeight(): void {
    if (this.#source === undefined) return
    this.#world.send(this.#node.id, this.#source, this.#state())
    this.#source = undefined
  }

  #vote(from: number, vote: SignedVote): void {
    const node = this.#node
    if (!this.#isNear(from, vote.height) || this.#isKnown(vote)) return
    if (!isSignedVote(vote, this.#world.check)) {
      this.#world.observer.count('refused signature')
      return
    }
    if (vote.height > node.height) {
      node.held = holdVote(node.held, vote)
      return
    }
    const before = node.core
    node.take({ kind: 'vote', vote })
    if (node.core !== before) this.#relay(from, { kind: 'vote', vote })
  }

  /** A vote whose twin is counted need not be checked. */
  #isKnown({ height, round, type, validatorIndex, signature }: SignedVote): boolean {
    const { core } = this.#node
    if (height !== core.height) return false
    const tally = core.tallies.find((one) => one.round === round)
    const votes = type === 'prevote' ? tally?.prevotes.votes : tally?.precommits.votes
    const known = votes?.[validatorIndex]
    return known !== undefined && equalBytes(known.signature, signature)
  }

  #proposal(from: number, proposal: SignedProposal, bytes: Uint8Array | undefined): void {
    const node = this.#node
    if (!this.#isNear(from, proposal.height)) return
    if (!isSignedProposal(proposal, this.#world.check)) {
      this.#world.observer.count('refused signature')
      return
    }
    const block = bytes && readBlock(bytes)
    const isPromised =
      block !== undefined &&
      equalBytes(block.partsRoot, proposal.partsRoot) &&
      equalBytes(block.value, proposal.value)
    if (proposal.height > node.height) {
      if (isPromised) node.blocks.set(block.value.toHex(), block)
      node.held = holdProposal(node.held, proposal)
      return
    }
    const before = node.core
    node.take({ kind: 'proposal', proposal })
    if (isPromised) node.takeBlock(block)
    if (node.core !== before) {
      this.#relay(from, { kind: 'proposal', proposal, ...(bytes && { block: bytes }) })
    }
  }

  #certificate(from: number, certificate: Certificate): void {
    const node = this.#node
    if (!this.#isNear(from, certificate.height) || certificate.height > node.height) return
    if (checkCertificate(certificate, this.#world.check).kind !== 'valid') {
      this.#world.observer.count('refused certificate')
      return
    }
    node.take({ kind: 'certificate', certificate })
  }

  /** Whoever is behind gets the block that it lacks; whoever is ahead is asked for one. */
  #roundState(from: number, theirs: RoundState): void {
    const node = this.#node
    const { nowMs, observer } = this.#world
    if (from < 0 || nowMs < (this.#answeredMs.get(from) ?? 0) + answerMs) return
    this.#answeredMs.set(from, nowMs)
    if (theirs.height > node.height) this.#ask(from)
    if (theirs.height >= 1n && theirs.height <= node.finalHeight) {
      const stored = node.disk.blocks.items[Number(theirs.height - 1n)]
      if (stored === undefined) return
      const { block, certificate } = stored
      this.#world.send(node.id, from, { kind: 'sync', block: block.bytes, certificate })
    }
    for (const message of answerRoundState(node.rules, node.core, theirs)) {
      observer.count('answer')
      this.#world.send(node.id, from, this.#withBlock(message))
    }
  }

  #withBlock(message: Message): Message {
    if (message.kind !== 'proposal') return message
    const block = this.#node.blocks.get(message.proposal.value.toHex())
    return block ? { ...message, block: block.bytes } : message
  }

  /** A final block of elsewhere: its certificate decides, once the block was found valid. */
  #sync(from: number, bytes: Uint8Array, certificate: Certificate): void {
    const node = this.#node
    const block = readBlock(bytes)
    const { value, height } = certificate
    if (height !== node.height || !value || !equalBytes(value, block.value)) return
    if (certificate.type !== 'commit') return
    if (checkCertificate(certificate, this.#world.check).kind !== 'valid') return
    this.#world.observer.count('sync')
    this.#source = from
    node.blocks.set(block.value.toHex(), block)
    node.takeChecked(block)
    if (node.height === height) node.take({ kind: 'certificate', certificate })
  }

  /** This height and the next are listened to; of later ones it is only noted that they exist. */
  #isNear(from: number, height: bigint): boolean {
    const { height: own } = this.#node
    if (height > own + 1n) this.#ask(from)
    if (height === own + 1n) this.#world.observer.count('held for the next height')
    return height === own || height === own + 1n
  }

  #ask(from: number): void {
    const { nowMs } = this.#world
    if (from < 0 || nowMs < (this.#askedMs.get(from) ?? 0) + answerMs) return
    this.#askedMs.set(from, nowMs)
    this.#world.send(this.#node.id, from, this.#state())
  }

  /** To all others, or to some where they are many. */
  #relay(from: number, message: Message): void {
    const { receivers } = this.#world
    const chance = this.#world.chance('network')
    for (let to = 0; to < receivers.length; to += 1) {
      if (to === from || to === this.#node.id) continue
      if (receivers.length <= 5 || chance.below(receivers.length) < 4) {
        this.#world.send(this.#node.id, to, message)
      }
    }
  }

  #tellAll(): void {
    this.#world.broadcast(this.#node.id, this.#state())
  }

  #state(): Message {
    return { kind: 'round-state', state: roundStateOf(this.#node.rules, this.#node.core) }
  }
}
