/** Says what shows that somebody holds the key it brings, and checks it for requests that wait in a contract. */

import { concatBytes } from '../../base/bytes.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { SignatureSchemes } from './signatures.ts'
import type { ValidatorRequest } from './staked-reader.ts'

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
