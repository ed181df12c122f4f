/** Describes a running chain as the JSON-RPC interface and the node see it. */

import type { LogPosition } from '../store/block-log.ts'
import type { Closing } from './block-closing.ts'
import type { ChainNetwork } from './chain-network.ts'
import type { KeptBlock } from './chain-past.ts'
import type { BlockShape, HeaderDraft } from './consensus/consensus.ts'
import type { Derived } from './consensus/derived.ts'
import type { FinalityProof } from './consensus/finality-proof.ts'
import type { ValidatorSet } from './consensus/messages.ts'
import type { RoundView } from './consensus/round-view.ts'
import type { BlockProofs } from './decided-block.ts'
import type { CatchUpProgress } from './decided-catch-up.ts'
import type { Evm } from './evm/evm.ts'
import type { Block, BlockHead, ExecutedBlock, LoggedBlock } from './ledger/block.ts'
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
  /** A branch is better, but parts farther back than the chain goes: it is for the operator to decide. */
  | { readonly kind: 'reorg-too-deep'; readonly head: Block; readonly branch: BlockHead }

/** Where a transaction stands in the chain. */
export interface TransactionPlace {
  readonly executed: ExecutedBlock
  readonly position: number
}

/** A place in the history of a development chain, to which it can go back from however far. */
export interface ChainMark extends KeptBlock {
  /** Of the log. */
  readonly end: LogPosition
  /** Of the block that would have come next, in seconds. */
  readonly timestamp: bigint | undefined
  /** The chain will not go back to it. */
  release(): void
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
  /** The place where the chain is; its state is kept until it is released. */
  mark(): ChainMark
  /**
   * Goes back to a mark, as if nothing had come after it: blocks, changes by hand, transactions, and time. Listeners hear
   * of the removed blocks, if they are not too many.
   */
  returnTo(mark: ChainMark): Promise<void>
  /** Goes back to the first block and the time of the machine. */
  beginAnew(): Promise<void>
  /** Moves the head back to an ancestor, as a reorganisation does: the transactions of removed blocks wait again. */
  rewindTo(number: bigint): Promise<void>
}

/** A block whose nonce is wanted, for those who search it elsewhere. */
export interface Work {
  readonly sealHash: Hash
  /** Highest digest of the seal. */
  readonly target: bigint
  readonly number: bigint
}

/** The work on blocks that are sealed by it. */
export interface Mining {
  /** Whether this node wants blocks of its own. */
  isMining(): boolean
  /** Digests a second that its threads compute. */
  hashesPerSecond(): number
  /** The block whose nonce is searched; `undefined` while there is none. */
  work(): Work | undefined
  /** Takes a nonce that was found elsewhere; whether it seals the block that is searched now. */
  submitWork(sealHash: Hash, nonce: bigint): boolean
}

/** One chain of this process. */
export interface Chain {
  readonly manifest: Manifest
  /** What tells it from all others: keccak-256 of its canonical manifest. */
  readonly key: Hash
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
  /** The lowest block, besides the first of all, that is here: a chain that joined by a snapshot has none before it. */
  firstBlock(): bigint
  /** A block as far as its logs need it; `undefined` also for one of whose bloom filter `mayHold` says no. */
  loggedBlock(number: bigint, mayHold: (bloom: Uint8Array) => boolean): LoggedBlock | undefined
  /** What follows from the chain up to a block of it; `undefined` where blocks have no records. */
  derivedAt(number: bigint): Derived | undefined
  /** Who signs a height, up to the second after the head; `undefined` where nobody votes. */
  validatorsAt(height: bigint): ValidatorSet | undefined
  /** The way by certificates from one block to a later one, or to one before that; `undefined` where there is none. */
  finalityProof(from: bigint, to: bigint): FinalityProof | undefined
  /** What follows from the chain up to its head: the sets of the heights to come; `undefined` where nothing does. */
  derived(): Derived | undefined
  /** Whose signatures this node has for a block that was decided; `undefined` where there is none. */
  signersOf(number: bigint): readonly Address[] | undefined
  /** What this node has of the votes that decided a block: its certificate, and the polkas on the way. */
  decisionOf(number: bigint): Pick<BlockProofs, 'proof' | 'polkas'> | undefined
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
  /** What the protocol does at the end of the next block; `undefined` where that is nothing of an engine's. */
  closing(): Closing | undefined
  readonly mining: Mining
  /** Links to other nodes; `undefined` for a node that has none. */
  network(): Pick<ChainNetwork, 'peers' | 'addPeer'> | undefined
  /** Where the next height stands; `undefined` where blocks are not voted on, and before `start`. */
  round(): RoundView | undefined
  /** How far it is while it gets blocks that others have decided. */
  syncing(): CatchUpProgress | undefined
  /** Development only. */
  readonly dev: DevControls
  start(): Promise<void>
  stop(): Promise<void>
}
