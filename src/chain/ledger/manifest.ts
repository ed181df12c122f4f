/** Describes a chain's manifest: everything that is fixed at its birth. */

import type { SignatureScheme } from '../../crypto/signatures.ts'
import type { DaoFork, Hardfork } from './fork-rules.ts'
import type { ForkStart } from './fork-schedule.ts'
import type { Address, Hash } from './transaction.ts'

/** Forks that a chain of one's own may begin with, oldest first. */
export const ownForks = ['shanghai', 'cancun', 'prague', 'osaka'] as const satisfies Hardfork[]

/** What an account holds at birth. */
export interface GenesisAccount {
  readonly address: Address
  readonly balance: bigint
  readonly nonce: bigint
  readonly code: Uint8Array
  readonly storage: readonly (readonly [slot: bigint, value: bigint])[]
}

/** The accounts of a birth, of which there may be millions. */
export interface GenesisAccounts extends Iterable<GenesisAccount> {
  /** Whether some addresses are among them, where that can be told without looking at all. */
  readonly hasAll?: (addresses: readonly Address[]) => boolean
}

/** The first block; what may be left out is zero. */
export interface Genesis {
  /** Seconds since the epoch. */
  readonly timestamp: bigint
  readonly gasLimit: bigint
  /** Absent before London. */
  readonly baseFeePerGas?: bigint
  readonly extraData: Uint8Array
  readonly accounts: GenesisAccounts
  readonly difficulty?: bigint
  readonly beneficiary?: Address
  readonly mixHash?: Hash
  /** 8 bytes. */
  readonly nonce?: Uint8Array
  readonly excessBlobGas?: bigint
  readonly blobGasUsed?: bigint
}

/** How the seal of a proof-of-work block is hashed. */
export const sealAlgorithms = ['keccak', 'argon2id'] as const
export type SealAlgorithm = (typeof sealAlgorithms)[number]

/** What chains have in common whose blocks are sealed by work, and whose head is where most of it is. */
export interface WorkParameters {
  /** What the target aims at; whole seconds. */
  readonly blockTimeMs: number
  readonly seal: SealAlgorithm
  /** Highest digest of the first seals, and of any; 256-bit integers. */
  readonly startTarget: bigint
  readonly easiestTarget: bigint
  /** A chain so far behind its schedule has its target doubled (ASERT). */
  readonly halfLifeSeconds: number
  /** Reward of a block, and the blocks after which it is halved each time. */
  readonly issuanceWei: bigint
  readonly halving: number
  /** Most blocks that a reorganisation takes back. */
  readonly maxReorg: number
  /** How far a block's time may be ahead of a node's clock. */
  readonly futureMs: number
  /** Gets the base fees, which are burnt unless it is given. */
  readonly feeSink?: Address
}

/** A chain of work alone. */
export interface PowParameters extends WorkParameters {
  readonly engine: 'pow'
  /** Blocks behind the head that are called safe, and final: a promise to users, not a proof. */
  readonly safeDepth: number
  readonly finalizedDepth: number
}

/** A member of the first set of validators. */
export interface FirstValidator {
  readonly scheme: SignatureScheme
  readonly publicKey: Uint8Array
  readonly weight: bigint
  readonly payTo: Address
}

/** How long a round waits at first, and how much longer each later one. */
export interface RoundTimeout {
  readonly baseMs: number
  readonly deltaMs: number
}

/** What all chains have whose blocks are voted on, and final at once. */
export interface VotedParameters {
  readonly blockTimeMs: number
  readonly timeouts: Readonly<Record<'propose' | 'prevote' | 'precommit', RoundTimeout>>
  readonly maxTimeoutMs: number
  /** Whether blocks are made without transactions each time, or only every 15 s. */
  readonly emptyBlocks: 'always' | 'heartbeat'
  /** Whether validators that let their turns pass are left out of the turns for a while. */
  readonly absence: boolean
  /** How long before its time a block is begun. */
  readonly buildLeadMs: number
  /** How far a block's time may be ahead of a node's clock. */
  readonly futureMs: number
  /** Blocks for which evidence of double signing is good. */
  readonly evidenceHeights: number
  /** Gets the base fees, which are burnt unless it is given. */
  readonly feeSink?: Address
}

/** A chain whose blocks are voted on by named validators. */
export interface BftParameters extends VotedParameters {
  readonly engine: 'bft'
  readonly validators: readonly FirstMember[]
  /**
   * Who changes the set, by a contract of the chain: an account, the members by over two thirds of their weight, or nobody:
   * then there is no contract.
   */
  readonly owner: Address | 'members' | 'nobody'
  /** Most members that it may ever have. */
  readonly maxValidators: number
}

/** A member of the first set of a BFT chain. */
export interface FirstMember extends FirstValidator {
  /** Whose account has the rights of the validator. */
  readonly owner: Address
}

/** What the first validators of chains with stakes have in common: whose they are, and what their owner keeps. */
export interface FirstStaked extends Omit<FirstValidator, 'weight'> {
  /** Whose account has the rights of the validator. */
  readonly owner: Address
  /** Of rewards, in 1/10,000; the rest is shared. */
  readonly commissionBps: number
}

/** A member of the first set of a proof-of-stake chain. */
export interface FirstStaker extends FirstStaked {
  readonly stakeWei: bigint
  /** Last hash of a chain of hashes; zero for none. */
  readonly commitment: Hash
}

/** A member of the first round of a chain of delegates. */
export interface FirstDelegate extends FirstStaked {
  /** 1 to 32 bytes of UTF-8. */
  readonly name: string
  readonly ownVotesWei: bigint
}

/** What chains have in common whose validators come from stakes. */
export interface StakedParameters extends VotedParameters {
  /** Most candidates that the contract lists. */
  readonly maxCandidates: number
  /** Reward of a block. */
  readonly issuanceWei: bigint
}

/** A chain whose blocks are voted on by stake. */
export interface PosParameters extends StakedParameters {
  readonly engine: 'pos'
  readonly validators: readonly FirstStaker[]
  readonly maxValidators: number
  /** Blocks between elections. */
  readonly epochLength: number
  readonly minStakeWei: bigint
  /** How long stake that leaves can still be punished. */
  readonly unbondingSeconds: number
  /** What double signing costs: a part of the stake in 1/10,000, and so many times what others were punished for lately. */
  readonly slash: { readonly doubleSignBps: number; readonly correlation: number }
}

/** A chain whose blocks are voted on by delegates of equal weight, whom votes elect. */
export interface DposParameters extends StakedParameters {
  readonly engine: 'dpos'
  readonly validators: readonly FirstDelegate[]
  /** How many of the heaviest are in a round, and how many are drawn from the others. */
  readonly active: number
  readonly standby: number
  readonly minStandbyWei: bigint
  /** Burnt when a delegate is admitted. */
  readonly registrationFeeWei: bigint
  /** How long votes are locked after they were taken back, and a delegate's own. */
  readonly unlockSeconds: number
  readonly ownUnlockSeconds: number
  /** What double signing costs: its own votes in 1/10,000, and so long no place in a round. */
  readonly slashBps: number
  readonly banSeconds: number
}

/** A member of the first committee. */
export interface FirstMember extends FirstValidator {
  /** Whose account has the rights of the member. */
  readonly owner: Address
}

/** A chain of work of which a committee makes every so many blocks final. */
export interface HybridParameters extends WorkParameters {
  readonly engine: 'hybrid'
  /** Numbers of blocks that can be made final are multiples of this. */
  readonly checkpointEvery: number
  /** Blocks that must be on one before it is voted on. */
  readonly buriedBy: number
  readonly validators: readonly FirstMember[]
  /** Who governs the committee: an account or contract, or its members by more than two thirds of their weight. */
  readonly owner: Address | 'members'
  readonly maxValidators: number
  readonly timeouts: VotedParameters['timeouts']
  readonly maxTimeoutMs: number
  /** To the miner that brings the proof of a final block into the chain, and to those who signed it, together. */
  readonly finalityRewardWei: bigint
  readonly committeeRewardWei: bigint
}

/** Whether blocks of a chain are sealed by work. */
export function isWorked(consensus: Consensus): consensus is PowParameters | HybridParameters {
  return consensus.engine === 'pow' || consensus.engine === 'hybrid'
}

/** Whether blocks of a chain are voted on, each before it is one. */
export function isVoted(
  consensus: Consensus,
): consensus is BftParameters | PosParameters | DposParameters {
  const { engine } = consensus
  return engine === 'bft' || engine === 'pos' || engine === 'dpos'
}

/** Who makes blocks: a development node alone, miners, or nobody here, when those of an Ethereum-like chain are followed. */
export type Consensus =
  | { readonly engine: 'dev'; readonly blockTimeMs: number }
  | { readonly engine: 'ethereum' }
  | PowParameters
  | HybridParameters
  | BftParameters
  | PosParameters
  | DposParameters

/** Whether a chain is of this program's own kind: its contracts and header fields do not depend on its forks. */
export function isOwn({ engine }: Consensus): boolean {
  return engine !== 'ethereum'
}

/** Where a chain was forked from: the state after this block is the one it begins with. */
export interface ParentBlock {
  /** Key of the chain of the block, which is keccak-256 of its canonical manifest. */
  readonly chain: Hash
  readonly number: bigint
  readonly hash: Hash
  /** As in the header of the block. */
  readonly stateRoot: Hash
}

/** The rules and the first state of a chain. */
export interface Manifest {
  readonly version: 1
  /** Lower-case letters, digits and dashes; names the chain's folder and RPC path. */
  readonly name: string
  readonly chainId: bigint
  /** In their order, the first from the beginning. */
  readonly forks: readonly ForkStart[]
  /** Whose logs are deposits (EIP-6110); the public network's unless given. */
  readonly depositContract?: Address
  readonly daoFork?: DaoFork
  readonly consensus: Consensus
  readonly genesis: Genesis
  /** A forked chain names no accounts of its own. */
  readonly parent?: ParentBlock
  /** SHA-256 of the file that this was read from, as hex, if it was; no part of what the chain is. */
  readonly source?: string
}
