/** Describes a running chain as the JSON-RPC interface and the node see it. */

import type { BlockShape, HeaderDraft } from './consensus/consensus.ts'
import type { Evm } from './evm/evm.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import type { ChainRules } from './ledger/fork-rules.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Address, Hash, Transaction, UnsignedTransaction } from './ledger/transaction.ts'
import type { State, StateOverlay } from './state/state.ts'
import type { DroppedTransaction, TxPool } from './txpool/txpool.ts'

/**
 * What listeners of a chain hear: blocks, oldest first, after they are on disk; transactions that could be in the next
 * block; and those that left the pool otherwise than in a block.
 */
export type ChainEvent =
  | {
      readonly kind: 'head'
      readonly added: readonly ExecutedBlock[]
      readonly removed: readonly ExecutedBlock[]
    }
  | { readonly kind: 'pending'; readonly hash: Hash; readonly transaction: Transaction }
  | ({ readonly kind: 'dropped' } & DroppedTransaction)

/** Where a transaction stands in the chain. */
export interface TransactionPlace {
  readonly executed: ExecutedBlock
  readonly position: number
}

/** A place in the history of a development chain: a block, and how often the state after it was changed by hand. */
export interface ChainMark {
  readonly number: bigint
  readonly changes: number
}

/** Moves a development chain: blocks, time and state. */
export interface DevControls {
  /** Seals a block now and gives it. */
  sealNow(): Promise<Block>
  /** Milliseconds between blocks; 0 ends blocks by interval. */
  setBlockTimeMs(blockTimeMs: number): void
  /** Whether each transaction gets a block at once. */
  setAutomine(on: boolean): void
  isAutomine(): boolean
  /** Adds to the chain's clock. */
  increaseTime(seconds: bigint): void
  /** Chooses fields of the next block; its beneficiary is that of all blocks to come. */
  shapeNext(shape: BlockShape): void
  /**
   * Takes a transaction that nobody signed as one of this sender.
   *
   * @throws as `submit` does
   */
  submitAs(transaction: UnsignedTransaction, sender: Address): Promise<Hash>
  /** Changes the state after the head; the change is on disk when it can be seen, and the next block stands on it. */
  change(edit: (overlay: StateOverlay) => void): Promise<void>
  /** The place where the chain is. */
  mark(): ChainMark
  /**
   * Moves the head back to an ancestor; listeners hear of the removed blocks. Their transactions wait in the pool
   * again, unless they are to be forgotten. Changes by hand after the mark are gone.
   */
  rewindTo(place: bigint | ChainMark, transactions?: 'return' | 'forget'): Promise<void>
}

/** One chain of this process. */
export interface Chain {
  readonly manifest: Manifest
  /** The rules of each of its blocks. */
  readonly rules: ChainRules
  readonly evm: Evm
  readonly pool: TxPool
  head(): Block
  /** Highest block that this chain calls safe, and final. */
  safe(): Block
  finalized(): Block
  /** Blocks of the chain of the head; `undefined` if there is none. */
  byNumber(number: bigint): ExecutedBlock | undefined
  byHash(hash: Hash): ExecutedBlock | undefined
  findTransaction(hash: Hash): TransactionPlace | undefined
  /** State after a block; `undefined` when it is older than what is kept, which an archive has no bound for. */
  stateAt(hash: Hash): State | undefined
  blockHash(number: bigint): Hash | undefined
  /**
   * Takes a raw transaction into the pool and gives its hash; transactions are taken in the order in which they came. Where each
   * gets a block at once, that block is there when the hash is given.
   *
   * @throws AppError `txpool/…` with the text geth uses
   */
  submit(raw: Uint8Array): Promise<Hash>
  subscribe(listener: (event: ChainEvent) => void): () => void
  /** What the next block would be like, were it built now; `undefined` before `start`. */
  draft(): HeaderDraft | undefined
  /** Development only. */
  readonly dev: DevControls
  start(): Promise<void>
  stop(): Promise<void>
}
