/** Recovers and verifies signatures: secp256k1 (Yellow Paper, appendix E) and P-256 (EIP-7951). */

import { padStart, toBigInt } from '../../../base/bytes.ts'
import { isP256Signature } from '../../../crypto/p256.ts'
import { recoverAddress } from '../../../crypto/secp256k1.ts'
import { oneWord, type Precompile, slice } from './precompile.ts'

const nothing = new Uint8Array()

/** Input: hash, v, r and s, a word each. Output: the address in a word, or nothing. */
export const ecRecover: Precompile = {
  gas: () => 3_000,
  run(input) {
    const v = toBigInt(slice(input, 32, 32))
    if (v !== 27n && v !== 28n) return nothing
    const [r, s] = [toBigInt(slice(input, 64, 32)), toBigInt(slice(input, 96, 32))]
    const address = recoverAddress(slice(input, 0, 32), { yParity: Number(v) - 27, r, s })
    return address ? padStart(address, 32) : nothing
  },
}

/** Input: hash, r, s, x and y, a word each. Output: 1 in a word, or nothing. */
export const p256Verify: Precompile = {
  gas: () => 6_900,
  run(input) {
    if (input.length !== 160) return nothing
    const [signature, point] = [input.subarray(32, 96), input.subarray(96)]
    return isP256Signature(input.subarray(0, 32), signature, point) ? oneWord() : nothing
  },
}
