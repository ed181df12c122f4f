/** Reckons in the extension of a prime field by u² = −1, for constants; not fast. */

/** Real and imaginary part. */
export type ExtensionNumber = readonly [bigint, bigint]

/** Powers and inverses modulo a prime. */
export function extensionOf(prime: bigint) {
  const modulo = (value: bigint) => ((value % prime) + prime) % prime
  const multiply = ([a, b]: ExtensionNumber, [c, d]: ExtensionNumber): ExtensionNumber => [
    modulo(a * c - b * d),
    modulo(a * d + b * c),
  ]
  const power = (base: ExtensionNumber, exponent: bigint): ExtensionNumber => {
    let result: ExtensionNumber = [1n, 0n]
    for (const bit of exponent.toString(2)) {
      result = multiply(result, result)
      if (bit === '1') result = multiply(result, base)
    }
    return result
  }
  /** The field has prime² elements. */
  const invert = (value: ExtensionNumber) => power(value, prime * prime - 2n)
  return { multiply, power, invert }
}
