/** Keeps the list of validators that let their turns pass, so that a dead one does not cost a timeout at each (consensus.md, section 4.5). */

import { compareBytes } from '../../base/bytes.ts'
import type { Address } from '../ledger/transaction.ts'
import type { ValidatorSet } from './messages.ts'

/** What the chain knows of a validator that has missed a turn since its last block. */
export interface Absence {
  readonly address: Address
  /** Heights in a row at which its turn brought no block. */
  readonly missed: number
  /** From this height on it may propose again; its next turn is a probe. */
  readonly absentUntil: bigint
}

/** What a block says about who let a turn pass. */
export interface TakenTurns {
  readonly height: bigint
  /** The round in which the block was first proposed: those before it brought none. */
  readonly round: number
  /** Who could propose at this height. */
  readonly validators: ValidatorSet
  readonly proposerOf: (round: number) => number
  /** The set of the next height. */
  readonly nextValidators: ValidatorSet
}

/** Misses after which a validator is left out; one alone may be the network's. */
const missesAllowed = 1
const longestAbsence = 64

/** Who may propose at a height, by place in the set: all but those that are absent, or all when nobody would be left. */
export function eligibility(
  absences: readonly Absence[],
  { list }: ValidatorSet,
  height: bigint,
): (index: number) => boolean {
  const absent = new Set(
    absences.flatMap(({ address, absentUntil }) => (absentUntil > height ? [address.toHex()] : [])),
  )
  const flags = list.map(({ address }) => !absent.has(address.toHex()))
  return flags.includes(true) ? (index) => flags[index] === true : () => true
}

/**
 * The list after a block, for the next height, in order of addresses: each validator whose turn brought no block has missed
 * once more, the block's proposer has not, and who left the set is forgotten.
 */
export function nextAbsences(
  absences: readonly Absence[],
  { height, round, validators, proposerOf, nextValidators }: TakenTurns,
): readonly Absence[] {
  const missing = new Set(Array.from({ length: round }, (_, earlier) => proposerOf(earlier)))
  const proposer = proposerOf(round)
  const known = new Map(absences.map((absence) => [absence.address.toHex(), absence]))
  for (const index of missing) {
    const { address } = validators.list[index] as { readonly address: Address }
    const missed = (known.get(address.toHex())?.missed ?? 0) + 1
    known.set(address.toHex(), { address, missed, absentUntil: height + absenceAfter(missed) })
  }
  known.delete(validators.list[proposer]?.address.toHex() ?? '')
  const members = new Set(nextValidators.list.map(({ address }) => address.toHex()))
  return [...known]
    .filter(([address]) => members.has(address))
    .map(([, absence]) => absence)
    .sort((a, b) => compareBytes(a.address, b.address))
}

/** Heights that a validator sits out after so many misses. */
function absenceAfter(missed: number): bigint {
  if (missed <= missesAllowed) return 0n
  return BigInt(Math.min(2 ** missed, longestAbsence))
}
