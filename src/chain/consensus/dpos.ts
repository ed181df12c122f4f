/** Votes on each block by delegates of equal weight, whom votes elect for a round and who propose in a drawn order. */

import type { DposParameters } from '../ledger/manifest.ts'
import { eligibility } from './absence.ts'
import { predictableMix } from './bft.ts'
import type { BftState } from './bft-state.ts'
import type { ConsensusEngine } from './consensus.ts'
import type { Derived } from './derived.ts'
import { closeDposBlock } from './dpos-close.ts'
import { proposingOrder, roundSeed } from './election.ts'
import { dposRounds } from './epoch-state.ts'
import { epochPlace } from './epochs.ts'
import { type VotedChain, votedEngine } from './voted-engine.ts'

/** What the engine is made for. */
export interface DposEngineChain extends VotedChain {
  readonly parameters: DposParameters
}

/** The engine of a chain. */
export function dposEngine(chain: DposEngineChain): ConsensusEngine<BftState> {
  return votedEngine(chain, {
    ...{ engine: 'dpos', contract: 'delegates' },
    proposersAt: (derived, height) => proposersAt(chain, derived, height),
    mixOf: predictableMix,
    close: (ending) => closeDposBlock(chain, ending),
  })
}

/** Slot i of a round is the i-th's of its order; who follows has the height's later rounds, without those that are absent. */
function proposersAt(
  { parameters: { active, standby }, chainKey }: DposEngineChain,
  { validators, absences, epoch }: Derived,
  height: bigint,
): (round: number) => number {
  const { anchors } = dposRounds.read(epoch?.pending)
  const place = epochPlace(height, active + standby)
  const order = proposingOrder(roundSeed(chainKey, place.epoch, anchors[0]), validators.list.length)
  const first = place.slot % order.length
  const turned = [...order.slice(first), ...order.slice(0, first)]
  const isEligible = eligibility(absences, validators, height)
  // Asked for at each message.
  const found = new Map<number, number>()
  return (round) => {
    const known = found.get(round)
    if (known !== undefined) return known
    const turns = turned.filter((index) => isEligible(index, round))
    const proposer = turns[round % turns.length] as number
    found.set(round, proposer)
    return proposer
  }
}
