/** Says what a chaos run asks of a chain, simulated or of somebody else's node. */

import type { Hex } from '../../src/base/bytes.ts'
import type { Json } from '../../src/base/json-rpc.ts'
import type { Said } from './contract-words.ts'

/** What a node behind an endpoint sees of the chain. */
export interface View {
  /** Blocks that it has not heard of yet. */
  readonly lag: number
  /** Whether it is still on the branch that the last reorganisation left. */
  readonly isLeftBehind: boolean
}

/** A log of the contract, and whose transaction wrote it. */
export interface WrittenLog extends Said {
  readonly transactionHash: Hex
}

/** A chain whose life the run decides. */
export interface ChaosChain {
  readonly contract: Hex
  /** Answers JSON-RPC. @throws AppError `json-rpc/error` */
  answer(method: string, params: readonly Json[], view: View): Promise<Json>
  /** Brings out a transaction that deposits this amount, which no other one has. */
  deposit(amount: number): Promise<void>
  /** Somebody else who has the sender's key takes its next nonce. */
  takeNonce(): Promise<void>
  mine(): Promise<void>
  /** Takes blocks back, at most so many, and puts others in their place; some transactions come back, some never do. */
  reorganise(depth: number): Promise<number>
  /** What the contract's logs say, oldest first. */
  written(): Promise<readonly WrittenLog[]>
  stop(): Promise<void>
}
