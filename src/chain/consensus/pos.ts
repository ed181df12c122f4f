/** Votes on each block by stake: validators are elected every epoch, and proposers are drawn by lot. */

import type { PosParameters } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'
import { eligibility } from './absence.ts'
import type { BftState } from './bft-state.ts'
import type { ConsensusEngine } from './consensus.ts'
import type { Derived } from './derived.ts'
import { drawnProposers } from './drawn-proposers.ts'
import { posEpochs } from './epoch-state.ts'
import { closePosBlock } from './pos-close.ts'
import { type RevealSource, revealed } from './randao.ts'
import { type VotedChain, votedEngine } from './voted-engine.ts'

/** What the engine is made for. */
export interface PosEngineChain extends VotedChain {
  readonly parameters: PosParameters
  /** What this node reveals when it proposes; absent for one that only follows. */
  readonly reveals?: RevealSource | undefined
}

const noHash: Hash = new Uint8Array(32)
const nothing = new Uint8Array()

/** The engine of a chain. */
export function posEngine(chain: PosEngineChain): ConsensusEngine<BftState> {
  return votedEngine(chain, {
    ...{ engine: 'pos', contract: 'staking', proposersAt },
    revealOf({ validators, commitments }, proposer) {
      const commitment = commitments[proposer] ?? noHash
      if (isZero(commitment)) return nothing
      const { address } = validators.list[proposer] ?? {}
      return address && chain.reveals?.before(address, commitment)
    },
    mixOf({ derived: { mix, commitments } }, { proposer, beneficiary, reveal }) {
      const commitment = commitments[proposer] ?? noHash
      return revealed({ mix, commitment, reveal, beneficiary })?.mix
    },
    close: (ending) => closePosBlock(chain, ending),
  })
}

/** The lot of a height comes from the mix at the end of the epoch before the last one. */
function proposersAt(derived: Derived, height: bigint): (round: number) => number {
  const { validators, absences, epoch } = derived
  const [mix] = posEpochs.read(epoch?.pending).mixes
  const isEligible = eligibility(absences, validators, height)
  return drawnProposers({ validators, isEligible, mix, height })
}

function isZero(hash: Hash): boolean {
  return hash.every((byte) => byte === 0)
}
