/** Describes a source of events: one chain of any kind, as a listener follows it. */

import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'

/** How an endpoint does, for people. */
export interface EndpointStatus {
  /** Host. */
  readonly name: string
  readonly isUsed: boolean
  readonly head: number | undefined
  /** Blocks behind the others. */
  readonly lag: number
  readonly latencyMs: number | undefined
  /** The lower the better; what it did wrong counts half as much after each minute. */
  readonly penalty: number
  /** What it did wrong last, while that counts. */
  readonly fault: string | undefined
}

/** What a listener keeps of a block. */
export interface SourceBlock {
  readonly number: number
  readonly hash: Hex
  readonly parentHash: Hex
  readonly timeMs: number
}

/** A decoded event, and where it is. */
export interface SourceEvent {
  /**
   * Unique within the chain, and the same when the event comes back in another block:
   * `<transaction hash>:<what tells it from the others of its transaction>`.
   */
  readonly key: string
  readonly address: Hex
  readonly name: string
  /** Canonical: `Deposited(address,uint256,bytes32)`. */
  readonly signature: string
  readonly args: { readonly [name: string]: Json }
  readonly blockNumber: number
  readonly blockHash: Hex
  readonly transactionHash: Hex
  /** Within the block. */
  readonly logIndex: number
  /** Labels of the factories that made the contract, where there are some. */
  readonly madeBy?: readonly string[]
}

/** An address that an event named as one to listen to, from its block on. */
export interface Discovery {
  /** Which event of which contracts named it. */
  readonly factory: string
  readonly address: Hex
  readonly blockNumber: number
}

/** What some blocks hold. */
export interface FoundEvents {
  /** In the order of the chain. */
  readonly events: readonly SourceEvent[]
  readonly discovered: readonly Discovery[]
}

/** What was discovered in a span. */
export interface FoundDiscoveries {
  readonly discovered: readonly Discovery[]
  /** Blocks whose hashes prove it, if there is a proof. */
  readonly blocks: readonly SourceBlock[]
}

/** Addresses that were discovered so far; the listener stores them, and takes them back with their blocks. */
export interface Discoveries {
  /** The factories that are listened to, as `Discovery` names them. */
  readonly factories: readonly string[]
  add(found: readonly Discovery[]): void
  /** All up to a block is known by a search: what is named there besides may be made up, and is not learnt. */
  settle(block: number): void
  dropAbove(block: number): void
}

/** The end of a chain, and which of its blocks its node calls safe and final; `undefined` where it does not say. */
export interface SourceHead {
  readonly number: number
  readonly safe: number | undefined
  readonly finalized: number | undefined
}

/** Blocks by number, both included. */
export interface BlockSpan {
  readonly from: number
  readonly to: number
}

/** The numbers of its blocks; none where `to` lies before `from`. */
export function numbersOf({ from, to }: BlockSpan): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
}

/**
 * One chain by one endpoint or several. Every method throws AppError: `stream/range-too-large` where fewer blocks may be
 * answered (`data.to` is a block up to which, where the endpoint said so), `stream/inconsistent` for answers from
 * different heads, `stream/bad-answer` for malformed ones, `stream/dishonest` for what a check has shown to be wrong,
 * `json-rpc/…` for what the endpoint says or does not say.
 */
export interface Source {
  /** Type of its events as CloudEvents: `evm.log`. */
  readonly type: string
  /** Whether it checks blocks by their headers, and so wants those of every block that is read. */
  readonly wantsHeaders: boolean
  /** Present where addresses are discovered from events. */
  readonly discoveries?: Discoveries | undefined
  /** What tells the chain from others, as its nodes say it. */
  chainId(): Promise<number>
  head(): Promise<SourceHead>
  /** Blocks of the head chain, in the order of the numbers. */
  blocksAt(numbers: readonly number[]): Promise<readonly SourceBlock[]>
  blockByHash(hash: Hex): Promise<SourceBlock | undefined>
  /** Events by number, of blocks that are not expected to change. */
  eventsIn(span: BlockSpan): Promise<FoundEvents>
  /** Events of these very blocks, of which the listener has the headers. */
  eventsOf(blocks: readonly SourceBlock[]): Promise<FoundEvents>
  /** What was found, after it was held against the proofs in the blocks' headers. */
  proven(blocks: readonly SourceBlock[], found: FoundEvents): Promise<FoundEvents>
  /** Only what is discovered in a span, as far as it is proven; nothing is listened to by that. */
  discover?(span: BlockSpan): Promise<FoundDiscoveries>
  /** Calls when there may be another head; polling goes on beside it. @returns ends it */
  subscribe(look: () => void): () => void
  /**
   * Called with what a listener found wrong with the chain that is given; what the source finds wrong it knows itself.
   *
   * @returns whether it will ask somebody else now, who may be honest
   */
  blame?(reason: string): boolean
  /** Why finality does not go on, if it does not. */
  problem?(): string | undefined
  /** How its endpoints do, where there are several. */
  endpoints?(): readonly EndpointStatus[]
  /** How many of them must agree on what is final. */
  quorum?(): { readonly needed: number; readonly of: number }
  /** Resolves when nothing is asked in the background any more. */
  idle?(): Promise<void>
}

/** Answers from different heads: ask again. */
export function inconsistent(what: string): AppError {
  const message = `the endpoint's answers do not fit together: ${what}`
  return new AppError({ code: 'stream/inconsistent', message, retry: 'later' })
}
