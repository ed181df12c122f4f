/** Reads the sets that somebody governs: the registry of a BFT chain, and the committee of a hybrid one. */

import { compareBytes } from '../../base/bytes.ts'
import type { Address } from '../ledger/transaction.ts'
import { governedFields, memberFields, memberSlots } from './contract-layout.ts'
import {
  addressOf,
  type ContractReader,
  type KnownKeys,
  readKey,
  slotsOf,
} from './contract-reader.ts'
import { limits } from './limits.ts'
import type { Validator } from './messages.ts'
import { contentSlot, mappingSlot, readFields } from './solidity-storage.ts'

/**
 * Members of the registry, in order of addresses; none if the last one was punished. Three slots a member are read, and
 * those of keys that are not known.
 */
export function readRegistry(reader: ContractReader, known?: KnownKeys): readonly Validator[] {
  return readMembers(reader, 'registry', known)
}

/** Members of the committee, in the same way. */
export function readCommittee(reader: ContractReader, known?: KnownKeys): readonly Validator[] {
  return readMembers(reader, 'committee', known)
}

/** The address that a member of the registry signs by now, who signs or signed by another; `undefined` if it is out. */
export function readPresentAddress(reader: ContractReader, signer: Address): Address | undefined {
  const read = slotsOf(reader, 'registry')
  const mapped = (field: '_idOfKey' | '_placeAfter', key: Address | bigint) =>
    read(mappingSlot(governedFields[field][0], key))
  const place = mapped('_placeAfter', mapped('_idOfKey', signer))
  if (place === 0n) return undefined
  const base = contentSlot(governedFields._members[0]) + (place - 1n) * memberSlots
  return addressOf(readFields(read, base, { validator: memberFields.validator }).validator)
}

function readMembers(
  reader: ContractReader,
  kind: 'registry' | 'committee',
  known: KnownKeys | undefined,
): readonly Validator[] {
  const read = slotsOf(reader, kind)
  const [slot] = governedFields._members
  const count = Math.min(Number(read(BigInt(slot))), limits.maxValidators)
  const members = Array.from({ length: count }, (_, at) => {
    const base = contentSlot(slot) + BigInt(at) * memberSlots
    const { validator, weight, scheme, payTo } = readFields(read, base, memberFields)
    const address = addressOf(validator)
    const key = readKey(
      read,
      { keysSlot: governedFields._keys[0], validator: address, scheme },
      known,
    )
    return key ? [{ address, ...key, weight, payTo: addressOf(payTo) }] : []
  })
  return members.flat().sort((a, b) => compareBytes(a.address, b.address))
}
