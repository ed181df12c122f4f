/** Describes a run of whole chains as its parts see it: what machines share, and what is known of each. */

import type { ChainEvent } from '../../../src/chain/chain.ts'
import type { ChainDerived } from '../../../src/chain/chain-derived.ts'
import type { ChainDriver } from '../../../src/chain/chain-driver.ts'
import type { ChainQuestion } from '../../../src/chain/chain-network.ts'
import type { ConsensusEngine, Input } from '../../../src/chain/consensus/consensus.ts'
import type { SignatureCheck } from '../../../src/chain/consensus/signatures.ts'
import type { Chance } from '../../fuzz/chance.ts'
import type { Observer } from '../observer.ts'
import type { streams } from '../plan.ts'
import type { ChainGround } from './chain-ground.ts'
import type { ChainPlan } from './chain-plan.ts'
import type { MachineDisk } from './machine-disk.ts'

/** What travels between machines. */
export type Parcel =
  /** Of consensus, in its own encoding. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array; readonly isPassedOn: boolean }
  | { readonly kind: 'transaction'; readonly bytes: Uint8Array }
  | { readonly kind: 'new-block'; readonly bytes: Uint8Array }
  | { readonly kind: 'status' | 'offer'; readonly bytes: Uint8Array }
  /** A decided block that nobody asked for, since its receiver is behind. */
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  /** Of the decided block of a height, unless it is another question. */
  | {
      readonly kind: 'ask'
      readonly question: ChainQuestion
      readonly bytes: Uint8Array
      readonly number: number
    }
  | {
      readonly kind: 'answer'
      readonly bytes: Uint8Array | undefined
      readonly number: number
    }

/** A machine, as others see it. */
export interface MachinePlace {
  readonly signingLog: string
  readonly id: number
  readonly validator: number
  readonly world: RunPlace
  /** Whether the rules bind it. */
  readonly isCorrect: boolean
  readonly height: bigint
  /** The last height, or instance of a committee, that is over for it. */
  readonly decided: bigint
  /** The chain, while the machine is up and has opened it. */
  readonly chain: ChainDriver | undefined
  /** What its engine remembers; absent when it is down. */
  readonly engineState: unknown
  readonly disk: MachineDisk
  /** What the guard's file held when this life began. */
  readonly guardAtStart: Uint8Array
  readonly links: {
    readonly isLinked: boolean
    peerCame(id: string): void
    peerWent(id: string): void
  }
  /** Its engine has taken a step. */
  watched(state: unknown): void
}

/** What the machines of a run share. */
export interface RunPlace {
  readonly plan: ChainPlan
  readonly ground: ChainGround
  readonly observer: Observer
  readonly machines: readonly MachinePlace[]
  /** The validator of each machine, by place in the first set. */
  readonly validators: readonly number[]
  readonly nowMs: number
  /** What signatures of a height, or an instance, are checked against. */
  checkAt(height: bigint): SignatureCheck
  /** The place of a validator of the first set in that of a height; below 0 where it is not in it. */
  placeAt(validator: number, height: bigint): number
  /** Whether a validator of the first set may break rules. */
  isFaulty(validator: number): boolean
  chance(stream: Exclude<keyof typeof streams, 'plan'>): Chance
  after(ms: number, run: () => void): void
  /** Numbers that make two signatures of the same bytes differ. */
  salt(): number
  /** Ends the run. */
  fail(error: unknown): void
  /** Tells what happens at a machine, if somebody wants to know. */
  tell(machine: number, words: () => string): void
  /** The engine of a machine, which is watched. */
  engineFor(machine: MachinePlace): ConsensusEngine<unknown>
  send(from: number, to: number, parcel: Parcel): void
  /** Whom a message of a machine does not reach, because its owner does not want it to. */
  straying(machine: MachinePlace): (to: number) => boolean
  /** A machine says something of consensus. */
  said(machine: MachinePlace, bytes: Uint8Array): void
  /** A machine has lost its chain. */
  forgot(machine: MachinePlace): void
  /** Its engine has taken a step. */
  stepped(machine: MachinePlace, state: unknown, input: Input | undefined): void
  /** A machine has opened its chain. */
  opened(machine: MachinePlace, derived: ChainDerived): void
  /** The chain of a machine has moved, and is on its disk. */
  moved(
    machine: MachinePlace,
    derived: ChainDerived,
    event: Extract<ChainEvent, { kind: 'head' }>,
  ): void
}
