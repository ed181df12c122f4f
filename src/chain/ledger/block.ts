/** Describes headers, bodies and receipts. */

import type { LogList } from './log-list.ts'
import type { Address, Hash, Transaction } from './transaction.ts'

/**
 * The fields of a header in the order of their encoding; `timestamp` in seconds. A header of an old fork lacks the later
 * ones: a field that is there means that all before it are, too.
 */
export interface Header {
  readonly parentHash: Hash
  readonly ommersHash: Hash
  readonly beneficiary: Address
  readonly stateRoot: Hash
  readonly transactionsRoot: Hash
  readonly receiptsRoot: Hash
  /** 256 bytes. */
  readonly logsBloom: Uint8Array
  readonly difficulty: bigint
  readonly number: bigint
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  readonly timestamp: bigint
  readonly extraData: Uint8Array
  readonly mixHash: Hash
  /** 8 bytes. */
  readonly nonce: Uint8Array
  /** Since London (EIP-1559). */
  readonly baseFeePerGas?: bigint | undefined
  /** Since Shanghai (EIP-4895). */
  readonly withdrawalsRoot?: Hash | undefined
  /** Since Cancun (EIP-4844), as the next one. */
  readonly blobGasUsed?: bigint | undefined
  readonly excessBlobGas?: bigint | undefined
  /** Since Cancun (EIP-4788). */
  readonly parentBeaconBlockRoot?: Hash | undefined
  /** Since Prague (EIP-7685). */
  readonly requestsHash?: Hash | undefined
}

/** Wei in gwei paid out to an account by the protocol (EIP-4895). */
export interface Withdrawal {
  readonly index: bigint
  readonly validatorIndex: bigint
  readonly address: Address
  readonly amountGwei: bigint
}

/** A header with its hash, which is the block's. */
export interface BlockHead {
  readonly header: Header
  readonly hash: Hash
}

/** A header with what it commits to. */
export interface Block extends BlockHead {
  readonly transactions: readonly Transaction[]
  /** Headers of blocks beside the chain, of the time of proof of work (Yellow Paper, section 11.1). */
  readonly ommers: readonly Header[]
  /** Absent before Shanghai. */
  readonly withdrawals: readonly Withdrawal[] | undefined
  /** What the block says to its chain's engine, encoded; `extraData` is its keccak-256. Absent where engines have none. */
  readonly record?: Uint8Array | undefined
}

/** What a transaction did; the first fields, down to the logs, are what the receipts root covers. */
export interface Receipt {
  readonly type: Transaction['type']
  /** The state's root after the transaction; covered instead of `succeeded` before Byzantium (EIP-658). */
  readonly stateRoot?: Hash | undefined
  readonly succeeded: boolean
  readonly cumulativeGasUsed: bigint
  readonly logsBloom: Uint8Array
  readonly logs: LogList
  readonly gasUsed: bigint
  /** Wei. */
  readonly effectiveGasPrice: bigint
  /** Of a transaction without `to`. */
  readonly createdAddress: Address | undefined
}

/** What must be known of a block to look at its logs. */
export interface LoggedBlock {
  readonly block: BlockHead
  readonly receipts: readonly Pick<Receipt, 'logs'>[]
  readonly transactionHashes: readonly Hash[]
}

/** A block with everything a node answers about it. */
export interface ExecutedBlock {
  readonly block: Block
  readonly receipts: readonly Receipt[]
  /** Who sent each transaction, in order. */
  readonly senders: readonly Address[]
  readonly transactionHashes: readonly Hash[]
}
