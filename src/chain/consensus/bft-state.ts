/** Describes what an engine whose blocks are voted on is made for, and what it remembers between inputs. */

import { equalBytes } from '../../base/bytes.ts'
import type { Header } from '../ledger/block.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { Flight } from './bft/flights.ts'
import type { HeaderDraft, HeadSummary, RequestId } from './consensus.ts'
import type { CoreRules, CoreState, Timer } from './core-state.ts'
import type { Derived } from './derived.ts'
import type {
  Certificate,
  ConsensusMessage,
  NamedEvidence,
  Validator,
  ValidatorSet,
} from './messages.ts'
import type { HeldMessages } from './next-height.ts'
import type { SignatureSchemes } from './signatures.ts'
import type { Timeouts } from './timeouts.ts'

/** What is fixed for a chain. */
export interface BftPlace {
  /** keccak256 of the canonical manifest. */
  readonly chainKey: Hash
  readonly schemes: SignatureSchemes
  readonly timeouts: Timeouts
  readonly blockTimeMs: number
  /** How long before its time a height begins, so that its block is there by then. */
  readonly buildLeadMs: number
  /** How long a height waits for something to put in its block; 0 makes empty ones. */
  readonly heartbeatMs: number
  /** Time without progress after which a node says what it has. */
  readonly retellMs: number
  /** Blocks that evidence is good for. */
  readonly evidenceHeights: bigint
  /** Who signs the height after a block, and the one after that. */
  setAfter(ground: Pick<BftGround, 'derived'>): ValidatorSet
  nextSetAfter(ground: Pick<BftGround, 'derived'>): ValidatorSet
  /** Whose turn it is at the height after a block, by place in its set. */
  turnsAfter(ground: BftGround, validators: ValidatorSet): (round: number) => number
  /** Whether this node knows all that a validator must say when it proposes the next height; by place in the set. */
  canPropose(ground: BftGround, proposer: number): boolean
  /** What the engine decides of a block that is made in a turn. */
  draft(ground: BftGround, turn: DraftTurn): HeaderDraft
}

/** When, and by whom, a block is made. */
export interface DraftTurn {
  readonly round: number
  readonly nowMs: number
  /** By place in the set of the height. */
  readonly proposer: number
  /** What waits for a block. */
  readonly evidence: readonly NamedEvidence[]
}

/** The last block that was decided, and what the next height stands on. */
export interface BftGround {
  /** `timestampMs` to the millisecond, as its record has it. */
  readonly head: HeadSummary
  readonly header: Header
  /** What follows from the chain up to it. */
  readonly derived: Derived
  /** Its certificate as this node has it; the first block has none. */
  readonly proof: Certificate | undefined
  /** The set that it is of. */
  readonly signers: ValidatorSet | undefined
}

/** A wait of the core that is on. */
export interface RunningTimer {
  readonly timer: Timer
  readonly dueMs: number
}

/** A part of a block, as it is said. */
export type PartMessage = Extract<ConsensusMessage, { kind: 'part' }>

/** What the engine remembers. */
export interface BftState {
  /** The latest time that it was told. */
  readonly nowMs: number
  readonly ground: BftGround
  /** Who this node signs as; absent for one that follows, or must not sign yet. */
  readonly self: Validator | undefined
  /** Of the present height. */
  readonly rules: CoreRules
  readonly core: CoreState
  /** When the height begins, until it has. */
  readonly startMs: number | undefined
  readonly hasWork: boolean
  readonly timers: readonly RunningTimer[]
  readonly flights: readonly Flight[]
  /** Messages of the next height. */
  readonly held: HeldMessages
  /** Parts of blocks that came before the proposals that promise them. */
  readonly early: readonly PartMessage[]
  /** A block that is being built, with the certificate that its record names. */
  readonly building:
    | {
        readonly request: RequestId
        readonly round: number
        readonly parentProof: Certificate | undefined
      }
    | undefined
  readonly nextRequest: RequestId
  /** When this node says what it has, unless it gets on before. */
  readonly retellMs: number
  /** When it last asked for a block that others have. */
  readonly askedMs: number
  /** When peers were last answered, the latest last. */
  readonly answered: readonly { readonly peer: string; readonly atMs: number }[]
  /** What was seen and is not on the chain. */
  readonly evidence: readonly NamedEvidence[]
  /** The alarm that the driver has. */
  readonly wakeMs: number | undefined
}

/** What holds for the height after a block. */
export function rulesAfter(
  place: BftPlace,
  ground: BftGround,
  self: Validator | undefined,
): CoreRules {
  const validators = place.setAfter(ground)
  const own = validators.list.findIndex(({ address }) => self && equalBytes(address, self.address))
  return {
    ...{ instance: 0, validators, self: own < 0 ? undefined : own },
    proposerOf: place.turnsAfter(ground, validators),
  }
}
