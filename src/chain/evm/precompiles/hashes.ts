/** Hashes and copies: SHA-256, RIPEMD-160, identity (Yellow Paper, appendix E) and BLAKE2b's F (EIP-152). */

import { padStart } from '../../../base/bytes.ts'
import { compressBlake2b } from '../../../crypto/blake2b.ts'
import { ripemd160 } from '../../../crypto/ripemd160.ts'
import { sha256 } from '../../../crypto/sha256.ts'
import type { Precompile } from './precompile.ts'

const perWord = (base: number, word: number) => (input: Uint8Array) =>
  base + word * Math.ceil(input.length / 32)

export const sha256Hash: Precompile = { gas: perWord(60, 12), run: sha256 }

export const ripemd160Hash: Precompile = {
  gas: perWord(600, 120),
  run: (input) => padStart(ripemd160(input), 32),
}

export const identity: Precompile = { gas: perWord(15, 3), run: (input) => input.slice() }

/** Input: rounds (4 bytes), state (64), message (128), offset (16) and whether it is the last block (1). */
export const blake2F: Precompile = {
  gas: (input) => (isBlake2Input(input) ? roundsOf(input) : 0),
  run: (input) =>
    isBlake2Input(input)
      ? compressBlake2b(input.subarray(4, 212), roundsOf(input), input[212] === 1)
      : undefined,
}

function isBlake2Input(input: Uint8Array): boolean {
  return input.length === 213 && (input[212] ?? 2) <= 1
}

function roundsOf(input: Uint8Array): number {
  return new DataView(input.buffer, input.byteOffset).getUint32(0)
}
