/** Writes transactions to the registry of a voted chain. */

import { encodeFunctionData, type Hex } from 'viem'
import { validatorRegistryAbi } from '../../abi/validator-registry.gen.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import {
  keyAddress,
  type PublicKey,
  type SigningKey,
  schemeFacts,
} from '../../crypto/signatures.ts'
import { contractAddresses } from '../consensus/contract-layout.ts'
import type { Address } from '../ledger/transaction.ts'
import { encodeTransaction, signTransaction } from '../ledger/transaction-codec.ts'

const scheme = (key: PublicKey) => schemeFacts[key.scheme].byte
const validator = (key: PublicKey) => toHex(keyAddress(key))

/** The data of calls. */
export const registryCalls = {
  add: (key: SigningKey, operator: Address, weight = 1n) =>
    encode('add', [toHex(operator), scheme(key), toHex(key.publicKey), weight, toHex(operator)]),
  remove: (key: PublicKey) => encode('remove', [validator(key)]),
  setWeight: (key: PublicKey, weight: bigint) => encode('setWeight', [validator(key), weight]),
  rotateKey: (before: PublicKey, next: SigningKey) =>
    encode('rotateKey', [validator(before), scheme(next), toHex(next.publicKey)]),
  approve: (change: Uint8Array) => encode('approve', [toHex(change)]),
}

function encode(functionName: string, args: readonly unknown[]): Uint8Array {
  const data = { abi: validatorRegistryAbi, functionName, args } as Parameters<
    typeof encodeFunctionData
  >[0]
  return fromHex(encodeFunctionData(data) as Hex)
}

/** A signed call of the registry. */
export function registryTransaction(
  key: Uint8Array,
  { nonce, data, chainId }: { readonly nonce: bigint; readonly data: Uint8Array; chainId: bigint },
): Uint8Array {
  const signed = signTransaction(
    {
      ...{ type: 2, chainId, nonce, gasLimit: 4_000_000n, to: contractAddresses.registry },
      ...{ value: 0n, data, accessList: [] },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
    },
    key,
  )
  return encodeTransaction(signed)
}
