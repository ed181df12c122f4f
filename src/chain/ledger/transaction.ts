/** Describes transactions of the types 0 to 4. */

/** 20 bytes. */
export type Address = Uint8Array
/** 32 bytes. */
export type Hash = Uint8Array

/** Storage that a transaction announces (EIP-2930). */
export interface AccessListEntry {
  readonly address: Address
  /** Slot numbers. */
  readonly slots: readonly bigint[]
}

/** One delegation of an account to code (EIP-7702). */
export interface Authorization {
  /** 0 means any chain. */
  readonly chainId: bigint
  readonly address: Address
  readonly nonce: bigint
  readonly yParity: number
  readonly r: bigint
  readonly s: bigint
}

/** A signature over a transaction. */
export interface Signature {
  /** 0 or 1. */
  readonly yParity: number
  readonly r: bigint
  readonly s: bigint
}

/** What all unsigned transactions share. Amounts are in wei. */
interface Payload {
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** Absent: creates a contract. */
  readonly to: Address | undefined
  readonly value: bigint
  readonly data: Uint8Array
}

/** Type 0; without a chain id it is signed the way of before EIP-155. */
export interface LegacyPayload extends Payload {
  readonly type: 0
  readonly chainId: bigint | undefined
  readonly gasPrice: bigint
}

/** Type 1 (EIP-2930). */
export interface AccessListPayload extends Payload {
  readonly type: 1
  readonly chainId: bigint
  readonly gasPrice: bigint
  readonly accessList: readonly AccessListEntry[]
}

/** Type 2 (EIP-1559). */
export interface FeeMarketPayload extends Payload {
  readonly type: 2
  readonly chainId: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly accessList: readonly AccessListEntry[]
}

/** Type 3 (EIP-4844); `to` is always present. The blobs themselves travel beside it. */
export interface BlobPayload extends Payload {
  readonly type: 3
  readonly chainId: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly accessList: readonly AccessListEntry[]
  readonly maxFeePerBlobGas: bigint
  /** Of each blob: a byte for the version, then the end of the commitment's hash. */
  readonly blobVersionedHashes: readonly Hash[]
}

/** Type 4 (EIP-7702); `to` is always present. */
export interface DelegationPayload extends Payload {
  readonly type: 4
  readonly chainId: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly accessList: readonly AccessListEntry[]
  readonly authorizations: readonly Authorization[]
}

/** A transaction before it is signed. */
export type UnsignedTransaction =
  | LegacyPayload
  | AccessListPayload
  | FeeMarketPayload
  | BlobPayload
  | DelegationPayload

/** A signed transaction. */
export type Transaction = UnsignedTransaction & Signature
