/** Counts blocks and rewards of an epoch or round, and settles them at its end. */

import { compareBytes, equalBytes } from '../../base/bytes.ts'
import type { Address } from '../ledger/transaction.ts'
import { hasBit } from './bit-map.ts'
import type { EpochTally, Silence, Tally } from './epoch-tally.ts'
import type { ValidatorSet } from './messages.ts'

/** A block as far as it counts. */
export interface CountedBlock {
  /** The set that signs it, and the one of the next block. */
  readonly validators: ValidatorSet
  readonly nextValidators: ValidatorSet
  /** Of its parent, as its record has them; none of the first block's. */
  readonly parentSigners: Uint8Array
  /** By place in the set. */
  readonly proposer: number
  /** For having proposed it, and for having signed its parent. */
  readonly rewards: { readonly proposerWei: bigint; readonly signersWei: bigint }
}

/** What a validator is paid at the end of an epoch. */
export interface EarnedReward {
  readonly validator: Address
  /** Whole gwei. */
  readonly wei: bigint
}

const weiPerGwei = 10n ** 9n
/** The count after a block. */
export function countBlock(before: EpochTally, block: CountedBlock): EpochTally {
  const { validators, nextValidators, parentSigners, proposer, rewards } = block
  const byName = new Map(before.tallies.map((one) => [one.address.toHex(), one]))
  const add = (of: Address, more: Partial<Omit<Tally, 'address'>>) => {
    const name = of.toHex()
    const { due, signed, wei } = byName.get(name) ?? { due: 0, signed: 0, wei: 0n }
    byName.set(name, {
      ...{ address: of, due: due + (more.due ?? 0), signed: signed + (more.signed ?? 0) },
      wei: wei + (more.wei ?? 0n),
    })
  }
  if (parentSigners.length > 0) {
    const could = before.signers.length > 0 ? before.signers : validators.list
    const did = could.filter((_, at) => hasBit(parentSigners, at))
    const total = did.reduce((sum, { weight }) => sum + weight, 0n)
    for (const one of could) add(one.address, { due: 1 })
    for (const { address: of, weight } of did) {
      add(of, { signed: 1, wei: (rewards.signersWei * weight) / total })
    }
  }
  const proposing = validators.list[proposer]
  if (proposing) add(proposing.address, { wei: rewards.proposerWei })
  const isSame = equalBytes(validators.hash, nextValidators.hash)
  const signers = isSame
    ? []
    : validators.list.map(({ address: of, weight }) => ({ address: of, weight }))
  return { ...before, tallies: inOrder([...byName.values()]), signers }
}

/**
 * What those are paid of whom it is said that they earned it: whole gwei, since the rest is not issued. Who was paid nothing
 * is not among them.
 */
export function earnedRewards(
  { tallies }: EpochTally,
  hasEarned: (tally: Tally) => boolean,
): readonly EarnedReward[] {
  return tallies
    .filter((one) => one.wei >= weiPerGwei && hasEarned(one))
    .map(({ address: validator, wei }) => ({ validator, wei: wei - (wei % weiPerGwei) }))
}

/**
 * Who took no part, when an epoch ends: once more than before, or not any more. Of who had nothing to take part in, what was
 * known stays.
 */
export function silencesAfter(
  { tallies, silences }: EpochTally,
  rules: {
    readonly isSilent: (tally: Tally) => boolean
    /** Whether it is still of interest whether somebody takes part. */
    readonly isKept: (of: Address) => boolean
  },
): readonly Silence[] {
  const byName = new Map(silences.map((one) => [one.address.toHex(), one]))
  for (const tally of tallies) {
    if (tally.due === 0) continue
    const name = tally.address.toHex()
    const epochs = (byName.get(name)?.epochs ?? 0) + 1
    if (rules.isSilent(tally)) byName.set(name, { address: tally.address, epochs })
    else byName.delete(name)
  }
  return inOrder([...byName.values()].filter((one) => rules.isKept(one.address)))
}

function inOrder<T extends { readonly address: Address }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => compareBytes(a.address, b.address))
}

/** The count without those who were punished: they get nothing for the epoch. */
export function withoutTallies(count: EpochTally, punished: readonly Address[]): EpochTally {
  if (punished.length === 0) return count
  const names = new Set(punished.map((one) => one.toHex()))
  return { ...count, tallies: count.tallies.filter((one) => !names.has(one.address.toHex())) }
}
