/** Describes the pool of transactions that wait for a block. */

import type { Address, Hash, Transaction } from '../ledger/transaction.ts'
import type { StateReader } from '../state/state.ts'

/** A transaction in the pool. */
export interface PooledTransaction {
  readonly transaction: Transaction
  readonly hash: Hash
  readonly sender: Address
  /** Its whole encoding. */
  readonly raw: Uint8Array
}

/** What a pool needs to judge a transaction: the head's state and the fee of the next block. */
export interface PoolHead {
  readonly state: StateReader
  readonly baseFeePerGas: bigint
  readonly gasLimit: bigint
}

/** Transactions by sender and nonce: `pending` can be in the next block, `queued` wait for a nonce. */
export interface TxPool {
  /**
   * Takes a raw transaction.
   *
   * @throws AppError with geth's text: `txpool/already-known`, `txpool/nonce-too-low`,
   * `txpool/insufficient-funds`, `txpool/replacement-underpriced`, `txpool/underpriced`, `txpool/full`
   * (retry `later`), `txpool/intrinsic-gas`, `txpool/gas-limit`, `txpool/invalid-sender`,
   * `txpool/bad-encoding`, `txpool/oversized`, `txpool/type-unsupported`, `txpool/chain-id`
   */
  add(raw: Uint8Array): PooledTransaction
  get(hash: Hash): PooledTransaction | undefined
  /** Best paying first, nonces of a sender in order, only those that can pay `baseFeePerGas`. */
  best(baseFeePerGas: bigint): Iterable<PooledTransaction>
  /** Whether any transaction could be in a block with this base fee. */
  hasWork(baseFeePerGas: bigint): boolean
  /** The nonce that follows a sender's last pending transaction. */
  nextNonce(sender: Address): bigint
  /** Drops what a new head has used up or made impossible, and takes back what left the chain. */
  moveTo(head: PoolHead, removed: readonly Transaction[]): void
  /** Drops one that turned out not to be executable. */
  drop(hash: Hash): void
  list(): {
    readonly pending: readonly PooledTransaction[]
    readonly queued: readonly PooledTransaction[]
  }
}
