/** Describes what can be seen of code while it runs, for traces. */

import type { Address } from '../ledger/transaction.ts'
import type { StateReader } from '../state/state.ts'
import type { Ending } from './halt.ts'

/** Told of a transaction or call while it runs; each part is told only if it is there. */
export interface Watcher {
  /** Whether instructions are told; code runs many times slower then. */
  readonly steps: boolean
  /** Before anything has happened, the purchase of gas included; the state shows what is so at each moment. */
  begin?(state: StateReader): void
  /** Before an instruction. What the step says holds only during the call. */
  step?(step: Step): void
  /** What the instruction told last has cost, the gas it gave a call included; its static cost if it had not enough. */
  cost?(gas: bigint): void
  /** Before the value of a call or creation moves. */
  enter?(call: FrameStart): void
  leave?(end: FrameEnd): void
  /** When all has happened. */
  end?(state: StateReader): void
}

/** An instruction that is about to run. */
export interface Step {
  readonly pc: number
  readonly op: number
  readonly gas: bigint
  /** 1 for the code that the transaction calls. */
  readonly depth: number
  readonly refund: bigint
  /** Whose storage is meant. */
  readonly address: Address
  /** Words on the stack. */
  readonly words: number
  /** The word so far below the top, 0 for the top. */
  word(below: number): bigint
  memory(): Uint8Array
  returnData(): Uint8Array
}

/** The opcode that opened a frame; the transaction's own is a CALL or a CREATE. */
export type FrameKind =
  | ('CALL' | 'CALLCODE' | 'DELEGATECALL' | 'STATICCALL')
  | ('CREATE' | 'CREATE2' | 'SELFDESTRUCT')

/** A call or creation that begins; a SELFDESTRUCT is told as a call of the heir that is over at once. */
export interface FrameStart {
  readonly kind: FrameKind
  readonly from: Address
  /** Whose code is called, or the contract that is made. */
  readonly to: Address
  /** Wei. */
  readonly value: bigint
  readonly gas: bigint
  readonly input: Uint8Array
}

/** How a call or creation ended. */
export interface FrameEnd extends Ending {
  readonly gasUsed: bigint
  readonly output: Uint8Array
}
