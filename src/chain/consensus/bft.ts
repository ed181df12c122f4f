/** Votes on each block, with a set of validators that the chain's owner names, who propose in turns by weight. */

import { concatBytes, equalBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { BftParameters } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'
import { eligibility } from './absence.ts'
import type { BftState } from './bft-state.ts'
import type { ConsensusEngine } from './consensus.ts'
import type { Derived } from './derived.ts'
import { advancePriorities, changePriorities, proposersOf, type Rotation } from './proposer.ts'
import { setAfter } from './registry-set.ts'
import {
  type Ending,
  type MixedBlock,
  type MixedParent,
  type VotedChain,
  type VoterClose,
  votedEngine,
} from './voted-engine.ts'

/** What the engine is made for. */
export interface BftChain extends VotedChain {
  readonly parameters: BftParameters
  /** Whether the chain began with the state of another, whose registry names the validators of that one. */
  readonly isForked?: boolean
}

const mixTag = new TextEncoder().encode('QS/mix/bft/1')

/** The engine of a chain. */
export function bftEngine(chain: BftChain): ConsensusEngine<BftState> {
  const isGoverned = chain.parameters.owner !== 'nobody' && chain.isForked !== true
  return votedEngine(chain, {
    engine: 'bft',
    proposersAt: (derived, height) => proposersOf(rotationOf(derived, height)),
    mixOf: predictableMix,
    ...(isGoverned && { contract: 'registry' }),
    close: (ending) => close(ending, isGoverned),
  })
}

/** Who may propose at a height, and in which order. */
function rotationOf({ validators, priorities, absences }: Derived, height: bigint): Rotation {
  return { validators, priorities, isEligible: eligibility(absences, validators, height) }
}

/** Says nothing that was not known before: PREVRANDAO is no randomness here. */
export function predictableMix({ header }: MixedParent, { round, beneficiary }: MixedBlock): Hash {
  const place = padStart(fromBigInt(BigInt(round)), 4)
  return keccak256(concatBytes(mixTag, header.mixHash, place, beneficiary))
}

/** Turns the rotation on, and looks up who signs next. */
function close(
  { parent, block, read, validators, faults }: Ending,
  isGoverned: boolean,
): VoterClose {
  const rotation = rotationOf(parent, block.header.number)
  const turned = { ...rotation, priorities: advancePriorities(rotation) }
  const isSame = equalBytes(validators.hash, rotation.validators.hash)
  return {
    derived: {
      priorities: isSame ? turned.priorities : changePriorities(turned, validators),
      nextValidators: setAfter(
        validators,
        isGoverned ? read : undefined,
        faults.map(({ validator }) => validator),
      ),
    },
  }
}
