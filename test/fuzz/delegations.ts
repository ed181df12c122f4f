/** Draws authorisations of EIP-7702, signed by a few keys; some of them are void. */

import { concatBytes, fromBigInt } from '../../src/base/bytes.ts'
import { encodeRlp, rlpInteger } from '../../src/chain/ledger/rlp.ts'
import type { Address, Authorization } from '../../src/chain/ledger/transaction.ts'
import { keccak256 } from '../../src/crypto/keccak.ts'
import { addressOfKey, signHash } from '../../src/crypto/secp256k1.ts'
import type { Chance } from './chance.ts'

const keys = [1, 2, 3].map((name) => keccak256(fromBigInt(BigInt(name))))

/** The accounts that delegate; none of them is there before its first authorisation. */
export const authorities: readonly Address[] = keys.map(addressOfKey)

/** One to three authorisations, at the first nonces of their accounts. */
export function authorizationsOf(
  chance: Chance,
  targets: readonly Address[],
): readonly Authorization[] {
  return Array.from({ length: 1 + chance.below(3) }, () => {
    const key = chance.pick(keys)
    const address = chance.oneIn(8)
      ? new Uint8Array(20)
      : chance.pick([...targets, ...authorities, ...targets])
    const nonce = BigInt(chance.oneIn(6) ? chance.below(4) : 0)
    const chainId = chance.oneIn(8) ? 7n : BigInt(chance.below(2))
    const fields = encodeRlp([rlpInteger(chainId), address, rlpInteger(nonce)])
    const signature = signHash(keccak256(concatBytes(Uint8Array.of(5), fields)), key)
    return { address, nonce, chainId, ...signature }
  })
}
