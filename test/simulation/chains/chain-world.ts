/** Holds what all machines of a run share: time, chance, the wires, what the chain is, and who watches. */

import { equalBytes } from '../../../src/base/bytes.ts'
import type { ChainEvent } from '../../../src/chain/chain.ts'
import type { ChainDerived } from '../../../src/chain/chain-derived.ts'
import type { ConsensusEngine, Input } from '../../../src/chain/consensus/consensus.ts'
import { decodeMessage, encodeMessage } from '../../../src/chain/consensus/message-codec.ts'
import type { ConsensusMessage } from '../../../src/chain/consensus/messages.ts'
import type { SignatureCheck } from '../../../src/chain/consensus/signatures.ts'
import { type Chance, chanceOf } from '../../fuzz/chance.ts'
import { EventQueue } from '../event-queue.ts'
import { Observer, PropertyFailure } from '../observer.ts'
import { streams } from '../plan.ts'
import { type Packet, Wires } from '../wires.ts'
import { messageWords } from '../words.ts'
import type { ChainGround } from './chain-ground.ts'
import { type ChainPlan, machinesOf } from './chain-plan.ts'
import { ChainWatch } from './chain-watch.ts'
import { watchedEngine } from './engine-watch.ts'
import { FinalWatch } from './final-watch.ts'
import { Machine } from './machine.ts'
import type { MachinePlace, Parcel, RunPlace } from './places.ts'
import { PromiseWatch } from './promise-watch.ts'
import { Stranger } from './stranger.ts'

/** The shared part of a run. */
export class ChainWorld implements RunPlace {
  readonly plan: ChainPlan
  readonly ground: ChainGround
  readonly queue = new EventQueue()
  readonly observer: Observer
  readonly watch: ChainWatch
  readonly finals: FinalWatch
  readonly promises: PromiseWatch
  readonly stranger: Stranger
  /** The validator of each machine, by place in the first set. */
  readonly validators: readonly number[]
  readonly machines: readonly Machine[]
  /** Hears everything that is said to all. */
  hears: (message: ConsensusMessage) => void = () => {}
  /** The first thing that was wrong. */
  failure: Error | undefined
  readonly #wires: Wires<Parcel>
  readonly #chances = new Map<string, Chance>()
  readonly #trace: ((line: string) => void) | undefined
  readonly #faulty: ReadonlySet<number>
  #salts = 0
  #hash = 0x811c9dc5

  constructor(plan: ChainPlan, ground: ChainGround, trace?: (line: string) => void) {
    this.plan = plan
    this.ground = ground
    this.#trace = trace
    this.#faulty = new Set([...plan.twins, ...plan.liars])
    this.observer = new Observer({
      checkAt: (height) => this.checkAt(height),
      isFaulty: (place, height) => this.isFaulty(this.validatorAt(place, height)),
    })
    this.watch = new ChainWatch(this)
    this.finals = new FinalWatch(this, (height, set) => this.watch.learn(height, set))
    this.promises = new PromiseWatch(this)
    this.stranger = new Stranger(this)
    this.validators = machinesOf(plan)
    this.#wires = new Wires(plan, {
      ...{ queue: this.queue, chance: this.chance('network') },
      spoilt: (parcel) => this.#spoilt(parcel),
      bring: (packet) => this.#bring(packet),
    })
    this.machines = this.validators.map((_, id) => new Machine(id, this))
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  /** What the run has been so far, as a number. */
  get hash(): number {
    return this.#hash >>> 0
  }

  /** Whether a validator of the first set may break rules. */
  isFaulty(validator: number): boolean {
    return this.#faulty.has(validator)
  }

  /** The validator of the first set that has a place in the set of a height. */
  validatorAt(place: number, height: bigint): number {
    const { members } = this.ground
    const address = this.watch.setAt(height).list[place]?.address
    return members.findIndex((one) => address !== undefined && equalBytes(one.address, address))
  }

  /** Its place in the set of a height; below 0 where it is not in it. */
  placeAt(validator: number, height: bigint): number {
    const own = this.ground.members[validator]?.address ?? new Uint8Array()
    return this.watch.setAt(height).list.findIndex(({ address }) => equalBytes(address, own))
  }

  /** What signatures of a height are checked against. */
  checkAt(height: bigint): SignatureCheck {
    const { ground, watch } = this
    return { chainKey: ground.key, schemes: ground.schemes, validators: watch.setAt(height) }
  }

  /** The engine of a machine, which is watched. */
  engineFor(machine: MachinePlace): ConsensusEngine<unknown> {
    return watchedEngine(this.ground.engine, machine)
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

  /** Ends the run. */
  fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error))
  }

  /** Mixes what happened into the hash of the run (FNV-1a). */
  note(...numbers: readonly number[]): void {
    for (const number of numbers) this.#hash = Math.imul(this.#hash ^ (number | 0), 0x01000193)
  }

  /** Tells what happens at a machine, if somebody wants to know. */
  tell(machine: number, words: () => string): void {
    this.#trace?.(`${this.nowMs.toFixed(1).padStart(9)} ${machine}: ${words()}`)
  }

  send(from: number, to: number, parcel: Parcel): void {
    this.#wires.send(from, to, parcel)
  }

  /** Brings a message of the liar. */
  lie(to: number, message: ConsensusMessage): void {
    this.send(-1, to, { kind: 'message', bytes: encodeMessage(message), isPassedOn: true })
  }

  /** Whom a message of a machine does not reach, because its owner does not want it to. */
  straying({ validator }: MachinePlace): (to: number) => boolean {
    if (!this.plan.liars.includes(validator)) return () => false
    const chance = this.chance('byzantine')
    const kind = chance.below(4)
    return () => kind === 0 || (kind === 1 && chance.oneIn(2))
  }

  /** A machine says something of consensus. */
  said(machine: MachinePlace, bytes: Uint8Array): void {
    const message = decodeMessage(bytes)
    this.tell(machine.id, () => `says ${messageWords(message)}`)
    this.watch.said(machine, message)
    this.hears(message)
    if (machine.isCorrect) this.stranger.hears(message)
  }

  /** A machine has lost its chain. */
  forgot(machine: MachinePlace): void {
    this.finals.forgot(machine)
  }

  /** The engine of a machine has taken a step. */
  stepped(machine: MachinePlace, state: unknown, input: Input | undefined): void {
    this.finals.stepped(machine, state)
    this.promises.stepped(machine, state)
    if (input?.kind === 'message') this.stranger.stepped(machine, state, input.message)
  }

  /** A machine has opened its chain. */
  opened(machine: MachinePlace, derived: ChainDerived): void {
    this.#guarded(() => this.watch.opened(machine, derived))
  }

  /** The chain of a machine has moved, and is on its disk. */
  moved(
    machine: MachinePlace,
    derived: ChainDerived,
    event: Extract<ChainEvent, { kind: 'head' }>,
  ): void {
    this.#guarded(() => {
      this.watch.moved(machine, derived, event)
      this.finals.moved(machine, event)
      this.promises.moved(machine)
    })
  }

  /** Listeners are called where errors are only logged. */
  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fail(error)
    }
  }

  #bring(packet: Packet<Parcel>): void {
    const { from, to, message } = packet
    const bytes = 'bytes' in message ? message.bytes : undefined
    this.note(this.nowMs, from, to, message.kind.length, bytes?.length ?? 0, bytes?.at(-1) ?? 0)
    this.tell(to, () => `from ${from} ${parcelWords(message)}`)
    this.machines[to]?.links.receive(packet)
  }

  #spoilt(parcel: Parcel): Parcel | undefined {
    if (!('bytes' in parcel) || parcel.bytes === undefined) return undefined
    const chance = this.chance('network')
    const bytes = parcel.bytes.slice()
    const at = chance.below(bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 << chance.below(8))
    return { ...parcel, bytes }
  }
}

function parcelWords(parcel: Parcel): string {
  if (parcel.kind !== 'message') return parcel.kind
  try {
    return messageWords(decodeMessage(parcel.bytes))
  } catch {
    return 'a spoilt message'
  }
}

/** Whether an error is a property that does not hold. */
export function propertyOf(error: Error): string {
  return error instanceof PropertyFailure ? error.property : 'error'
}
