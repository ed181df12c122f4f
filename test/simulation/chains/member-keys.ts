/** Makes the members of a run with their keys: made up ones that sign fast, or such as chains have. */

import type { Validator } from '../../../src/chain/consensus/messages.ts'
import { schemes } from '../../../src/chain/consensus/schemes.ts'
import type { SignatureSchemes } from '../../../src/chain/consensus/signatures.ts'
import {
  fakeSchemes,
  fakeSigningKey,
  fakeValidators,
} from '../../../src/chain/consensus/test-validators/fake-signatures.ts'
import { validatorSet } from '../../../src/chain/consensus/validator-set.ts'
import { keccak256 } from '../../../src/crypto/keccak.ts'
import { keyAddress, type SigningKey, signingKey } from '../../../src/crypto/signatures.ts'
import type { ChainPlan } from './chain-plan.ts'

/** Who can ever be in a set, and how they sign. */
export interface MemberKeys {
  /** In the order of the plan, which is that of their addresses. */
  readonly members: readonly Validator[]
  readonly schemes: SignatureSchemes
  /** @param nextSalt - makes two signatures of the same bytes differ, where they are made up */
  readonly keyOf: (member: Validator, nextSalt: () => number) => SigningKey
}

/** The members of a plan. */
export function memberKeys({ weights, isSigned }: ChainPlan): MemberKeys {
  if (isSigned) return signedKeys(weights)
  const { list } = fakeValidators(weights).validators
  return { members: list, schemes: fakeSchemes, keyOf: fakeSigningKey }
}

/** Half of them sign by each of the two schemes of validators. */
function signedKeys(weights: readonly number[]): MemberKeys {
  const keys = weights.map((_, at) => {
    const seed = keccak256(Uint8Array.of(at))
    return signingKey(at % 2 === 0 ? 'ml-dsa-65' : 'ed25519', seed)
  })
  const byAddress = new Map(keys.map((key) => [keyAddress(key).toHex(), key]))
  const payTo = (at: number) => new Uint8Array(20).fill(at + 1)
  const entries = keys.map(({ scheme, publicKey }, at) => ({
    ...{ scheme, publicKey, payTo: payTo(at), weight: 1n },
  }))
  const members = validatorSet(entries).list.map((one, at) => ({
    ...{ ...one, weight: BigInt(weights[at] ?? 1) },
  }))
  return { members, schemes, keyOf: ({ address }) => byAddress.get(address.toHex()) as SigningKey }
}
