/** Adds, multiplies and pairs points of bn254 (EIP-196, EIP-197), with the prices of two forks (EIP-1108). */

import { addBn254, multiplyBn254, pairsToOneOnBn254 } from '../../../crypto/bn254.ts'
import { type Precompile, slice, truthWord } from './precompile.ts'

/** Input: two points. */
const bn254Add = (gas: number): Precompile => ({
  gas: () => gas,
  run: (input) => addBn254(slice(input, 0, 128)),
})

/** Input: a point and a number. */
const bn254Multiply = (gas: number): Precompile => ({
  gas: () => gas,
  run: (input) => multiplyBn254(slice(input, 0, 96)),
})

/** Input: pairs of points, 192 bytes each. Output: whether the product of their pairings is one. */
const bn254Pairing = (base: number, pair: number): Precompile => ({
  gas: (input) => base + pair * Math.floor(input.length / 192),
  run: (input) => (input.length % 192 === 0 ? truthWord(pairsToOneOnBn254(input)) : undefined),
})

export const bn254OfByzantium = {
  add: bn254Add(500),
  multiply: bn254Multiply(40_000),
  pairing: bn254Pairing(100_000, 80_000),
}

/** EIP-1108 */
export const bn254OfIstanbul = {
  add: bn254Add(150),
  multiply: bn254Multiply(6_000),
  pairing: bn254Pairing(45_000, 34_000),
}
