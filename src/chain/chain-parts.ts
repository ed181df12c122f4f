/** Describes what a chain is made of, and how it is opened. */

import type { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { NewestFile } from '../store/newest-file.ts'
import type { ArchivedStates } from './archived-states.ts'
import type { Chain } from './chain.ts'
import type { ChainBase } from './chain-base.ts'
import type { ChainCheckpoints, CopyHooks } from './chain-checkpoints.ts'
import type { ChainDerived } from './chain-derived.ts'
import type { ChainLog } from './chain-log.ts'
import type { JoinNetwork, ValidatorOptions } from './chain-network.ts'
import type { ChainPast } from './chain-past.ts'
import type { ConsensusEngine, Verdict } from './consensus/consensus.ts'
import type { Derived } from './consensus/derived.ts'
import type { SignatureSchemes } from './consensus/signatures.ts'
import type { Evm, Pause } from './evm/evm.ts'
import type { HeldEvidence } from './held-evidence.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import type { ChainRules } from './ledger/fork-rules.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Address, Hash } from './ledger/transaction.ts'
import type { State } from './state/state.ts'
import type { CheckingThreads } from './txpool/checking-threads.ts'
import type { TxPoolLimits } from './txpool/create-txpool.ts'
import type { ValidatorSigner } from './validating/validator-signer.ts'
import type { TrustedPlace } from './weak-subjectivity.ts'

/** Which chain, and where. */
export interface ChainOptions {
  readonly manifest: Manifest
  /** Of all chains; this one gets a folder of its name. */
  readonly folder: string
  /** Gets the tips of a development chain. */
  readonly beneficiary: Address
  /** Where blocks are sealed by work: seals some, too. Without it the chain is only followed. */
  readonly mining?: MiningOptions | undefined
  /** Sign blocks where these are voted on, while the set has them: the first of several does; none for a node that only follows. */
  readonly validators?: readonly ValidatorOptions[]
  /** A block that somebody vouches for. */
  readonly trust?: TrustedPlace | undefined
  /** States kept for questions about the past; default 128. */
  readonly history?: number
  /** Memory of the state above which what did not change lately goes to disk; default 1 GiB. */
  readonly stateMemoryBytes?: number
  /** Memory of blocks that were decoded; default 256 MiB. */
  readonly blockMemoryBytes?: number
  /** Answers for states of any age. */
  readonly archive?: boolean
  /** Bytes of the log between checkpoints of the state; default 16 MiB. */
  readonly checkpointBytes?: number
  /** Blocks between snapshots for others, where blocks are voted on and this node is linked; none unless given. */
  readonly snapshotEvery?: number
  /** Bounds of the pool. */
  readonly pool?: TxPoolLimits
  /** Transactions that may wait for the next blocks however little these take, where blocks are voted on; default 2,000. */
  readonly backlog?: number
}

/** How a node takes part in sealing blocks by work. */
export interface MiningOptions {
  /** Gets tips and rewards. */
  readonly payTo: Address
  /** That search nonces; 0 leaves it to others (eth_getWork). */
  readonly threads: number
}

/** What a chain needs of the world. */
export interface ChainDependencies {
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  /** Those that several chains share; a chain that gets none has its own. */
  readonly threads?: CheckingThreads
  /** From 0 to 1, for whom to ask first; and pauses that let others have their turn. Both are the machine's unless given. */
  readonly chance?: () => number
  /** What checks signatures; the schemes that there are unless given. */
  readonly schemes?: SignatureSchemes
  readonly turns?: () => Pause
  /** Other nodes; a chain that gets none is alone. */
  readonly join?: JoinNetwork
}

/** A chain that also takes blocks from elsewhere. */
export interface DrivenChain extends Chain {
  /** Why it takes nothing any more: its disk failed. */
  readonly failure: AppError | undefined
  /**
   * Checks a block on a block that is known; runs and stores it if its branch is the one to follow. A wrong one leaves
   * the head where it is.
   */
  importBlock(block: Block): Promise<Verdict>
  /** Writes a state of this chain into another file, from which `openCheckpoint` reads it; false if it was cancelled. */
  copyState(state: State, file: string, hooks: CopyHooks): Promise<boolean>
}

/** What a joined chain begins on. */
export interface OpenBase extends Omit<ChainBase, 'parentDerived'> {
  readonly number: bigint
  /** The block, without its body. */
  readonly executed: ExecutedBlock
  readonly parentDerived: Derived
  /** The state after it, made anew. */
  readonly state: () => State
}

/** The parts of an open chain. */
export interface ChainParts {
  /** Of this chain. */
  readonly folder: string
  readonly options: ChainOptions
  readonly dependencies: ChainDependencies
  readonly rules: ChainRules
  readonly engine: ConsensusEngine<unknown>
  readonly evm: Evm
  readonly past: ChainPast
  readonly log: ChainLog
  readonly derived: ChainDerived
  readonly checkpoints: ChainCheckpoints
  readonly archive: ArchivedStates | undefined
  readonly genesis: ExecutedBlock
  /** Absent for a chain that has all its blocks. */
  readonly base: OpenBase | undefined
  /** The state after it, made anew. */
  readonly birthState: () => State
  /** Of the chain: keccak-256 of its canonical manifest. */
  readonly key: Hash
  readonly signers: readonly ValidatorSigner[]
  /** Absent where nobody votes. */
  readonly evidence?: HeldEvidence | undefined
  /** Proofs of final blocks, where votes make some so. */
  readonly finals?: NewestFile | undefined
}
