/** Describes the accounts and storage of a chain at one block, and a layer of changes over them. */

import type { Address, Hash } from '../ledger/transaction.ts'

/** An account without its storage. */
export interface Account {
  readonly nonce: bigint
  /** Wei. */
  readonly balance: bigint
  readonly codeHash: Hash
}

/** Memory of a machine, seen as bytes and as numbers of 32 bits; numbers have their lowest byte first. */
export interface MachineMemory {
  readonly bytes: Uint8Array
  readonly numbers: Uint32Array
}

/** Reads from a state into the memory of a machine, without making anything on the way; layers over a state do not. */
export interface MemoryReader {
  /**
   * Writes nonce (8 bytes), balance and code hash of an account to `fields`.
   *
   * @param address - where the address lies, its last byte first
   * @returns false if there is no account
   */
  accountTo(memory: MachineMemory, address: number, fields: number): boolean
  /**
   * Writes what a slot holds behind its 32 bytes.
   *
   * @param slot - where the slot lies, its last byte first
   */
  slotTo(memory: MachineMemory, address: number, slot: number): void
}

/** Reads accounts; an account that does not exist is `undefined`, a slot never written is 0. */
export interface StateReader extends Partial<MemoryReader> {
  account(address: Address): Account | undefined
  storage(address: Address, slot: bigint): bigint
  /** Whether any slot of an account is set (EIP-7610). */
  hasStorage(address: Address): boolean
  /** @throws AppError `state/unknown-code` */
  code(codeHash: Hash): Uint8Array
}

/** What a block did to one account. */
export interface AccountChange {
  readonly address: Address
  /** The account after the block; absent if it is gone. */
  readonly account: Account | undefined
  /** All storage from before is gone. */
  readonly storageWiped: boolean
  /** Slots and their new values; 0 deletes. */
  readonly slots: readonly (readonly [slot: bigint, value: bigint])[]
}

/** What a block did to the state. */
export interface Difference {
  readonly accounts: readonly AccountChange[]
  /** Code that appeared. */
  readonly codes: readonly Uint8Array[]
}

/** A difference as it is stored: RLP, made by `encodeDifference`. */
export type EncodedDifference = Uint8Array

/** What `eth_getProof` answers (EIP-1186). */
export interface AccountProof {
  readonly account: Account | undefined
  readonly storageRoot: Hash
  /** Trie nodes from the root down. */
  readonly accountProof: readonly Uint8Array[]
  readonly storageProof: readonly {
    readonly slot: bigint
    readonly value: bigint
    readonly proof: readonly Uint8Array[]
  }[]
}

/**
 * The state after one block. It never changes: `apply` gives another one that shares most of its nodes. After
 * `release`, each call throws AppError `state/not-kept`.
 */
export interface State extends StateReader {
  readonly root: Hash
  /** @throws AppError `ledger/bad-rlp`, `state/bad-difference`, `state/full` after which this state is as before */
  apply(difference: EncodedDifference): State
  prove(address: Address, slots: readonly bigint[]): AccountProof
  /** Gives back what only this state holds; states that came from it stay. */
  release(): void
  /** The same state once more, to be released on its own. */
  hold(): State
  /** Bytes that it takes in memory together with all states that it shares nodes with. */
  readonly memoryBytes: number
  /** Begins to write the state into a file; `undefined` while too many older files are needed for kept states. */
  checkpoint(): StateCheckpoint | undefined
}

/** A file of pieces that are read by position. */
export interface PieceSource {
  readonly last: Uint8Array
  read(position: number): Uint8Array
  /** Does nothing the second time. */
  close(): void
}

/** A state on its way into a file, while later states come and go. */
export interface StateCheckpoint {
  /**
   * Appends the pieces, some a step, which gives the portion that is written, from 0 to 1. States may come and go between
   * steps, but no other checkpoint of them may be adopted.
   */
  readonly steps: (append: (piece: Uint8Array) => number) => Iterable<number>
  /** The last piece, after all steps; it holds an appendix of the caller. */
  last(appendix: Uint8Array): Uint8Array
  /**
   * The file is in place: what memory does not hold is read from it from now on. With `evict`, memory holds only what
   * changed in the blocks whose states are kept.
   */
  adopt(source: PieceSource, evict: boolean): void
  /** It is done, or given up. */
  end(): void
}

/** Changes over a state that are not applied yet. */
export interface StateOverlay extends StateReader {
  setAccount(address: Address, account: Account | undefined): void
  setStorage(address: Address, slot: bigint, value: bigint): void
  wipeStorage(address: Address): void
  /** Stores code and gives its hash. */
  addCode(code: Uint8Array): Hash
  /** All changes since the overlay was made. */
  difference(): EncodedDifference
}
