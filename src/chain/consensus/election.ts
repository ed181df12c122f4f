/** Elects: ranks by stake, draws standbys, and puts the members of a round in their order. */

import { compareBytes, concatBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { type Draw, drawsOf, placeOfWeight } from './draws.ts'
import type { Candidate } from './staked-reader.ts'

/** A round that delegates are elected for. */
export interface DelegateRound {
  /** How many of the heaviest are in. */
  readonly active: number
  /** How many of the others are drawn. */
  readonly standby: number
  /** Least weight of those, in gwei. */
  readonly minStandby: bigint
  readonly seed: Hash
}

/** A set of fewer has no fault that it could stand. */
export const leastDelegates = 4
const tag = new TextEncoder().encode('QS/standby/1')
/** What numbers are drawn for. */
const [forStandby, forOrder] = [0, 1]

/** The heaviest, at most so many, in order of their rank; of equals the one with the lower address comes first. */
export function ranked(candidates: readonly Candidate[], most: number): readonly Candidate[] {
  const order = candidates.toSorted((a, b) =>
    a.weight === b.weight ? compareBytes(a.address, b.address) : a.weight > b.weight ? -1 : 1,
  )
  return order.slice(0, most)
}

/**
 * What a round's draws come from: keccak256("QS/standby/1" ‖ chain key ‖ u64 round ‖ parent hash of the block that makes the
 * list).
 */
export function roundSeed(chainKey: Hash, round: bigint, parentHash: Hash): Hash {
  return keccak256(concatBytes(tag, chainKey, padStart(fromBigInt(round), 8), parentHash))
}

/**
 * The members of a round, in order of addresses: the heaviest, and standbys drawn from the others by weight.
 *
 * @returns `undefined` when there are fewer than 4; then the set stays as it is
 */
export function electedDelegates(
  candidates: readonly Candidate[],
  round: DelegateRound,
): readonly Address[] | undefined {
  const order = ranked(candidates, candidates.length)
  const others = order.slice(round.active).filter(({ weight }) => weight >= round.minStandby)
  const drawn = drawnByWeight(others, round.standby, drawsOf(round.seed, forStandby))
  const members = [...order.slice(0, round.active), ...drawn].map(({ address }) => address)
  return members.length < leastDelegates ? undefined : members.sort(compareBytes)
}

/** So many at most, without putting any back. */
function drawnByWeight(from: readonly Candidate[], count: number, draw: Draw): Candidate[] {
  const left = [...from]
  const drawn: Candidate[] = []
  while (drawn.length < count && left.length > 0) {
    const weights = left.map(({ weight }) => weight)
    const total = weights.reduce((sum, weight) => sum + weight, 0n)
    if (total === 0n) break
    drawn.push(...left.splice(placeOfWeight(weights, draw(total)), 1))
  }
  return drawn
}

/**
 * The order in which a round's members propose: Fisher and Yates' shuffle of the places 0 to `count` − 1, from the last one
 * down. Slot `i` belongs to `order[i]`, and in a height's later rounds to those that follow.
 */
export function proposingOrder(seed: Hash, count: number): readonly number[] {
  const order = Array.from({ length: count }, (_, place) => place)
  const draw = drawsOf(seed, forOrder)
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Number(draw(BigInt(last + 1)))
    const moved = order[last] as number
    order[last] = order[other] as number
    order[other] = moved
  }
  return order
}
