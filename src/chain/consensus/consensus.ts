/** Describes the one interface of all consensus engines: pure, from inputs to effects. */

import type { Block, BlockHead, Header } from '../ledger/block.ts'
import type { Consensus } from '../ledger/manifest.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { ContractReader } from './contract-reader.ts'
import type { Derived } from './derived.ts'
import type {
  Certificate,
  ConsensusMessage,
  Evidence,
  NamedEvidence,
  ProposalContent,
  Validator,
  ValidatorSet,
  VoteContent,
} from './messages.ts'
import type { ConsensusRecord } from './record.ts'
import type { RoundView } from './round-view.ts'
import type { SystemCall } from './system-calls.ts'

/** Engines by name. */
export type EngineName = Consensus['engine']

/** Names a request of an engine, until it is answered or cancelled. */
export type RequestId = number

/** What a check of something from outside gives back. */
export type Verdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'too-early'; readonly retryAtMs: number }
  | { readonly kind: 'invalid'; readonly rule: string; readonly detail: string }

/** The end of a chain, as fork choice sees it. */
export interface HeadSummary {
  readonly number: bigint
  readonly hash: Hash
  readonly parent: Hash
  readonly timestampMs: bigint
  readonly finalNumber: bigint
  /** Difficulties up to it, added up; absent where they do not count. */
  readonly totalWork?: bigint | undefined
}

/** A header with what its block says to the engine beside it. */
export interface SealedHeader extends BlockHead {
  /** Encoded; absent where blocks have none. */
  readonly record?: Uint8Array | undefined
}

/** Looks at blocks that are known, in the chain or beside it; `undefined` for what is not. */
export interface ChainReader {
  header(hash: Hash): SealedHeader | undefined
  /** What follows from the chain up to a block; only where blocks have records. */
  derived(hash: Hash): Derived | undefined
  /** Who signs a height of the chain; only where blocks are voted on. */
  setAt?(height: bigint): ValidatorSet | undefined
  /** Who seems to have signed a height before all that is known: a proof leads past it. */
  likelySetAt?(height: bigint): ValidatorSet | undefined
  /** Difficulties up to a block, added up; absent where they do not count. */
  totalWork(hash: Hash): bigint | undefined
}

/** What is known of a block's header before its end and its seal are. */
export type HeaderFacts = Pick<
  Header,
  'number' | 'parentHash' | 'timestamp' | 'beneficiary' | 'difficulty' | 'gasUsed' | 'baseFeePerGas'
>

/** A block at whose end the protocol does its part. */
export interface BlockFacts {
  readonly header: HeaderFacts
  readonly record: ConsensusRecord
  /** What follows from the chain up to an ancestor. */
  derivedOf?(hash: Hash): Derived | undefined
}

/** Wei that the protocol pays, of which what is less than a gwei is not issued. */
export interface Credit {
  readonly to: Address
  readonly amountWei: bigint
  readonly why: 'reward' | 'fee'
}

/** What the protocol does at the end of a block, in order, and what follows from the chain then. */
export interface CloseResult {
  readonly derived: Derived
  readonly credits: readonly Credit[]
  /** After the credits. */
  readonly calls: readonly SystemCall[]
}

/** The fields of a header that the engine decides; the rest comes from running the transactions. */
export interface HeaderDraft {
  readonly beneficiary: Address
  /** Seconds. */
  readonly timestamp: bigint
  readonly mixHash: Hash
  readonly extraData: Uint8Array
  readonly difficulty: bigint
  readonly nonce: Uint8Array
  readonly parentBeaconBlockRoot?: Hash | undefined
  /** Whose keccak-256 is the extra data; absent where blocks have none. */
  readonly record?: Uint8Array
  /** Development only: other values than follow from the parent. */
  readonly gasLimit?: bigint
  readonly baseFeePerGas?: bigint
}

/** Fields of a block that were chosen from outside; what is absent follows the rules. */
export type BlockShape = Partial<
  Pick<HeaderDraft, 'beneficiary' | 'timestamp' | 'mixHash' | 'gasLimit' | 'baseFeePerGas'>
>

/** A block of the chain that votes can make final. */
export interface ChainPoint {
  readonly number: bigint
  readonly hash: Hash
  readonly derived: Derived
}

/** What the driver tells an engine. */
export type Input =
  | { readonly kind: 'tick'; readonly nowMs: number }
  | { readonly kind: 'block-built'; readonly request: RequestId; readonly block: Block }
  /** The block could not be built or stored; the engine may ask again. */
  | { readonly kind: 'build-failed'; readonly request: RequestId; readonly nowMs: number }
  | {
      readonly kind: 'block-imported'
      readonly head: HeadSummary
      readonly header: Header
      /** What follows from the chain up to it; only where blocks have records. */
      readonly derived?: Derived | undefined
      /** Only where votes make some blocks final: those of the chain that they may, and the last that they have. */
      readonly points?: readonly ChainPoint[]
      readonly nowMs: number
    }
  /** Whether a block that was asked about can be made final; `unknown` if it is not here. */
  | {
      readonly kind: 'point-checked'
      readonly hash: Hash
      readonly verdict: 'valid' | 'invalid' | 'unknown'
      readonly nowMs: number
    }
  /** The chain holds a block that was made final, and its certificate is on disk. */
  | { readonly kind: 'point-kept'; readonly hash: Hash; readonly nowMs: number }
  /** What another validator says, or what this node has signed: then `from` is `self`. */
  | {
      readonly kind: 'message'
      readonly from: string
      readonly message: ConsensusMessage
      /** Who signed the height of evidence, where the chain knows it. */
      readonly signers?: ValidatorSet | undefined
      readonly nowMs: number
    }
  /** Whether a block that was asked about is right; bytes with another body than the header's say nothing of it. */
  | {
      readonly kind: 'block-checked'
      readonly hash: Hash
      readonly verdict: Verdict | 'not-this-block'
      readonly nowMs: number
    }
  /** A block as it is proposed, with its own certificate, from somebody who is ahead. */
  | {
      readonly kind: 'block-synced'
      readonly block: Uint8Array
      readonly certificate: Certificate
      readonly nowMs: number
    }
  /** Who this node signs as from now on. */
  | { readonly kind: 'signer'; readonly self: Validator | undefined; readonly nowMs: number }
  /** A nonce that may seal the block of this request. */
  | { readonly kind: 'search-result'; readonly request: RequestId; readonly nonce: bigint }
  /** The pool holds transactions that the next block can take. */
  | { readonly kind: 'work-waiting'; readonly count: number; readonly nowMs: number }
  /** A block is wanted now (leap). */
  | { readonly kind: 'seal-now'; readonly nowMs: number }
  /** Development only: another pace, or another distance from the machine's clock. */
  | { readonly kind: 'set-block-time'; readonly blockTimeMs: number; readonly nowMs: number }
  | { readonly kind: 'shift-time'; readonly seconds: bigint; readonly nowMs: number }
  /** Development only: it is this second now. */
  | { readonly kind: 'set-time'; readonly timestamp: bigint; readonly nowMs: number }
  /** Development only: whether each transaction gets a block at once. */
  | { readonly kind: 'set-automine'; readonly on: boolean }
  /** Development only: who gets the fees of all blocks to come, and what else the next block has. */
  | { readonly kind: 'shape-next'; readonly shape: BlockShape }

/** What an engine asks of the driver, in order. */
export type Effect =
  | {
      readonly kind: 'build-block'
      readonly request: RequestId
      readonly on: Hash
      readonly draft: HeaderDraft
      /** The block should be built by then; what is left in the pool waits. */
      readonly deadlineMs: number
      /** The most that its transactions may have, if that is less than what any block may. */
      readonly mostBytes?: number
    }
  /** A nonce is wanted with which the digest of the seal is no higher than `target`. */
  | {
      readonly kind: 'search-nonce'
      readonly request: RequestId
      readonly sealHash: Hash
      readonly target: bigint
    }
  /** Ends a build or a search. */
  | { readonly kind: 'cancel'; readonly request: RequestId }
  /** One alarm; a new one replaces it. */
  | { readonly kind: 'wake-at'; readonly atMs: number }
  | {
      readonly kind: 'set-head'
      readonly hash: Hash
      readonly finalNumber: bigint
      /** That it was decided, where it was, and that its parent was, as the block says. */
      readonly proof?: Certificate
      readonly parentProof?: Certificate | undefined
      /** Quorums of prevotes that were seen on the way, for whatever blocks. */
      readonly polkas?: readonly Certificate[]
      /** To be run again, if what it did was let go. */
      readonly block?: Block
    }
  /** Run a block that stands on the head, and tell; one that is decided is not too early. */
  | {
      readonly kind: 'check-block'
      readonly hash: Hash
      readonly block: Block
      readonly isDecided: boolean
    }
  /** Run a block beside the chain, and tell; one that is decided and not here is looked for. */
  | { readonly kind: 'check-point'; readonly hash: Hash; readonly isDecided: boolean }
  /** Have this block in the chain and never leave it; keep its certificate, and tell. */
  | { readonly kind: 'keep-point'; readonly hash: Hash; readonly proof: Certificate }
  /** Log what must be remembered, sign, and give the message back when both are on disk. */
  | {
      readonly kind: 'sign'
      readonly unsigned: UnsignedMessage
      readonly validatorIndex: number
      readonly signBytes: Uint8Array
      readonly memory: SigningMemory
    }
  /** To all, or to one; once more if some may have missed it. */
  | {
      readonly kind: 'broadcast'
      readonly message: ConsensusMessage
      readonly to?: string
      readonly isAgain?: boolean
    }
  /** Give a node that is behind the block of this height with its certificate. */
  | { readonly kind: 'help'; readonly to: string; readonly height: bigint }
  /** Ask others for the block of this height with its certificate. */
  | { readonly kind: 'want-block'; readonly height: bigint }
  | { readonly kind: 'report'; readonly evidence: Evidence }
  /** All that waits for a block now, to be had again after a restart. */
  | { readonly kind: 'keep-evidence'; readonly evidence: readonly NamedEvidence[] }
  /** The message that was given is good and new, so that others may want it; or its signature is not good. */
  | { readonly kind: 'heard'; readonly as: 'good' | 'bad-signature' }
  /** A quorum has decided what this node finds invalid, or two things: nothing more may be done. */
  | {
      readonly kind: 'halt'
      readonly height: bigint
      readonly round: number
      readonly hash: Hash
      readonly contradicts?: Hash
    }
  /** Blocks up to this one are final, and up to `safe` safe; what is final is, unless said otherwise. */
  | { readonly kind: 'set-final'; readonly number: bigint; readonly safe?: bigint }

/** What a validator is to sign. */
export type UnsignedMessage =
  | { readonly kind: 'vote'; readonly content: VoteContent }
  | { readonly kind: 'proposal'; readonly content: ProposalContent }

/** What a validator must remember when it signs. */
export interface SigningMemory {
  readonly height: bigint
  /** In the engine's own encoding. */
  readonly state: Uint8Array
  /** The block that it signs for, as it travels. */
  readonly block?: { readonly hash: Hash; readonly bytes: Uint8Array }
}

/** What a validator's log says of the height after its head. */
export interface LoggedHeight {
  readonly height: bigint
  readonly state: Uint8Array | undefined
  /** What it has signed. */
  readonly messages: readonly ConsensusMessage[]
  readonly blocks: readonly { readonly hash: Hash; readonly bytes: Uint8Array }[]
  /** What the guard has signed last of this height: the log may lack it. */
  readonly last?: { readonly unsigned: UnsignedMessage; readonly signature: Uint8Array } | undefined
}

/** A new state and what is to be done. */
export interface Step<S> {
  readonly state: S
  readonly effects: readonly Effect[]
}

/** What an engine starts from. */
export interface StartOptions {
  readonly head: HeadSummary
  readonly header: Header
  /** What follows from the chain up to it; only where blocks have records. */
  readonly derived?: Derived | undefined
  /** What followed up to the block before it; only where blocks have records. */
  readonly parentDerived?: Derived | undefined
  /** Its certificate, where there is one. */
  readonly proof?: Certificate | undefined
  /** Where votes make some blocks final: those of the chain that they may, and certificates of the last ones. */
  readonly points?: readonly ChainPoint[]
  readonly finals?: readonly Certificate[]
  /** Double signing that waited for a block before. */
  readonly evidence?: readonly NamedEvidence[]
  /** Who this node signs as; absent for one that signs nothing. */
  readonly self?: Validator | undefined
  readonly logged?: LoggedHeight | undefined
  /** Where fees and rewards go; absent for a node that only follows. */
  readonly beneficiary?: Address | undefined
  readonly nowMs: number
}

/**
 * One consensus. `S` is what a running node remembers between inputs. Engines are deterministic, never throw on
 * any input, change nothing on an input seen before, and keep a bounded state; `consensus.suite.ts` tests it.
 */
export interface ConsensusEngine<S> {
  readonly name: EngineName
  /** Whether the end of a block depends on contracts, so that it is known only of a block that is run. */
  readonly readsContracts?: boolean
  /** Most blocks that a reorganisation may take back; as many as states are kept unless given. */
  readonly maxReorg?: number
  start(options: StartOptions): Step<S>
  /** Every rule of a header and its record that needs no transaction to be run. */
  checkHeader(chain: ChainReader, block: SealedHeader, nowMs: number): Verdict
  /**
   * The rules of a header whose block is not here yet, nor what follows from its parent; absent where blocks come by votes.
   * All others are checked with the block.
   */
  checkAhead?(
    chain: ChainReader,
    block: SealedHeader,
    how: { readonly nowMs: number; readonly isSealChecked: boolean },
  ): Verdict
  /** Where votes make some blocks final: what numbers of these are multiples of. */
  readonly checkpointEvery?: number
  /** Whether the check of a seal costs so much that it must be counted. */
  readonly isSealDear?: boolean
  /**
   * What the protocol itself does at the end of a block; only of engines whose blocks have records.
   *
   * @param parent - what follows from the chain up to the block before
   * @param read - contracts after the block's last transaction; of a block beside the chain they cannot be read
   */
  closeBlock?(parent: Derived, block: BlockFacts, read: ContractReader): CloseResult
  /** The rules of a block's ommers, which need the blocks before it, by hash. */
  checkOmmers(block: Block, blockOf: (hash: Hash) => Block | undefined): Verdict
  /** Fork choice between two valid heads: > 0 keep `a`, < 0 move to `b`, 0 keep what the node has. */
  compare(a: HeadSummary, b: HeadSummary): number
  step(state: S, input: Input): Step<S>
  /** What the next block would be like, were it built now; absent for engines that build none. */
  draft?(state: S, nowMs: number): HeaderDraft
  /** Where the height that is voted on stands; absent for engines without votes. */
  round?(state: S): RoundView | undefined
  /** Whether each transaction gets a block at once; absent for engines that never do so. */
  isAutomine?(state: S): boolean
}
