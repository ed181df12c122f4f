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

/** Whether somebody may propose in a round, by place in the set. */
export type Eligible = (index: number, round: number) => boolean

/** Rounds after which nobody is left out: who is absent may be all that is left of the set. */
const carefulRounds = 4

/**
 * Who may propose at a height: in round 0 all but those that are absent, in the rounds behind it none that has missed its last
 * turn either, so that two that are dead do not cost two waits, and from round 4 on all. Whom that would leave nobody of is
 * not left out.
 */
export function eligibility(
  absences: readonly Absence[],
  { list }: ValidatorSet,
  height: bigint,
): Eligible {
  const known = new Map(absences.map((absence) => [absence.address.toHex(), absence]))
  const isAbsent = list.map(({ address }) => {
    const until = known.get(address.toHex())?.absentUntil ?? 0n
    return until > height
  })
  const present = isAbsent.includes(false) ? isAbsent.map((is) => !is) : isAbsent.map(() => true)
  const isSteady = list.map(
    ({ address }, at) => present[at] === true && !known.has(address.toHex()),
  )
  const steady = isSteady.includes(true) ? isSteady : present
  return (index, round) => {
    if (round >= carefulRounds) return true
    return (round === 0 ? present : steady)[index] === true
  }
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
