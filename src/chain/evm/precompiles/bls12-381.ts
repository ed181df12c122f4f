/** Adds, sums, pairs and maps to points of BLS12-381 (EIP-2537). */

import {
  addG1,
  addG2,
  mapToG1,
  mapToG2,
  pairsToOne,
  sumG1,
  sumG2,
} from '../../../crypto/bls12-381.ts'
import { discountsG1, discountsG2 } from './msm-discounts.ts'
import { type Precompile, truthWord } from './precompile.ts'

interface Shape {
  /** Bytes of the only input that is right, or of one of its pieces. */
  readonly bytes: number
  run(input: Uint8Array): Uint8Array | undefined
}

/** A precompile with one length of input and one price. */
function fixed(gas: number, { bytes, run }: Shape): Precompile {
  return { gas: () => gas, run: (input) => (input.length === bytes ? run(input) : undefined) }
}

/** A precompile whose input is one piece or more, all of one length. */
function repeated(gasOf: (pieces: number) => number, { bytes, run }: Shape): Precompile {
  return {
    gas: (input) => gasOf(Math.floor(input.length / bytes)),
    run: (input) => (input.length > 0 && input.length % bytes === 0 ? run(input) : undefined),
  }
}

/** Price of a sum; terms of a long one are cheaper. */
const sumGas = (term: number, discounts: readonly number[]) => (terms: number) => {
  const discount = discounts[Math.min(terms, discounts.length) - 1] ?? 0
  return Math.floor((terms * term * discount) / 1_000)
}

export const blsAddG1 = fixed(375, { bytes: 256, run: addG1 })

export const blsAddG2 = fixed(600, { bytes: 512, run: addG2 })

export const blsSumG1 = repeated(sumGas(12_000, discountsG1), { bytes: 160, run: sumG1 })

export const blsSumG2 = repeated(sumGas(22_500, discountsG2), { bytes: 288, run: sumG2 })

export const blsPairing = repeated((pairs) => 37_700 + 32_600 * pairs, {
  bytes: 384,
  run: (input) => truthWord(pairsToOne(input)),
})

export const blsMapToG1 = fixed(5_500, { bytes: 64, run: mapToG1 })

export const blsMapToG2 = fixed(23_800, { bytes: 128, run: mapToG2 })
