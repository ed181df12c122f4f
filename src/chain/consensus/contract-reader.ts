/** Describes how engines read contracts: slot by slot, in the state after a block's last transaction. */

import { toBigInt } from '../../base/bytes.ts'
import { type SignatureScheme, schemeFacts, schemeOfByte } from '../../crypto/signatures.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { type ContractKind, contractAddresses } from './contract-layout.ts'
import { mappingSlot, type ReadSlot, readBytes, word } from './solidity-storage.ts'

/** State after the block's last transaction, before what the protocol itself does; a slot never written is zero. */
export interface ContractReader {
  storage(address: Address, slot: Hash): Hash
}

/** Public keys that need not be read: that of an address never changes. */
export type KnownKeys = (validator: Address) => Uint8Array | undefined

/** The slots of a contract. */
export function slotsOf(reader: ContractReader, kind: ContractKind): ReadSlot {
  return (slot) => toBigInt(reader.storage(contractAddresses[kind], word(slot)))
}

/** An address that a field holds. */
export function addressOf(value: bigint): Address {
  return word(value).slice(12)
}

/** Reads a key of a scheme that a byte stands for; `undefined` if there is none, which a contract does not let happen. */
export function readKey(
  read: ReadSlot,
  key: { readonly keysSlot: number; readonly validator: Address; readonly scheme: bigint },
  known: KnownKeys = () => undefined,
): { readonly scheme: SignatureScheme; readonly publicKey: Uint8Array } | undefined {
  const scheme = schemeOfByte(Number(key.scheme))
  if (scheme === undefined) return undefined
  const { publicKeyBytes } = schemeFacts[scheme]
  const publicKey =
    known(key.validator) ??
    readBytes(read, mappingSlot(key.keysSlot, key.validator), publicKeyBytes)
  return publicKey && { scheme, publicKey }
}
