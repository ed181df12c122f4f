/** Draws how sets of validators change while a chain goes on. */

import type { Chance } from '../../fuzz/chance.ts'
import { canProgress, type Plan } from '../plan.ts'

/** What becomes of a validator; the weight counts where it joins, or weighs more from then on. */
export interface SetChange {
  readonly kind: 'join' | 'leave' | 'weight'
  readonly validator: number
  readonly weight: number
}

type Members = Pick<Plan, 'weights' | 'twins' | 'liars'>

/** Some changes, of which any may come late without giving the faulty a third of the weight. */
export function drawChanges(
  chance: Chance,
  { engine, ...members }: Members & { readonly engine: string },
) {
  const { weights } = members
  const nothing = { weights, joiners: [] as readonly number[], changes: [] as readonly SetChange[] }
  if (engine === 'pow' || weights.length > 7 || !canProgress(members) || !chance.oneIn(3))
    return nothing
  const joiner = weights.length
  const joins = chance.oneIn(2)
  const weight = engine === 'dpos' ? 1 : 1 + chance.below(Math.max(...weights))
  const changes: SetChange[] = joins ? [{ kind: 'join', validator: joiner, weight }] : []
  for (let left = chance.below(3); left > 0; left -= 1) {
    const validator = chance.below(weights.length)
    const kind = engine !== 'dpos' && chance.oneIn(2) ? 'leave' : 'weight'
    const change = {
      kind,
      validator,
      weight: (weights[validator] ?? 0) + 1 + chance.below(3),
    } as const
    const isNew = changes.every((one) => one.validator !== validator)
    if (isNew && isSafe(members, [...changes, change])) changes.push(change)
  }
  if (!isSafe(members, changes)) return nothing
  return {
    weights: joins ? [...weights, weight] : weights,
    ...{ joiners: joins ? [joiner] : [], changes },
  }
}

/** Whether those who follow the rules have a quorum whichever of the changes were made. */
function isSafe(members: Members, changes: readonly SetChange[]): boolean {
  const subsets = Array.from({ length: 2 ** changes.length }, (_, bits) =>
    changes.filter((_, at) => (bits >> at) % 2 === 1),
  )
  return subsets.every((made) => {
    const weights = [...members.weights]
    for (const { kind, validator, weight } of made) {
      weights[validator] = kind === 'leave' ? 0 : weight
    }
    return weights.filter((weight) => weight > 0).length > 1 && canProgress({ ...members, weights })
  })
}
