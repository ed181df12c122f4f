/** Says whose turn it is to propose: weighted round robin after CometBFT's procedure, in integers. */

import { AppError } from '../../base/app-error.ts'
import type { Eligible } from './absence.ts'
import type { ValidatorSet } from './messages.ts'

/** What turns are taken from. */
export interface Rotation {
  readonly validators: ValidatorSet
  /** One for each validator, in set order; they sum up to about nothing. */
  readonly priorities: readonly bigint[]
  /** Who may propose; at least one may in each round. Weight and votes do not depend on it. */
  readonly isEligible: Eligible
}

/** Who has the turn, and the priorities after it. */
interface Turn {
  readonly chosen: number
  readonly priorities: readonly bigint[]
}

/** Priorities of a chain's first set. */
export function firstPriorities(validators: ValidatorSet): readonly bigint[] {
  return validators.list.map(() => 0n)
}

/**
 * The proposers of one height: round `r` belongs to the choice of turn `r + 1`. What was found is remembered, so that a row
 * of rounds costs one turn each.
 *
 * @returns the place in the set of the proposer of a round
 */
export function proposersOf(rotation: Rotation): (round: number) => number {
  const chosen: number[] = []
  let { priorities } = rotation
  return (round) => {
    while (chosen.length <= round) {
      const turn = takeTurn({ ...rotation, priorities }, chosen.length)
      priorities = turn.priorities
      chosen.push(turn.chosen)
    }
    return chosen[round] as number
  }
}

/** Priorities for the next height: one turn on, however many rounds this one took. */
export function advancePriorities(rotation: Rotation): readonly bigint[] {
  return takeTurn(rotation, 0).priorities
}

/**
 * Priorities when the set changes. Who leaves takes its own along; who is new waits at −(T + T/8), so that leaving and coming
 * back does not pay; then all are drawn together to within twice the total, and around nothing.
 */
export function changePriorities(
  { validators, priorities }: Pick<Rotation, 'validators' | 'priorities'>,
  next: ValidatorSet,
): readonly bigint[] {
  const { total } = next
  const known = new Map(
    validators.list.map(({ address }, index) => [address.toHex(), priorities[index] ?? 0n]),
  )
  const entering = -(total + total / 8n)
  const mixed = next.list.map(({ address }) => known.get(address.toHex()) ?? entering)
  return centered(rescaled(mixed, 2n * total))
}

/** Divides by the least number that brings all within `window` of each other; `/` truncates toward zero. */
function rescaled(priorities: readonly bigint[], window: bigint): readonly bigint[] {
  const spread = priorities.reduce(larger) - priorities.reduce(smaller)
  if (spread <= window) return priorities
  const ratio = (spread + window - 1n) / window
  return priorities.map((priority) => priority / ratio)
}

function centered(priorities: readonly bigint[]): readonly bigint[] {
  const sum = priorities.reduce((total, priority) => total + priority, 0n)
  const average = sum / BigInt(priorities.length)
  return priorities.map((priority) => priority - average)
}

/** Everybody eligible gains its weight; the first of the highest pays for all. */
function takeTurn({ validators, priorities, isEligible }: Rotation, round: number): Turn {
  let chosen = -1
  let gained = 0n
  const next = priorities.map((priority, index) => {
    if (!isEligible(index, round)) return priority
    const weight = validators.list[index]?.weight ?? 0n
    gained += weight
    return priority + weight
  })
  next.forEach((priority, index) => {
    if (!isEligible(index, round)) return
    // A tie is the lowest address's, and the set is in that order.
    if (chosen < 0 || priority > (next[chosen] as bigint)) chosen = index
  })
  if (chosen < 0) {
    const message = 'nobody may propose; a rotation needs somebody who is eligible'
    throw new AppError({ code: 'consensus/no-proposer', message })
  }
  next[chosen] = (next[chosen] as bigint) - gained
  return { chosen, priorities: next }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
