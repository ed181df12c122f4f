/** Feeds the core of an instance and does what all engines around it do with what it asks for: waits, signatures, news. */

import { stepCore } from '../bft-core.ts'
import type { RunningTimer } from '../bft-state.ts'
import type { Effect, SigningMemory, UnsignedMessage } from '../consensus.ts'
import type { CoreEffect, CoreInput, CoreRules, CoreState } from '../core-state.ts'
import { encodeLoggedPlace } from '../logged-core.ts'
import { proposalSignBytes, voteSignBytes } from '../sign-bytes.ts'
import type { SignatureCheck } from '../signatures.ts'
import { type Timeouts, timeoutMs } from '../timeouts.ts'

/** What is remembered of a core that is fed. */
export interface FedState {
  /** The latest time that the engine was told. */
  readonly nowMs: number
  readonly core: CoreState
  readonly timers: readonly RunningTimer[]
  /** When this node says what it has, unless it gets on before. */
  readonly retellMs: number
}

/** The turn that the core is fed in. */
export interface FeedDesk {
  readonly effects: Effect[]
  /** `retellMs`: time without progress after which a node says what it has. */
  readonly place: { readonly timeouts: Timeouts; readonly retellMs: number }
  state(): FedState
  rules(): CoreRules
  check(): SignatureCheck
  set(change: Partial<FedState>): void
  /** Does what is left of an effect. */
  perform(effect: OwnEffect): void
  /** The block that goes into the log with a signature for it. */
  blockOf(unsigned: UnsignedMessage): SigningMemory['block']
}

/** What is done otherwise by each engine. */
export type OwnEffect = Exclude<CoreEffect, { readonly kind: 'vote' | 'schedule' | 'send' }>

/** The core in one turn. */
export class CoreFeed {
  readonly #desk: FeedDesk

  constructor(desk: FeedDesk) {
    this.#desk = desk
  }

  /** Gives the core an input, and does what it asks for. */
  give(input: CoreInput): void {
    const desk = this.#desk
    const { core, nowMs } = desk.state()
    const { state, effects } = stepCore(desk.rules(), core, input)
    const hasMoved = state.round !== core.round || state.step !== core.step
    desk.set({ core: state })
    if (hasMoved) desk.set({ retellMs: nowMs + this.retellPauseMs() })
    for (const effect of effects) this.perform(effect)
  }

  perform(effect: CoreEffect): void {
    const desk = this.#desk
    switch (effect.kind) {
      case 'vote':
        this.sign({ kind: 'vote', content: effect.vote })
        return
      case 'schedule': {
        const { timer } = effect
        const { nowMs, timers } = desk.state()
        const dueMs = nowMs + timeoutMs(desk.place.timeouts, timer.kind, timer.round)
        const others = timers.filter((one) => one.timer.kind !== timer.kind)
        desk.set({ timers: [...others, { timer, dueMs }] })
        return
      }
      case 'send': {
        const { certificate } = effect
        desk.effects.push({ kind: 'broadcast', message: { kind: 'certificate', certificate } })
        return
      }
      default:
        desk.perform(effect)
    }
  }

  /** Ends the waits that are over. */
  ring(): void {
    const { timers, nowMs } = this.#desk.state()
    this.#desk.set({ timers: timers.filter(({ dueMs }) => dueMs > nowMs) })
    for (const { timer, dueMs } of timers) if (dueMs <= nowMs) this.give({ kind: 'timeout', timer })
  }

  sign(unsigned: UnsignedMessage): void {
    const desk = this.#desk
    const { core } = desk.state()
    const { chainKey, validators } = desk.check()
    const place = { chainKey, setHash: validators.hash }
    const signBytes =
      unsigned.kind === 'vote'
        ? voteSignBytes(unsigned.content, place)
        : proposalSignBytes(unsigned.content, place)
    const block = desk.blockOf(unsigned)
    desk.effects.push({
      ...{ kind: 'sign', unsigned, signBytes, validatorIndex: desk.rules().self ?? 0 },
      memory: { height: core.height, state: encodeLoggedPlace(core), ...(block && { block }) },
    })
  }

  /** Nodes do not all say at once what they have. */
  retellPauseMs(): number {
    const { retellMs } = this.#desk.place
    return retellMs + Math.floor((retellMs * ((this.#desk.rules().self ?? 0) % 5)) / 20)
  }
}
