/** Keeps whose turn it is along the chain of a run, as each block's derived state does. */

import { equalBytes } from '../../src/base/bytes.ts'
import { type Absence, eligibility, nextAbsences } from '../../src/chain/consensus/absence.ts'
import type { ValidatorSet } from '../../src/chain/consensus/messages.ts'
import {
  advancePriorities,
  changePriorities,
  firstPriorities,
  proposersOf,
  type Rotation,
} from '../../src/chain/consensus/proposer.ts'

/** What the chain up to a height says about the turns at the next. */
export interface Turns {
  readonly validators: ValidatorSet
  readonly height: bigint
  readonly priorities: readonly bigint[]
  readonly absences: readonly Absence[]
}

/** The turns of the first height. */
export function firstTurns(validators: ValidatorSet): Turns {
  return { validators, height: 1n, priorities: firstPriorities(validators), absences: [] }
}

/** Who may propose at the height, by round. */
export function proposersAt(turns: Turns): (round: number) => number {
  return proposersOf(rotationOf(turns))
}

/** Whether somebody is left out of the turns. */
export function isSomebodyAbsent({ absences, height }: Turns): boolean {
  return absences.some(({ absentUntil }) => absentUntil > height)
}

/** The turns of the next height and its set, after a block that was first proposed in this round. */
export function turnsAfter(
  turns: Turns,
  round: number,
  { hasAbsences, next }: { readonly hasAbsences: boolean; readonly next?: ValidatorSet },
): Turns {
  const { validators, height, absences } = turns
  const taken = { height, round, validators, nextValidators: next ?? validators }
  const turned = { ...rotationOf(turns), priorities: advancePriorities(rotationOf(turns)) }
  const isSame = next === undefined || equalBytes(next.hash, validators.hash)
  return {
    ...{ validators: next ?? validators, height: height + 1n },
    priorities: isSame ? turned.priorities : changePriorities(turned, next),
    absences: hasAbsences
      ? nextAbsences(absences, { ...taken, proposerOf: proposersAt(turns) })
      : [],
  }
}

function rotationOf({ validators, priorities, absences, height }: Turns): Rotation {
  return { validators, priorities, isEligible: eligibility(absences, validators, height) }
}
