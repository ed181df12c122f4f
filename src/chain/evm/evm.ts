/** Describes the front door of execution: transactions and calls over a state. */

import type { Header, Receipt, Withdrawal } from '../ledger/block.ts'
import type { BrokenFieldRule } from '../ledger/field-rules.ts'
import type { Log } from '../ledger/log-list.ts'
import type { AccessListEntry, Address, Hash, Transaction } from '../ledger/transaction.ts'
import type { EncodedDifference, State, StateOverlay, StateReader } from '../state/state.ts'
import type { Ending } from './halt.ts'
import type { Watcher } from './watcher.ts'

/** What a block tells the code that runs in it; `timestamp` in seconds, fees in wei. */
export interface BlockContext {
  readonly number: bigint
  readonly timestamp: bigint
  readonly beneficiary: Address
  /** 0 since the Merge. */
  readonly difficulty: bigint
  readonly gasLimit: bigint
  readonly baseFeePerGas: bigint
  readonly mixHash: Hash
  readonly excessBlobGas: bigint
  readonly parentBeaconBlockRoot: Hash
  readonly parentHash: Hash
  /** Hash of a block before this one; only the last 256 are asked for. */
  blockHash(number: bigint): Hash | undefined
}

/** A message without a signature, as of `eth_call`. */
export interface CallMessage {
  readonly from: Address
  readonly to: Address | undefined
  readonly value: bigint
  readonly data: Uint8Array
  readonly gasLimit: bigint
  /** Wei; 0 takes no fee. */
  readonly gasPrice: bigint
  readonly accessList: readonly AccessListEntry[]
  /** Asked while code runs; the call ends as `too-long` when it says yes. */
  readonly isLate?: () => boolean
  readonly moved?: readonly MovedPrecompile[]
}

/** A precompile that is gone from where it was, and works elsewhere or nowhere. */
export interface MovedPrecompile {
  readonly from: Address
  readonly to: Address | undefined
}

/**
 * Asked again and again while code runs: a promise lets other work of the process come in between, before the code
 * goes on; nothing lets it go on at once.
 */
export type Pause = () => Promise<void> | undefined

/** What execution is built with. */
export interface EvmOptions {
  /** Lets others come in between; without it the process is held while code runs. */
  readonly pause?: Pause
  /** 64 bits of chance, so that nobody can choose keys that meet in the machine's tables. */
  readonly seed?: bigint
}

/** What running a message gave. */
export interface CallResult extends Ending {
  /** Return data, or revert data. */
  readonly output: Uint8Array
  /** Without intrinsic gas refused: gas of the whole message, intrinsic gas included. */
  readonly gasUsed: bigint
  /** Gas it had to have: what it used before refunds, and at least the floor of EIP-7623. */
  readonly gasNeeded: bigint
}

/** Why a transaction cannot be run at all; names follow geth's texts where geth has one. */
export interface InvalidTransaction {
  readonly kind: 'invalid'
  readonly rule:
    | BrokenFieldRule['rule']
    | 'nonce-too-low'
    | 'insufficient-funds'
    | 'intrinsic-gas'
    | 'fee-cap-below-base-fee'
    | 'blob-fee-cap'
    | 'block-gas-limit'
    | 'sender-has-code'
    | 'too-long'
  readonly detail: string
}

/** What running a transaction gave; the overlay holds its changes. */
export type TransactionResult = InvalidTransaction | ExecutedTransaction

/** A transaction that was run, with success or without. */
export interface ExecutedTransaction extends Ending {
  readonly kind: 'executed'
  readonly receipt: Receipt
  readonly output: Uint8Array
  /** Gas it had to have: what it used before refunds, and at least the floor of EIP-7623. */
  readonly gasNeeded: bigint
  /** Ether that moved and logs, in order, in a block that was imagined with `tellTransfers`. */
  readonly told: readonly Log[]
  /** How many logs, and transfers that are told, there were, those that a failure took back included. */
  readonly everTold: number
}

/** How a block that is only imagined departs from the rules (eth_simulateV1); no sender needs to be without code. */
export interface ImaginedBlock {
  /** Nonces may be any, and a transaction that offers no fee pays none. */
  readonly lenient: boolean
  readonly moved: readonly MovedPrecompile[]
  /** Ether that moves is told like a log of `transferTeller`: from, to, wei. */
  readonly tellTransfers: boolean
  /** Wei per blob gas, if it does not follow from the excess. */
  readonly blobBaseFee: bigint | undefined
  /** Asked while code runs; a transaction is invalid as `too-long` when it says yes. */
  readonly isLate: () => boolean
}

/** Whose logs tell of ether that moves (execution-apis, eth_simulateV1). */
export const transferTeller: Address = new Uint8Array(20).fill(0xee)

/** A call from the system address at the end of a block, which must succeed. */
export interface ProtocolCall {
  readonly to: Address
  readonly data: Uint8Array
}

/** Why a block cannot be valid, whatever its header says (EIP-6110, 7002, 7251). */
export interface InvalidBlock {
  readonly kind: 'invalid'
  readonly rule: 'deposit' | 'system-contract'
  readonly detail: string
}

/** What running a block gave. */
export interface BlockResult {
  readonly kind: 'executed'
  readonly receipts: readonly Receipt[]
  readonly gasUsed: bigint
  readonly difference: EncodedDifference
  /** By type, empty ones left out (EIP-7685). */
  readonly requests: readonly Uint8Array[]
  /** The state that the difference leads to. */
  readonly state: State
  readonly requestsHash: Hash
}

/** Runs a block bit by bit, so that a builder can leave out what does not fit. */
export interface BlockRun {
  /** Runs the next transaction; an invalid one changes nothing. */
  add(transaction: Transaction, sender: Address, watcher?: Watcher): Promise<TransactionResult>
  readonly gasUsed: bigint
  /** Gives the run up; nothing more may be asked of it. */
  drop(): void
  /** The nonce of an account after the transactions so far. */
  nonceOf(address: Address): bigint
  /** A slot of a contract after the transactions so far. */
  storage(address: Address, slot: bigint): bigint
  /**
   * Pays withdrawals and rewards, makes the calls of the protocol, and collects requests by closing system calls. The run
   * is over.
   */
  finish(
    withdrawals: readonly Withdrawal[],
    ommers?: readonly Header[],
    calls?: readonly ProtocolCall[],
  ): Promise<BlockResult | InvalidBlock>
}

/** One rule set over any state. */
export interface Evm {
  /**
   * Opens a block on a state: opening system calls (EIP-4788, EIP-2935), then transactions. A `bare` block has
   * transactions only, as the public state tests want it; an `imagined` one departs from the rules.
   */
  openBlock(
    parent: State,
    block: BlockContext,
    options?: {
      readonly bare?: boolean
      readonly imagined?: ImaginedBlock
      /** Beside the chain, as for a trace: what keeps blocks quick is not taken for it. */
      readonly isAside?: boolean
    },
  ): Promise<BlockRun>
  /** Runs a message. An overlay holds its changes afterwards; of another state nothing is changed. */
  call(
    state: StateReader | StateOverlay,
    block: BlockContext,
    message: CallMessage,
    watcher?: Watcher,
  ): Promise<CallResult>
  /**
   * The least gas limit with which the message succeeds, between 21,000 and `message.gasLimit`.
   *
   * @returns the gas, or the failed result at the highest limit
   */
  estimateGas(
    state: StateReader,
    block: BlockContext,
    message: CallMessage,
  ): Promise<bigint | CallResult>
  /** The addresses and slots that a message touches (eth_createAccessList). */
  createAccessList(
    state: StateReader,
    block: BlockContext,
    message: CallMessage,
  ): Promise<{ readonly accessList: readonly AccessListEntry[]; readonly result: CallResult }>
}

const noRoot: Hash = new Uint8Array(32)

/** The context of a block that has this header; what an old header lacks is zero, and its code cannot ask for it. */
export function contextOf(
  header: Header,
  blockHash: (number: bigint) => Hash | undefined,
): BlockContext {
  const { baseFeePerGas = 0n, excessBlobGas = 0n, parentBeaconBlockRoot = noRoot } = header
  return { ...header, baseFeePerGas, excessBlobGas, parentBeaconBlockRoot, blockHash }
}
