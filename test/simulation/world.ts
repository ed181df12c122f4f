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
import { OverrunObserver } from './overrun-observer.ts'
import { nodesOf, type Plan, streams } from './plan.ts'
import { type Packet, Wires } from './wires.ts'
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
  readonly #wires: Wires<Message>
  readonly #chances = new Map<string, Chance>()
  readonly #trace: ((line: string) => void) | undefined
  #blocks = 0
  #salts = 0
  #hash = 0x811c9dc5

  constructor(plan: Plan, trace?: (line: string) => void) {
    this.#trace = trace
    this.plan = plan
    this.check = fakeValidators(plan.weights)
    const faulty = new Set([...plan.twins, ...plan.liars])
    this.observer = new (plan.isOverrun ? OverrunObserver : Observer)({
      checkAt: () => this.check,
      isFaulty: (validator) => faulty.has(validator),
    })
    this.validators = nodesOf(plan)
    this.#wires = new Wires(plan, {
      ...{ queue: this.queue, chance: this.chance('network') },
      spoilt: (message) => this.#spoilt(message),
      bring: (packet) => this.#bring(packet),
    })
  }

  get nowMs(): number {
    return this.queue.nowMs
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
    this.#wires.send(from, to, message)
  }

  #bring({ from, to, message }: Packet<Message>): void {
    this.note(this.nowMs, from, to, message.kind.length)
    const brought = this.#overWire(message)
    this.tell(to, () => `from ${from} ${messageWords(message)}`)
    if (brought) this.receivers[to]?.receive(from, brought)
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
}
