/** Describes what is counted of validators in an epoch or round: which blocks they signed, and what they have earned. */

import { count, fields, fixedBytes, listOf, natural, type RlpShape } from '../ledger/rlp-shape.ts'
import type { Address } from '../ledger/transaction.ts'
import { limits } from './limits.ts'

/** A validator in an epoch. */
export interface Tally {
  readonly address: Address
  /** Blocks whose certificate it could be in, and those that it is in. */
  readonly due: number
  readonly signed: number
  /** What it has earned and was not paid yet. */
  readonly wei: bigint
}

/** Somebody who could sign a block, and how much that weighs. */
interface Signer {
  readonly address: Address
  readonly weight: bigint
}

/** Somebody who took no part in so many epochs in a row. */
export interface Silence {
  readonly address: Address
  readonly epochs: number
}

/** What is counted; lists are in order of addresses. */
export interface EpochTally {
  /** Of the epoch so far. */
  readonly tallies: readonly Tally[]
  /** Who could sign the last block, where that is another set than the next block's; else none. */
  readonly signers: readonly Signer[]
  readonly silences: readonly Silence[]
}

const address = fixedBytes(20)

/** An epoch may have members of several sets. */
const mostTallies = 4 * limits.maxValidators

/** Its fields in RLP, for the state of an epoch. */
export const tallyShapes: { readonly [K in keyof EpochTally]: RlpShape<EpochTally[K]> } = {
  tallies: listOf(
    fields<Tally>({ address, due: count(2 ** 32), signed: count(2 ** 32), wei: natural(128) }),
    mostTallies,
  ),
  signers: listOf(fields<Signer>({ address, weight: natural(60) }), limits.maxValidators),
  silences: listOf(fields<Silence>({ address, epochs: count(2 ** 32) }), limits.maxCandidates),
}

/** Nothing counted yet. */
export const nothingCounted: EpochTally = { tallies: [], signers: [], silences: [] }
