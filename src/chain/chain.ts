/** Describes a running chain as the JSON-RPC interface and the node see it. */

import type { Evm } from './evm/evm.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import type { ChainRules } from './ledger/fork-rules.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Hash, Transaction } from './ledger/transaction.ts'
import type { State } from './state/state.ts'
import type { TxPool } from './txpool/txpool.ts'

/** What listeners of a chain hear; blocks come oldest first, after they are on disk. */
export type ChainEvent =
  | {
      readonly kind: 'head'
      readonly added: readonly ExecutedBlock[]
      readonly removed: readonly ExecutedBlock[]
    }
  | { readonly kind: 'pending'; readonly hash: Hash; readonly transaction: Transaction }

/** Where a transaction stands in the chain. */
export interface TransactionPlace {
  readonly executed: ExecutedBlock
  readonly position: number
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
  /** State after a block; `undefined` when it is older than what is kept (128 blocks). */
  stateAt(hash: Hash): State | undefined
  blockHash(number: bigint): Hash | undefined
  /**
   * Takes a raw transaction into the pool and gives its hash.
   *
   * @throws AppError `txpool/…` with the text geth uses
   */
  submit(raw: Uint8Array): Promise<Hash>
  subscribe(listener: (event: ChainEvent) => void): () => void
  /** Development only: seals a block now and gives it; time and automatic sealing can be moved. */
  readonly dev: {
    sealNow(): Promise<Block>
    /** Milliseconds between blocks; 0 seals only on demand. */
    setBlockTimeMs(blockTimeMs: number): void
    /** Adds to the chain's clock. */
    increaseTime(seconds: bigint): void
    /**
     * Moves the head back to an ancestor; listeners hear of the removed blocks. Their transactions wait in the pool
     * again, unless they are to be forgotten.
     */
    rewindTo(number: bigint, transactions?: 'return' | 'forget'): Promise<void>
  }
  start(): Promise<void>
  stop(): Promise<void>
}
