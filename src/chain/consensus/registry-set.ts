/** Says which set a BFT chain has two heights on: what its registry names, or its first one, without who was punished. */

import { equalBytes } from '../../base/bytes.ts'
import type { Address } from '../ledger/transaction.ts'
import type { ContractReader } from './contract-reader.ts'
import { readPresentAddress, readRegistry } from './governed-reader.ts'
import { limits } from './limits.ts'
import type { Validator, ValidatorSet } from './messages.ts'
import { validatorSet } from './validator-set.ts'

/**
 * The set after a block. It never becomes empty: then it stays as it is.
 *
 * @param present - the set before, whose keys need not be read again
 * @param reader - where there is a registry
 * @param faulty - who is punished in this block, by the addresses that they signed by
 */
export function setAfter(
  present: ValidatorSet,
  reader: ContractReader | undefined,
  faulty: readonly Address[],
): ValidatorSet {
  const members = reader ? readRegistry(reader, keysOf(present)) : present.list
  const out = reader ? faulty.map((signer) => readPresentAddress(reader, signer) ?? signer) : faulty
  const left = members.filter(({ address }) => !out.some((one) => equalBytes(one, address)))
  return left.length === 0 || isSame(left, present.list)
    ? present
    : validatorSet(left, limits.maxValidators)
}

function keysOf({ list }: ValidatorSet) {
  const keys = new Map(list.map(({ address, publicKey }) => [address.toHex(), publicKey]))
  return (address: Address) => keys.get(address.toHex())
}

function isSame(some: readonly Validator[], others: readonly Validator[]): boolean {
  return (
    some.length === others.length &&
    some.every((one, at) => {
      const other = others[at]
      return (
        other !== undefined &&
        equalBytes(one.address, other.address) &&
        equalBytes(one.payTo, other.payTo) &&
        one.weight === other.weight
      )
    })
  )
}
