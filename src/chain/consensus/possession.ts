/** Says what shows that somebody holds the key it brings, and checks it for requests that wait in a contract. */

import { concatBytes } from '../../base/bytes.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { ContractReader } from './contract-reader.ts'
import type { SignatureSchemes } from './signatures.ts'
import { readRequests, type StakedKind, type ValidatorRequest } from './staked-reader.ts'
import { admitCall, type SystemCall } from './system-calls.ts'

const tag = new TextEncoder().encode('QS/c/possess')

/** The 64 bytes that a key signs for an owner: the proof is of no use to another account or on another chain. */
export function possessionBytes(chainKey: Hash, owner: Address): Uint8Array {
  return concatBytes(tag, chainKey, owner)
}

/** Which requests have good proofs, as the contract wants to be told: bit i for request i. */
export function goodRequests(
  requests: readonly (ValidatorRequest | undefined)[],
  { chainKey, schemes }: { readonly chainKey: Hash; readonly schemes: SignatureSchemes },
): bigint {
  return requests.reduce((good, request, at) => {
    if (request === undefined) return good
    const { scheme, publicKey, proof, owner } = request
    const isGood = schemes[scheme](possessionBytes(chainKey, owner), proof, publicKey)
    return isGood ? good | (1n << BigInt(at)) : good
  }, 0n)
}

/** What the contract is told of the block's requests; nothing if there are none. */
export function admissions(
  contract: StakedKind,
  read: ContractReader,
  chain: { readonly chainKey: Hash; readonly schemes: SignatureSchemes },
): readonly SystemCall[] {
  const requests = readRequests(read, contract)
  return requests.length === 0 ? [] : [admitCall(contract, goodRequests(requests, chain))]
}
