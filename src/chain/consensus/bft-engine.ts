/** Decides one height after the other by the BFT core: what PoS, DPoS and BFT chains do between inputs is the same. */

import { resumed } from './bft/resumption.ts'
import { tallyOf } from './bft/rounds.ts'
import { emptyTally } from './bft/tally.ts'
import { Turn } from './bft/turn.ts'
import type { BftPlace, BftState } from './bft-state.ts'
import type { ConsensusEngine } from './consensus.ts'
import type { RoundView } from './round-view.ts'

/** What such an engine does between inputs. */
export function bftSteps(
  place: BftPlace,
): Required<Pick<ConsensusEngine<BftState>, 'start' | 'step' | 'draft' | 'round'>> {
  return {
    start: (options) => resumed(place, options),
    step(state, input) {
      const turn = new Turn(place, state, 'nowMs' in input ? input.nowMs : undefined)
      turn.take(input)
      return turn.end()
    },
    round: roundView,
    draft({ ground, rules, core, evidence }, nowMs) {
      const round = Math.max(core.round, 0)
      return place.draft(ground, { round, nowMs, evidence, proposer: rules.proposerOf(round) })
    },
  }
}

function roundView({ core, rules, evidence }: BftState): RoundView {
  const { height, round, step, proposals } = core
  const { prevotes, precommits } = tallyOf(core, round) ?? emptyTally(round)
  return {
    ...{ height, round, step, evidence, validators: rules.validators, self: rules.self },
    ...{ proposer: rules.proposerOf(Math.max(round, 0)) },
    hasProposal: proposals.some((one) => one.round === round),
    ...{ prevotes: prevotes.votes, precommits: precommits.votes },
  }
}
