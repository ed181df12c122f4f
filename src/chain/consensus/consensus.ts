/** Describes the one interface of all consensus engines: pure, from inputs to effects. */

import type { Block, Header } from '../ledger/block.ts'
import type { Address, Hash } from '../ledger/transaction.ts'

/** Engines by name; more come with networks of several nodes. */
export type EngineName = 'dev' | 'ethereum'

/** Names a request of an engine, until it is answered or cancelled. */
export type RequestId = number

/** What a check of something from outside gives back. */
export type Verdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'too-early'; readonly retryAtMs: number }
  | { readonly kind: 'invalid'; readonly rule: string; readonly detail: string }

/** The end of a chain, as fork choice sees it. */
export interface HeadSummary {
  readonly number: bigint
  readonly hash: Hash
  readonly parent: Hash
  readonly timestampMs: bigint
  readonly finalNumber: bigint
  /** Difficulties up to it, added up; absent where they do not count. */
  readonly totalWork?: bigint | undefined
}

/** A header that another one stands on. */
export interface ParentHeader extends Header {
  /** Difficulties up to it, added up; absent where they do not count. */
  readonly totalWork?: bigint | undefined
}

/** The fields of a header that the engine decides; the rest comes from running the transactions. */
export interface HeaderDraft {
  readonly beneficiary: Address
  /** Seconds. */
  readonly timestamp: bigint
  readonly mixHash: Hash
  readonly extraData: Uint8Array
  readonly difficulty: bigint
  readonly nonce: Uint8Array
  readonly parentBeaconBlockRoot?: Hash | undefined
  /** Development only: other values than follow from the parent. */
  readonly gasLimit?: bigint
  readonly baseFeePerGas?: bigint
}

/** Fields of a block that were chosen from outside; what is absent follows the rules. */
export type BlockShape = Partial<
  Pick<HeaderDraft, 'beneficiary' | 'timestamp' | 'mixHash' | 'gasLimit' | 'baseFeePerGas'>
>

/** What the driver tells an engine. */
export type Input =
  | { readonly kind: 'tick'; readonly nowMs: number }
  | { readonly kind: 'block-built'; readonly request: RequestId; readonly hash: Hash }
  /** The block could not be built or stored; the engine may ask again. */
  | { readonly kind: 'build-failed'; readonly request: RequestId; readonly nowMs: number }
  | {
      readonly kind: 'block-imported'
      readonly head: HeadSummary
      readonly header: Header
      readonly nowMs: number
    }
  /** The pool holds transactions that the next block can take. */
  | { readonly kind: 'work-waiting'; readonly count: number; readonly nowMs: number }
  /** A block is wanted now (leap). */
  | { readonly kind: 'seal-now'; readonly nowMs: number }
  /** Development only: another pace, or another distance from the machine's clock. */
  | { readonly kind: 'set-block-time'; readonly blockTimeMs: number; readonly nowMs: number }
  | { readonly kind: 'shift-time'; readonly seconds: bigint; readonly nowMs: number }
  /** Development only: it is this second now. */
  | { readonly kind: 'set-time'; readonly timestamp: bigint; readonly nowMs: number }
  /** Development only: whether each transaction gets a block at once. */
  | { readonly kind: 'set-automine'; readonly on: boolean }
  /** Development only: who gets the fees of all blocks to come, and what else the next block has. */
  | { readonly kind: 'shape-next'; readonly shape: BlockShape }

/** What an engine asks of the driver, in order. */
export type Effect =
  | {
      readonly kind: 'build-block'
      readonly request: RequestId
      readonly on: Hash
      readonly draft: HeaderDraft
      /** The block should be built by then; what is left in the pool waits. */
      readonly deadlineMs: number
    }
  | { readonly kind: 'cancel'; readonly request: RequestId }
  /** One alarm; a new one replaces it. */
  | { readonly kind: 'wake-at'; readonly atMs: number }
  | { readonly kind: 'set-head'; readonly hash: Hash; readonly finalNumber: bigint }
  /** Blocks up to this one are final. */
  | { readonly kind: 'set-final'; readonly number: bigint }

/** A new state and what is to be done. */
export interface Step<S> {
  readonly state: S
  readonly effects: readonly Effect[]
}

/** What an engine starts from. */
export interface StartOptions {
  readonly head: HeadSummary
  readonly header: Header
  /** Where fees go. */
  readonly beneficiary: Address
  readonly nowMs: number
}

/**
 * One consensus. `S` is what a running node remembers between inputs. Engines are deterministic, never throw on
 * any input, change nothing on an input seen before, and keep a bounded state; `consensus.suite.ts` tests it.
 */
export interface ConsensusEngine<S> {
  readonly name: EngineName
  start(options: StartOptions): Step<S>
  /** Every rule of a header that needs no transaction to be run. */
  checkHeader(parent: ParentHeader, header: Header, nowMs: number): Verdict
  /** The rules of a block's ommers, which need the blocks before it, by hash. */
  checkOmmers(block: Block, blockOf: (hash: Hash) => Block | undefined): Verdict
  /** Fork choice between two valid heads: > 0 keep `a`, < 0 move to `b`, 0 keep what the node has. */
  compare(a: HeadSummary, b: HeadSummary): number
  step(state: S, input: Input): Step<S>
  /** What the next block would be like, were it built now; absent for engines that build none. */
  draft?(state: S, nowMs: number): HeaderDraft
  /** Whether each transaction gets a block at once; absent for engines that never do so. */
  isAutomine?(state: S): boolean
}
