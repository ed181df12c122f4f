/** Describes the network as a chain needs it: whoever opens the chain passes it in. */

import type { Address, Hash } from './ledger/transaction.ts'

/** What a message from outside was worth. */
export type Hearing = 'accept' | 'ignore' | 'reject'

/** A chain, as the network sees it. */
export interface NetworkedChain {
  readonly key: Hash
  /** A message of consensus, in the bytes that travel. */
  hear(from: string, message: Uint8Array): Hearing
  /** A transaction that somebody else took. */
  hearTransaction(raw: Uint8Array): Promise<Hearing>
  /** A block with its certificate, for a node that is behind. */
  hearBlock(bytes: Uint8Array): Hearing
  /** The block of a height with its certificate; `undefined` if it is not here. */
  decidedBlock(height: bigint): Uint8Array | undefined
  /** Whether somebody signs blocks now. */
  isValidator(address: Address): boolean
}

/** The links of one chain. */
export interface ChainNetwork {
  /** Tells all, or one. */
  say(message: Uint8Array, to?: string): void
  sayTransaction(raw: Uint8Array): void
  giveBlock(to: string, bytes: Uint8Array): void
  /** Asks others for the block of a height with its certificate, until one has it. */
  askBlock(height: bigint): Promise<Uint8Array | undefined>
  /** Somebody's signature was not good. */
  blame(peer: string): void
  leave(): void
}

/** Joins a chain to the network. */
export type JoinNetwork = (chain: NetworkedChain) => ChainNetwork
