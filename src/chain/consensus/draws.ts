/** Draws numbers from a seed that all nodes share. */

import { concatBytes, fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Hash } from '../ledger/transaction.ts'

/** Gives the next number from 0 up to, and without, the one that is asked for; what favours low ones is below 2^-190. */
export type Draw = (below: bigint) => bigint

/** Draws of a seed: keccak256(seed ‖ purpose ‖ u32 counter); other purposes give other numbers. */
export function drawsOf(seed: Hash, purpose: number): Draw {
  let counter = 0n
  return (below) => {
    const place = padStart(fromBigInt(counter), 4)
    counter += 1n
    return toBigInt(keccak256(concatBytes(seed, Uint8Array.of(purpose), place))) % below
  }
}

/** In whose range a number falls when all of the weights stand one after the other: a place among them. */
export function placeOfWeight(weights: readonly bigint[], number: bigint): number {
  let rest = number
  for (const [place, weight] of weights.entries()) {
    if (rest < weight) return place
    rest -= weight
  }
  return -1
}
