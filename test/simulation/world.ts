/** Holds what all nodes of a run share: time, chance, the network with its faults, and who watches. */

import { AppError } from '../../src/base/app-error.ts'
import { decodeMessage, encodeMessage } from '../../src/chain/consensus/message-codec.ts'
import type { SignatureCheck } from '../../src/chain/consensus/signatures.ts'
import { fakeValidators } from '../../src/chain/consensus/test-validators/fake-signatures.ts'
import { type Chance, chanceOf } from '../fuzz/chance.ts'
import { makeBlock, type SimulatedBlock } from './blocks.ts'
import { EventQueue } from './event-queue.ts'
import type { Message } from './message.ts'
import { Observer } from './observer.ts'
import { type Fault, nodesOf, type Plan, streams } from './plan.ts'
import { messageWords } from './words.ts'

/** Something that messages can be brought to. */
interface Receiver {
  receive(from: number, message: Message): void
}

/** One message in so many goes over the wire as bytes; all would take most of the time of a run. */
const encodedOneIn = 32

/** The shared part of a run. */
export class World {
  readonly plan: Plan
  readonly queue = new EventQueue()
  readonly check: SignatureCheck
  readonly observer: Observer
  /** The validator of each node. */
  readonly validators: readonly number[]
  /** By node. */
  readonly receivers: Receiver[] = []
  /** Hears everything that a node sends to all. */
  hears: (message: Message) => void = () => {}
  readonly #partitions: readonly Extract<Fault, { kind: 'partition' }>[]
  readonly #chances = new Map<string, Chance>()
  readonly #trace: ((line: string) => void) | undefined
  #blocks = 0
  #salts = 0
  #hash = 0x811c9dc5

  constructor(plan: Plan, trace?: (line: string) => void) {
    this.#trace = trace
    this.plan = plan
    this.check = fakeValidators(plan.weights)
    this.observer = new Observer(this.check, [...plan.twins, ...plan.liars])
    this.validators = nodesOf(plan)
    this.#partitions = plan.faults.filter((fault) => fault.kind === 'partition')
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  /** Whether the network has become what it promises to be. */
  get isCalm(): boolean {
    return this.nowMs >= this.plan.calmFromMs
  }

  /** What the run has been so far, as a number. */
  get hash(): number {
    return this.#hash >>> 0
  }

  chance(stream: Exclude<keyof typeof streams, 'plan'>): Chance {
    const known = this.#chances.get(stream) ?? chanceOf(this.plan.seed, streams[stream])
    this.#chances.set(stream, known)
    return known
  }

  after(ms: number, run: () => void): void {
    this.queue.at(this.nowMs + ms, run)
  }

  /** Numbers that make two signatures of the same bytes differ. */
  salt(): number {
    this.#salts += 1
    return this.#salts
  }

  newBlock(bornRound: number, isValid = true): SimulatedBlock {
    this.#blocks += 1
    return makeBlock(this.#blocks, bornRound, isValid)
  }

  /** Mixes what happened into the hash of the run (FNV-1a). */
  note(...numbers: readonly number[]): void {
    for (const number of numbers) this.#hash = Math.imul(this.#hash ^ (number | 0), 0x01000193)
  }

  /** Tells what happens at a node, if somebody wants to know. */
  tell(node: number, words: () => string): void {
    this.#trace?.(`${this.nowMs.toFixed(1).padStart(9)} ${node}: ${words()}`)
  }

  /** To all nodes but the sender; the liar is −1. */
  broadcast(from: number, message: Message): void {
    this.hears(message)
    for (let to = 0; to < this.receivers.length; to += 1) {
      if (to !== from) this.send(from, to, message)
    }
  }

  send(from: number, to: number, message: Message): void {
    const { plan } = this
    const chance = this.chance('network')
    if (this.isCalm) {
      this.#bring({ from, to, message, afterMs: 1 + chance.below(plan.deltaMs) })
      return
    }
    if (!this.#hears(from, to) || chance.below(100) < plan.lossPercent) return
    const copies = chance.below(100) < plan.doublePercent ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      const isSlow = chance.oneIn(8)
      const afterMs = 1 + chance.below(isSlow ? plan.longestDelayMs : plan.delayMs)
      const isSpoilt = chance.below(100) < plan.spoilPercent
      this.#bring({ from, to, message: isSpoilt ? this.#spoilt(message) : message, afterMs })
    }
  }

  /** Nothing takes longer than promised once the network is calm, whenever it was sent. */
  #bring(packet: {
    from: number
    to: number
    message: Message | undefined
    afterMs: number
  }): void {
    const { from, to, message, afterMs } = packet
    if (message === undefined) return
    const latestMs = Math.max(this.nowMs, this.plan.calmFromMs) + this.plan.deltaMs
    this.queue.at(Math.min(this.nowMs + afterMs, latestMs), () => {
      this.note(this.nowMs, from, to, message.kind.length)
      const brought = this.#overWire(message)
      this.tell(to, () => `from ${from} ${messageWords(message)}`)
      if (brought) this.receivers[to]?.receive(from, brought)
    })
  }

  #overWire(message: Message): Message | undefined {
    if (message.kind === 'sync' || !this.chance('network').oneIn(encodedOneIn)) return message
    return this.#decoded(encodeMessage(message))
  }

  #decoded(bytes: Uint8Array): Message | undefined {
    try {
      return decodeMessage(bytes)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.observer.count('refused bytes')
      return undefined
    }
  }

  /** A message with a byte changed, if that is a message at all. */
  #spoilt(message: Message): Message | undefined {
    if (message.kind === 'sync') return undefined
    const bytes = encodeMessage(message)
    const chance = this.chance('network')
    const at = chance.below(bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 << chance.below(8))
    return this.#decoded(bytes)
  }

  #hears(from: number, to: number): boolean {
    return this.#partitions.every(({ fromMs, toMs, groups, isOneWay }) => {
      if (this.nowMs < fromMs || this.nowMs >= toMs) return true
      const [there, here] = [groups[from] ?? -1, groups[to] ?? -1]
      if (there === here || there < 0 || here < 0) return true
      return isOneWay && here === 0
    })
  }
}
