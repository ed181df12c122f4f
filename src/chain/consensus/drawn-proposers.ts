/** Says whose turn it is to propose on a chain where stake is drawn by lot. */

import { concatBytes, fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { Eligible } from './absence.ts'
import { placeOfWeight } from './draws.ts'
import type { ValidatorSet } from './messages.ts'

/** What the turns of a height are drawn from. */
export interface Lottery {
  readonly validators: ValidatorSet
  /** Who may propose; at least one may in each round. */
  readonly isEligible: Eligible
  /** The mix at the end of the epoch before the last one; the first block's for epochs 0 and 1. */
  readonly mix: Hash
  readonly height: bigint
}

const tag = new TextEncoder().encode('QS/prop/pos/1')

/**
 * The proposers of one height. A round is drawn by weight, from keccak256("QS/prop/pos/1" ‖ mix ‖ u64 height ‖ u32 round); if
 * the round before had the same proposer, the next in order of addresses has the turn. What was found is remembered.
 *
 * @returns the place in the set of the proposer of a round
 */
export function drawnProposers(lottery: Lottery): (round: number) => number {
  const { list } = lottery.validators
  const chosen: number[] = []
  const draw = (round: number): number => {
    const places = list.flatMap((_, index) => (lottery.isEligible(index, round) ? [index] : []))
    const weights = places.map((index) => list[index]?.weight ?? 0n)
    const total = weights.reduce((sum, weight) => sum + weight, 0n)
    const drawn = placeOfWeight(weights, seedNumber(lottery, round) % total)
    const isRepeated = places[drawn] === chosen.at(-1)
    return places[isRepeated ? (drawn + 1) % places.length : drawn] as number
  }
  return (round) => {
    while (chosen.length <= round) chosen.push(draw(chosen.length))
    return chosen[round] as number
  }
}

function seedNumber({ mix, height }: Lottery, round: number): bigint {
  const place = concatBytes(padStart(fromBigInt(height), 8), padStart(fromBigInt(BigInt(round)), 4))
  return toBigInt(keccak256(concatBytes(tag, mix, place)))
}
