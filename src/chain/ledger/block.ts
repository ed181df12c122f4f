/** Describes headers, bodies and receipts. */

import type { Address, Hash, Transaction } from './transaction.ts'

/** The 21 fields of a header since Prague, in the order of their encoding; `timestamp` in seconds. */
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
  readonly baseFeePerGas: bigint
  readonly withdrawalsRoot: Hash
  readonly blobGasUsed: bigint
  readonly excessBlobGas: bigint
  readonly parentBeaconBlockRoot: Hash
  readonly requestsHash: Hash
}

/** Wei in gwei paid out to an account by the protocol (EIP-4895). */
export interface Withdrawal {
  readonly index: bigint
  readonly validatorIndex: bigint
  readonly address: Address
  readonly amountGwei: bigint
}

/** A header with what it commits to. */
export interface Block {
  readonly header: Header
  readonly hash: Hash
  readonly transactions: readonly Transaction[]
  readonly withdrawals: readonly Withdrawal[]
}

/** One log of a transaction. */
export interface Log {
  readonly address: Address
  /** Up to four words of 32 bytes. */
  readonly topics: readonly Uint8Array[]
  readonly data: Uint8Array
}

/** What a transaction did; the first five fields are what the receipts root covers. */
export interface Receipt {
  readonly type: Transaction['type']
  readonly succeeded: boolean
  readonly cumulativeGasUsed: bigint
  readonly logsBloom: Uint8Array
  readonly logs: readonly Log[]
  readonly gasUsed: bigint
  /** Wei. */
  readonly effectiveGasPrice: bigint
  /** Of a transaction without `to`. */
  readonly createdAddress: Address | undefined
}

/** A block with everything a node answers about it. */
export interface ExecutedBlock {
  readonly block: Block
  readonly receipts: readonly Receipt[]
  /** Who sent each transaction, in order. */
  readonly senders: readonly Address[]
  readonly transactionHashes: readonly Hash[]
}
