/** Raises a number to a power modulo another, with the prices of three forks (EIP-198, 2565, 7883). */

import { fromBigInt, padStart, toBigInt } from '../../../base/bytes.ts'
import { modPow } from '../../../crypto/mod-pow.ts'
import { type Precompile, slice } from './precompile.ts'

/** Longer numbers are beyond what any block pays for; refused before memory is taken for them. */
const longest = 2n ** 30n

interface Pricing {
  /** Longest number in bytes. */
  readonly bound: bigint
  /** Iterations for each byte of the exponent beyond its first 32. */
  readonly perByte: bigint
  readonly least: bigint
  /** Price of one iteration, times `divisor`, for the longer of base and modulus. */
  complexity(bytes: bigint): bigint
  readonly divisor: bigint
}

const words = (bytes: bigint) => (bytes + 7n) / 8n

/** EIP-198 */
export const modExpOfByzantium = modExpAt({
  ...{ bound: longest, perByte: 8n, least: 0n, divisor: 20n },
  complexity: (bytes) => {
    if (bytes <= 64n) return bytes ** 2n
    if (bytes <= 1_024n) return bytes ** 2n / 4n + 96n * bytes - 3_072n
    return bytes ** 2n / 16n + 480n * bytes - 199_680n
  },
})

/** EIP-2565 */
export const modExpOfBerlin = modExpAt({
  ...{ bound: longest, perByte: 8n, least: 200n, divisor: 3n },
  complexity: (bytes) => words(bytes) ** 2n,
})

/** EIP-7823 (bounds) and EIP-7883 (price) */
export const modExpOfOsaka = modExpAt({
  ...{ bound: 1_024n, perByte: 16n, least: 500n, divisor: 1n },
  complexity: (bytes) => (bytes <= 32n ? 16n : 2n * words(bytes) ** 2n),
})

/** Input: lengths of base, exponent and modulus, a word each, then the three numbers. */
function modExpAt(pricing: Pricing): Precompile {
  return {
    gas: (input) => gasOf(input, pricing),
    run(input) {
      const [base, exponent, modulus] = lengthsOf(input).map(Number) as [number, number, number]
      if (modulus === 0) return new Uint8Array()
      const divisor = toBigInt(slice(input, 96 + base + exponent, modulus))
      if (divisor === 0n) return new Uint8Array(modulus)
      const power = modPow(
        toBigInt(slice(input, 96, base)),
        slice(input, 96 + base, exponent),
        divisor,
      )
      return padStart(fromBigInt(power), modulus)
    },
  }
}

function gasOf(input: Uint8Array, { bound, perByte, least, complexity, divisor }: Pricing): number {
  const [base, exponent, modulus] = lengthsOf(input)
  const longer = base > modulus ? base : modulus
  // Without base and modulus the result is empty, whatever the exponent's length.
  const isEmpty = longer === 0n && bound === longest
  if (longer > bound || (exponent > bound && !isEmpty)) return Number.POSITIVE_INFINITY
  const headBytes = exponent < 32n ? Number(exponent) : 32
  const head = toBigInt(slice(input, 96 + Number(base), headBytes))
  const headBits = head === 0n ? 0 : head.toString(2).length - 1
  const tailBytes = exponent > 32n ? exponent - 32n : 0n
  const iterations = perByte * tailBytes + BigInt(headBits)
  const gas = (complexity(longer) * (iterations > 1n ? iterations : 1n)) / divisor
  return Number(gas > least ? gas : least)
}

function lengthsOf(input: Uint8Array): [bigint, bigint, bigint] {
  return [0, 32, 64].map((at) => toBigInt(slice(input, at, 32))) as [bigint, bigint, bigint]
}
