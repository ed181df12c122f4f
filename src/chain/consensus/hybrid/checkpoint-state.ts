/** Describes what a node remembers of the votes that make blocks of work final. */

import { equalBytes } from '../../../base/bytes.ts'
import type { BallotState } from '../bft/ballot.ts'
import type { RunningTimer } from '../bft-state.ts'
import type { ChainPoint } from '../consensus.ts'
import type { CoreRules } from '../core-state.ts'
import type { Certificate, NamedEvidence, Punished, Validator, ValidatorSet } from '../messages.ts'
import type { Timeouts } from '../timeouts.ts'
import type { FinalityPlace } from './finality-rules.ts'

/** What is fixed for a chain. */
export interface CheckpointPlace extends FinalityPlace {
  readonly timeouts: Timeouts
  /** Time without progress after which a node says what it has. */
  readonly retellMs: number
}

/** A decision, by whom, so that one that contradicts it can be told. */
export interface KeptFinal {
  readonly certificate: Certificate
  readonly validators: ValidatorSet
  /** Of the block. */
  readonly number: bigint
}

/** The last final block that this node knows. */
export interface FinalBlock {
  /** 0 at the birth. */
  readonly instance: bigint
  readonly number: bigint
}

/** What is remembered. An instance is what the core calls a height. */
export interface CheckpointState extends Omit<BallotState, 'rules'> {
  /** Who this node signs as; absent for one that follows, or must not sign yet. */
  readonly self: Validator | undefined
  readonly last: FinalBlock
  /** Who votes in the present instance, and in the one after. */
  readonly validators: ValidatorSet
  readonly nextValidators: ValidatorSet
  /** Number of the head, and blocks of its chain that can be final. */
  readonly headNumber: bigint
  readonly points: readonly ChainPoint[]
  /** What was seen and is not on the chain, and whom that has punished. */
  readonly evidence: readonly NamedEvidence[]
  readonly punished: readonly Punished[]
  /** The newest decisions. */
  readonly kept: readonly KeptFinal[]
  /** What was decided is in the chain, and its certificate on disk. */
  readonly isKept: boolean
  readonly timers: readonly RunningTimer[]
  readonly retellMs: number
  /** When it was last asked about a block that is not in the chain. */
  readonly askedMs: number
  readonly wakeMs: number | undefined
  /** Two certificates contradict each other: nothing is done any more. */
  readonly hasFailed: boolean
}

/** Decisions that are remembered. */
export const mostKept = 16

/** Of the present instance. Turns go round, whatever the weights: a committee has no blocks to make. */
export function rulesOf({
  validators,
  core,
  self,
}: Pick<CheckpointState, 'validators' | 'core' | 'self'>): CoreRules {
  const own = validators.list.findIndex(({ address }) => self && equalBytes(address, self.address))
  const count = BigInt(Math.max(1, validators.list.length))
  return {
    ...{ instance: 1, validators, self: own < 0 ? undefined : own },
    proposerOf: (round) => Number((core.height + BigInt(round)) % count),
  }
}
