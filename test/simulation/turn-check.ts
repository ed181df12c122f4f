/** Checks that a correct node proposes in its own turns, and prevotes only what was proposed by whose turn it was. */

import { equalBytes } from '../../src/base/bytes.ts'
import type { CoreEffect, CoreRules, CoreState } from '../../src/chain/consensus/core-state.ts'
import { PropertyFailure } from './observer.ts'

/** @throws PropertyFailure `turn` for an effect out of turn */
export function checkTurn(rules: CoreRules, core: CoreState, effect: CoreEffect): void {
  if (effect.kind === 'propose' && rules.proposerOf(effect.round) !== rules.self) {
    throw new PropertyFailure('turn', `validator ${rules.self} proposes in round ${effect.round}`)
  }
  if (effect.kind !== 'vote' || effect.vote.type !== 'prevote') return
  const { round, value } = effect.vote
  if (value === undefined) return
  const proposal = core.proposals.find((one) => one.round === round && equalBytes(one.value, value))
  if (proposal?.validatorIndex === rules.proposerOf(round)) return
  throw new PropertyFailure('turn', `validator ${rules.self} prevotes a stray proposal in ${round}`)
}
