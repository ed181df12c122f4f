/** Checks what a blob's polynomial is at a point (EIP-4844). */

import { concatBytes, equalBytes, fromBigInt, padStart } from '../../../base/bytes.ts'
import { blobFieldOrder, isKzgProof, valuesPerBlob } from '../../../crypto/kzg.ts'
import { sha256 } from '../../../crypto/sha256.ts'
import type { Precompile } from './precompile.ts'

/** First byte of a versioned hash. */
const kzgVersion = 1

const answer = concatBytes(
  ...[BigInt(valuesPerBlob), blobFieldOrder].map((value) => padStart(fromBigInt(value), 32)),
)

/** Input: versioned hash, z and y (a word each), commitment and proof (48 bytes each). */
export const pointEvaluation: Precompile = {
  gas: () => 50_000,
  run(input) {
    if (input.length !== 192) return undefined
    const [z, y] = [input.subarray(32, 64), input.subarray(64, 96)]
    const [commitment, proof] = [input.subarray(96, 144), input.subarray(144)]
    const hash = sha256(commitment)
    hash[0] = kzgVersion
    const isRight =
      equalBytes(hash, input.subarray(0, 32)) && isKzgProof({ commitment, z, y, proof })
    return isRight ? answer.slice() : undefined
  },
}
