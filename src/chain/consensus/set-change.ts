/** Limits how much of a set may change at once, so that two sets in a row have most of their weight in common. */

import { compareBytes } from '../../base/bytes.ts'
import type { Address } from '../ledger/transaction.ts'

/** A validator by address, with the weight that it has or should have. */
export interface Weighed {
  readonly address: Address
  readonly weight: bigint
}

/** A set as it is, without those that were just punished, and as it should become. */
export interface SetChange {
  readonly current: readonly Weighed[]
  readonly target: readonly Weighed[]
  /** The block since which the validator has wanted to be in, out, or of another weight. */
  readonly since: (validator: Address) => bigint
  /** Most members. */
  readonly most: number
}

/** A change that one validator wants. */
interface Wish {
  readonly address: Address
  readonly name: string
  readonly before: bigint
  readonly difference: bigint
  readonly since: bigint
}

/**
 * The next set, in order of addresses. At most a third of the current weight leaves and at most a third enters, but 1 at
 * least; the oldest wishes come first, of equals the lowest address; what does not fit waits, in part if need be. Nobody new
 * enters while there are `most` members. A set never becomes empty: it stays as it is.
 */
export function limitedChange({ current, target, since, most }: SetChange): readonly Weighed[] {
  const members = new Map(current.map((one) => [one.address.toHex(), one]))
  const total = current.reduce((sum, { weight }) => sum + weight, 0n)
  const third = total / 3n
  const allowed = third > 1n ? third : 1n
  const wishes = wishesOf(members, target, since)
  let left = allowed
  for (const { address, name, before, difference } of wishes) {
    if (difference >= 0n) continue
    const taken = -difference < left ? -difference : left
    left -= taken
    if (taken === before) members.delete(name)
    else members.set(name, { address, weight: before - taken })
  }
  // When all were punished nothing is left that could be outweighed, and a set is needed.
  left = total === 0n ? wishes.reduce((sum, { difference }) => sum + difference, 0n) : allowed
  for (const { address, name, before, difference } of wishes) {
    if (difference <= 0n || left === 0n || (before === 0n && members.size >= most)) continue
    const given = difference < left ? difference : left
    left -= given
    members.set(name, { address, weight: before + given })
  }
  const next = members.size === 0 ? current : [...members.values()]
  return next.toSorted((a, b) => compareBytes(a.address, b.address))
}

/** What has to change, the oldest first. */
function wishesOf(
  members: ReadonlyMap<string, Weighed>,
  target: readonly Weighed[],
  since: SetChange['since'],
): readonly Wish[] {
  const wanted = new Map(target.map((one) => [one.address.toHex(), one]))
  const all = new Map([...members, ...wanted])
  const wishes = [...all].map(([name, { address }]): Wish => {
    const before = members.get(name)?.weight ?? 0n
    const difference = (wanted.get(name)?.weight ?? 0n) - before
    return { address, name, before, difference, since: since(address) }
  })
  return wishes
    .filter(({ difference }) => difference !== 0n)
    .sort((a, b) =>
      a.since === b.since ? compareBytes(a.address, b.address) : a.since < b.since ? -1 : 1,
    )
}
