/** Makes sets of validators of what contracts say of stakes, and takes those out that were punished. */

import type { Address } from '../ledger/transaction.ts'
import { limits } from './limits.ts'
import type { Validator, ValidatorSet } from './messages.ts'
import type { Weighed } from './set-change.ts'
import { type ValidatorEntry, validatorSet } from './validator-set.ts'

/** Tells whether an address is one of some. */
export function isAmong(addresses: readonly Address[]): (address: Address) => boolean {
  const names = new Set(addresses.map((one) => one.toHex()))
  return (address) => names.has(address.toHex())
}

/** The set without some of its members; as it is if nobody would be left. */
export function setWithout(set: ValidatorSet, punished: readonly Address[]): ValidatorSet {
  const isPunished = isAmong(punished)
  const left = set.list.filter(({ address }) => !isPunished(address))
  if (left.length === 0 || left.length === set.list.length) return set
  return validatorSet(left, limits.maxValidators)
}

/** What is known of a validator beside its weight: its key, and where its fees go. */
export type Known = Omit<Validator, 'weight'>

/**
 * The set of some weights.
 *
 * @param current - whose keys need not be read
 * @param read - what a contract knows of a member, with the key if that is known already
 */
export function weighedSet(
  members: readonly Weighed[],
  current: ValidatorSet,
  read: (address: Address, known: () => Uint8Array | undefined) => Known | undefined,
): ValidatorSet {
  const byName = new Map(current.list.map((one) => [one.address.toHex(), one]))
  const entries = members.flatMap(({ address, weight }): ValidatorEntry[] => {
    const present = byName.get(address.toHex())
    const known = read(address, () => present?.publicKey) ?? present
    if (known === undefined) return []
    const { scheme, publicKey, payTo } = known
    return [{ scheme, publicKey, payTo, weight }]
  })
  return entries.length === 0 ? current : validatorSet(entries, limits.maxValidators)
}
