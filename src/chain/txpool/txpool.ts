/** Describes the pool of transactions that wait for a block. */

import type { AppError } from '../../base/app-error.ts'
import type { BlobSidecar } from '../ledger/blob-sidecar.ts'
import type { Rules } from '../ledger/fork-rules.ts'
import type { Address, Hash, Transaction } from '../ledger/transaction.ts'
import type { StateReader } from '../state/state.ts'

/** A transaction that was read and fits the chain's rules, whoever sent it. */
export interface IncomingTransaction {
  readonly transaction: Transaction
  readonly hash: Hash
  /** The hash as hex digits. */
  readonly id: string
  /** Its encoding in a block. */
  readonly raw: Uint8Array
  /** What it brings along for its blobs (EIP-4844). */
  readonly sidecar: BlobSidecar | undefined
}

/** Who signed a transaction, and the delegations in it; `undefined` for a signature of nobody. */
export interface Signers {
  readonly sender: Address | undefined
  readonly authorities: readonly (Address | undefined)[]
}

/** A transaction in the pool. */
export interface PooledTransaction extends IncomingTransaction {
  readonly sender: Address
  /** Who signed its delegations (EIP-7702), in order; those that nobody signed are left out. */
  readonly authorities: readonly Address[]
}

/** A transaction that left the pool without being in a block. */
export interface DroppedTransaction {
  readonly entry: PooledTransaction
  readonly reason: 'evicted' | 'replaced' | 'unpayable' | 'not-executable'
  /** Says which transaction went, and what for: `txpool/evicted`, `txpool/replaced`, … */
  readonly error: AppError
}

/** What a pool needs to judge a transaction: the head's state, and fee and rules of the next block. */
export interface PoolHead {
  readonly state: StateReader
  readonly baseFeePerGas: bigint
  readonly gasLimit: bigint
  /** Of the next block. */
  readonly rules: Rules
}

/** A transaction of a block that left the chain. */
export interface ReturnedTransaction {
  readonly transaction: Transaction
  readonly sender: Address
}

/** What a new head changed. */
export interface PoolMove {
  /** Whose nonce or balance the new blocks lowered; absent: anybody's. */
  readonly spenders?: readonly Address[]
  /** What left the chain in a reorganisation, oldest first. */
  readonly returned?: readonly ReturnedTransaction[]
}

/** What a block is filled with, in order. */
export interface Selection extends Iterable<PooledTransaction> {
  /** Gives nothing more of this sender: one of its transactions did not fit. */
  leaveSender(sender: Address): void
}

/** Transactions by whether they can be in the next block (`pending`) or wait for a nonce (`queued`). */
export interface PoolContent {
  readonly pending: readonly PooledTransaction[]
  readonly queued: readonly PooledTransaction[]
}

/** Transactions by sender and nonce. */
export interface TxPool {
  /**
   * Reads a raw transaction and checks what needs neither state nor signature.
   *
   * @throws AppError with geth's text: `txpool/already-known`, `txpool/underpriced`, `txpool/intrinsic-gas`,
   * `txpool/gas-limit`, `txpool/bad-encoding`, `txpool/oversized`, `txpool/type-unsupported`, `txpool/chain-id`,
   * `txpool/nonce-too-high`, `txpool/invalid-sender`, `txpool/blobs`
   */
  read(raw: Uint8Array): IncomingTransaction
  /**
   * Takes what was read from this sender; gives it and what it lets run with it, itself first if it could be in the
   * next block.
   *
   * @throws AppError with geth's text: `txpool/already-known`, `txpool/invalid-sender`, `txpool/nonce-too-low`,
   * `txpool/nonce-too-high`, `txpool/insufficient-funds`, `txpool/replacement-underpriced`,
   * `txpool/delegated` (EIP-7702), `txpool/reserved` (blobs), `txpool/full` (retry `later`)
   */
  admit(incoming: IncomingTransaction, signers: Signers): readonly PooledTransaction[]
  /** Reads, recovers the sender and admits. */
  add(raw: Uint8Array): PooledTransaction
  get(hash: Hash): PooledTransaction | undefined
  /** Best paying first, nonces of a sender in order, only those that can pay `baseFeePerGas`. */
  best(baseFeePerGas: bigint): Selection
  /** Whether any transaction could be in a block with this base fee; the next one's unless it is given. */
  hasWork(baseFeePerGas?: bigint): boolean
  /** The nonce that follows a sender's last pending transaction. */
  nextNonce(sender: Address): bigint
  /** Drops what a new head has used up or made impossible, and takes back what left the chain. */
  moveTo(head: PoolHead, move?: PoolMove): void
  /** Drops one that turned out not to be executable. */
  drop(hash: Hash): void
  /** Everything, or what one sender has waiting; nonces in order. */
  content(sender?: Address): PoolContent
  /** How many of those that are pending can pay the next block's base fee; no more than `most` are counted. */
  payable(most: number): number
  /** How many are pending and queued. */
  counts(): { readonly pending: number; readonly queued: number }
}
