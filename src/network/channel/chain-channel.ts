/** Carries the messages and questions of one chain over the links, and sees to it that each is checked and sent on once. */

import { AppError } from '../../base/app-error.ts'
import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { type Frame, type FrameHead, frameTypes } from '../link/frame.ts'
import type { ChainEntry } from '../link/hello.ts'
import type { QueueBounds } from '../link/send-queue.ts'
import type { Measures } from '../measures.ts'
import type {
  Channel,
  ChannelRules,
  CheckResult,
  Fault,
  Importance,
  MessageKind,
  PeerId,
  QuestionKind,
  SendOptions,
} from '../network.ts'
import { peerFaults } from '../peer-faults.ts'
import type { FrameTaker, Peer } from '../peers/peer.ts'
import { Member } from './member.ts'
import {
  decodeNeighbours,
  encodeNeighbours,
  isNeighbour,
  maxNeighboursBytes,
  neighboursKind,
} from './neighbours.ts'
import { Seen, type Sighting } from './seen.ts'

/** What a channel needs of the node. */
export interface ChannelSurroundings {
  /** Number by which others send to this channel. */
  readonly number: number
  readonly logger: Logger
  readonly measures: Measures
  readonly nowMs: () => number
  readonly timer: Timer
  readonly score: (peer: Peer, fault: Fault) => void
  /** Of the transactions of a peer that are being checked. */
  readonly relays: QueueBounds
  announce(): void
  left(): void
}

const usualDeadlineMs = 10_000
/** Links that come or go within this time are told together. */
const neighboursPauseMs = 50
const ignored: CheckResult = { kind: 'ignore' }
const nothing = new Uint8Array()

export class ChainChannel implements Channel, FrameTaker {
  readonly rules: ChannelRules
  readonly #around: ChannelSurroundings
  readonly #messages: ReadonlyMap<number, MessageKind>
  readonly #questions: ReadonlyMap<number, QuestionKind>
  readonly #members = new Map<PeerId, Member>()
  readonly #seen = new Seen()
  #isLeft = false
  #cancelTelling: (() => void) | undefined

  /** @throws AppError `network/bad-rules` when two kinds have one number */
  constructor(rules: ChannelRules, around: ChannelSurroundings) {
    this.rules = rules
    this.#around = around
    this.#messages = byNumber(rules.messages)
    this.#questions = byNumber(rules.questions)
  }

  get number(): number {
    return this.#around.number
  }

  peers(): readonly Member[] {
    return [...this.#members.values()]
  }

  member(id: PeerId): Member | undefined {
    return this.#members.get(id)
  }

  publish(kind: number, bytes: Uint8Array, options: SendOptions = {}): number {
    const rules = this.#kind(kind, bytes)
    const { name, known } = this.#seen.look(kind, bytes)
    const sighting = known ?? this.#seen.add(name, { by: [], from: [] })
    return this.#spread(rules, bytes, { sighting, ...options })
  }

  send(id: PeerId, kind: number, bytes: Uint8Array, options: SendOptions = {}): boolean {
    const rules = this.#kind(kind, bytes)
    const member = this.#members.get(id)
    return (
      member !== undefined &&
      this.#sendTo(member, rules, bytes, options.importance ?? rules.importance)
    )
  }

  async ask(
    id: PeerId,
    kind: number,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const rules = this.#questions.get(kind)
    if (rules === undefined || bytes.length > rules.maxBytes) throw unknownKind('question', kind)
    const member = this.#members.get(id)
    if (member === undefined) {
      const message = `the peer ${id} is not linked, or not on this chain; ask another one`
      throw new AppError({ code: 'network/no-peer', message, retry: 'now' })
    }
    const { peer } = member
    const { deadlineMs = usualDeadlineMs, outstanding = 1 } = rules
    const expired = () => this.#around.score(peer, peerFaults.noAnswer)
    const terms = { kind: this.#questionName(kind), outstanding, deadlineMs, expired, signal }
    return peer.questions.ask(terms, (number) => {
      this.#around.measures.sent(rules.name, bytes.length)
      const head = { channel: member.channel, kind, type: frameTypes.question, id: number }
      return peer.link.send(head, bytes, 'late')
    })
  }

  score(id: PeerId, fault: Fault): void {
    const member = this.#members.get(id)
    if (member) this.#around.score(member.peer, fault)
  }

  announce(): void {
    if (!this.#isLeft) this.#around.announce()
  }

  leave(): void {
    if (this.#isLeft) return
    this.#isLeft = true
    this.#cancelTelling?.()
    for (const { peer } of this.peers()) this.went(peer)
    this.#around.left()
  }

  /** Takes a peer in that is on this chain, or what it says anew. */
  came(peer: Peer, entry: ChainEntry): void {
    if (this.#isLeft) return
    const { nowMs, score } = this.#around
    const surroundings = { rules: this.rules, nowMs, score: (fault: Fault) => score(peer, fault) }
    const known = this.#members.get(peer.id)
    if (known?.peer === peer) known.renew(entry)
    else {
      const member = new Member(peer, entry, surroundings)
      this.#members.set(peer.id, member)
      this.#tellNeighbours()
      this.rules.peerCame?.(member)
    }
  }

  went(peer: Peer): void {
    const member = this.#members.get(peer.id)
    if (member === undefined || member.peer !== peer) return
    this.#members.delete(peer.id)
    this.#tellNeighbours()
    this.rules.peerWent?.(member)
  }

  limitOf(peer: Peer, { kind, type, id }: FrameHead): number | undefined {
    if (type === frameTypes.message) {
      return kind === neighboursKind ? maxNeighboursBytes : this.#messages.get(kind)?.maxBytes
    }
    const rules = this.#questions.get(kind)
    if (type === frameTypes.refusal) return rules && 0
    if (type === frameTypes.question) return rules?.maxBytes
    return rules && peer.questions.limitOf(id, rules.maxAnswerBytes)
  }

  receive(peer: Peer, frame: Frame): void | Promise<void> {
    // What was on its way when this node left the chain is not the peer's fault.
    if (this.#isLeft) return
    const { kind, type, id, bytes } = frame
    if (type === frameTypes.message && kind === neighboursKind) {
      this.#takeNeighbours(peer, bytes)
      return
    }
    if (type === frameTypes.message) return this.#message(peer, this.#kind(kind, bytes), bytes)
    if (type === frameTypes.question) return this.#question(peer, frame)
    const answer = type === frameTypes.answer ? bytes : undefined
    if (peer.questions.answer(id, this.#questionName(kind), answer)) {
      this.#around.measures.received(this.#questions.get(kind)?.name ?? '', bytes.length)
    } else this.#around.score(peer, peerFaults.unaskedAnswer)
  }

  #message(peer: Peer, rules: MessageKind, bytes: Uint8Array): void | Promise<void> {
    this.#around.measures.received(rules.name, bytes.length)
    if (!rules.isRelayed) {
      return settled(this.#check(peer, rules, bytes), (result) => {
        if (result.kind === 'reject') this.#around.score(peer, result.fault)
      })
    }
    const { serial } = peer.facts
    const { name, known } = this.#seen.look(rules.number, bytes)
    if (known !== undefined) {
      if (known.from.includes(serial)) this.#members.get(peer.id)?.repeated()
      else known.from.push(serial)
      if (!known.by.includes(serial)) known.by.push(serial)
      if (known.fault) this.#around.score(peer, known.fault)
      return
    }
    const isRelay = rules.importance === 'relay'
    if (isRelay && isFull(peer.relays, this.#around.relays)) {
      this.#around.measures.dropped(rules.name)
      return
    }
    const sighting: Sighting = { by: [serial], from: [serial] }
    this.#seen.add(name, sighting)
    const checked = settled(this.#check(peer, rules, bytes), (result) => {
      if (result.kind === 'ignore') this.#seen.forget(name)
      else if (result.kind === 'reject') this.#reject(sighting, result.fault)
      else this.#accept(peer, rules, { bytes, sighting, result })
    })
    if (!isRelay || checked === undefined) return checked
    // The link does not wait for it: votes are behind it.
    peer.relays.messages += 1
    peer.relays.bytes += bytes.length
    void checked.finally(() => {
      peer.relays.messages -= 1
      peer.relays.bytes -= bytes.length
    })
  }

  #accept(
    peer: Peer,
    rules: MessageKind,
    found: {
      readonly bytes: Uint8Array
      readonly sighting: Sighting
      readonly result: CheckResult & { readonly kind: 'accept' }
    },
  ): void {
    const { bytes, sighting, result } = found
    if (result.isNews !== false) this.#around.score(peer, peerFaults.news)
    this.#spread(rules, bytes, { sighting, ...result })
  }

  /** Scores all that brought it, those too that came while it was checked. */
  #reject(sighting: Sighting, fault: Fault): void {
    sighting.fault = fault
    for (const { peer } of this.peers()) {
      if (sighting.from.includes(peer.facts.serial)) this.#around.score(peer, fault)
    }
  }

  /** Runs the chain's check; a fault of ours must not count as one of the peer. */
  #check(peer: Peer, rules: MessageKind, bytes: Uint8Array): CheckResult | Promise<CheckResult> {
    const failed = (error: unknown) => {
      this.#around.logger.error(`the check of ${rules.name} failed`, { error })
      return ignored
    }
    try {
      const result = rules.check(peer.id, bytes)
      return result instanceof Promise ? result.catch(failed) : result
    } catch (error) {
      return failed(error)
    }
  }

  async #question(peer: Peer, { kind, id, bytes }: Frame): Promise<void> {
    const rules = this.#questions.get(kind)
    const member = this.#members.get(peer.id)
    if (rules === undefined || member === undefined) {
      this.#around.score(peer, peerFaults.outOfPlace)
      return
    }
    this.#around.measures.received(rules.name, bytes.length)
    const answer = await member.answering(rules, bytes, (error) =>
      this.#around.logger.error(`the answer to ${rules.name} failed`, { error }),
    )
    if (answer !== undefined && 'points' in answer) this.#around.score(peer, answer)
    const isAnswer = answer instanceof Uint8Array && answer.length <= rules.maxAnswerBytes
    const type = isAnswer ? frameTypes.answer : frameTypes.refusal
    const sent = isAnswer ? answer : nothing
    this.#around.measures.sent(rules.name, sent.length)
    peer.link.send({ channel: member.channel, kind, type, id }, sent, 'answer')
  }

  #spread(
    rules: MessageKind,
    bytes: Uint8Array,
    options: SendOptions & { readonly sighting: Sighting },
  ): number {
    const { sighting, importance = rules.importance, isRepeated = false } = options
    let count = 0
    const senders = this.peers().filter(({ peer }) => sighting.from.includes(peer.facts.serial))
    for (const member of this.#members.values()) {
      const { serial } = member.peer.facts
      const hasIt =
        sighting.by.includes(serial) ||
        senders.some(({ neighbours }) => isNeighbour(neighbours, member.id))
      if (hasIt && !isRepeated) continue
      if (!this.#sendTo(member, rules, bytes, importance)) continue
      count += 1
      if (!sighting.by.includes(serial)) sighting.by.push(serial)
    }
    return count
  }

  #sendTo(member: Member, rules: MessageKind, bytes: Uint8Array, importance: Importance): boolean {
    const head = { channel: member.channel, kind: rules.number, type: frameTypes.message, id: 0 }
    const isQueued = member.peer.link.send(head, bytes, importance)
    if (isQueued) this.#around.measures.sent(rules.name, bytes.length)
    else this.#around.measures.dropped(rules.name)
    return isQueued
  }

  /** Tells all whom this node is linked with, soon: several links often come at once. */
  #tellNeighbours(): void {
    if (this.#isLeft) return
    this.#cancelTelling ??= this.#around.timer.after(neighboursPauseMs, () => {
      this.#cancelTelling = undefined
      const bytes = encodeNeighbours([...this.#members.keys()])
      for (const { channel, peer } of this.peers()) {
        const head = { channel, kind: neighboursKind, type: frameTypes.message, id: 0 }
        peer.link.send(head, bytes, 'current')
      }
    })
  }

  #takeNeighbours(peer: Peer, bytes: Uint8Array): void {
    const member = this.#members.get(peer.id)
    const neighbours = decodeNeighbours(bytes)
    if (neighbours === undefined) this.#around.score(peer, peerFaults.badEncoding)
    else if (member) member.neighbours = neighbours
  }

  #kind(kind: number, bytes: Uint8Array): MessageKind {
    const rules = this.#messages.get(kind)
    if (rules === undefined || bytes.length > rules.maxBytes) throw unknownKind('message', kind)
    return rules
  }

  #questionName(kind: number): string {
    return `${this.number} ${kind}`
  }
}

function isFull(held: QueueBounds, most: QueueBounds): boolean {
  return held.messages >= most.messages || held.bytes >= most.bytes
}

/** Goes on with a result at once, or when it is there. */
function settled(
  result: CheckResult | Promise<CheckResult>,
  goOn: (result: CheckResult) => void,
): void | Promise<void> {
  return result instanceof Promise ? result.then(goOn) : goOn(result)
}

function byNumber<Kind extends { readonly number: number }>(kinds: readonly Kind[]) {
  const map = new Map(kinds.map((kind) => [kind.number, kind]))
  const isRight = kinds.every(
    ({ number }) => Number.isInteger(number) && number >= 0 && number < neighboursKind,
  )
  if (isRight && map.size === kinds.length) return map
  const message = 'each kind of a chain needs a number of its own from 0 to 254'
  throw new AppError({ code: 'network/bad-rules', message })
}

function unknownKind(what: string, kind: number): AppError {
  const message = `a ${what} of kind ${kind} is not among the chain's kinds, or over its limit`
  return new AppError({ code: 'network/bad-message', message })
}
