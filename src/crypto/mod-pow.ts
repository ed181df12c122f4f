/** Raises numbers to powers, modulo a third. */

/**
 * base^exponent mod modulus, in windows of four bits.
 *
 * @param exponent - big-endian, of any length
 * @param modulus - above 0
 */
export function modPow(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const first = exponent.findIndex(Boolean)
  if (first < 0) return 1n % modulus
  const reduce = reducerOf(modulus)
  const powers = powersOf(base % modulus, reduce, exponent.length - first > 1 ? 16 : 4)
  const digitBits = exponent.length - first > 1 ? 4 : 2
  let result = 1n
  for (let at = first; at < exponent.length; at += 1) {
    const byte = exponent[at] as number
    for (let shift = 8 - digitBits; shift >= 0; shift -= digitBits) {
      if (result !== 1n) {
        for (let square = 0; square < digitBits; square += 1) result = reduce(result * result)
      }
      const digit = (byte >> shift) & (2 ** digitBits - 1)
      if (digit > 0) result = reduce(result * (powers[digit] as bigint))
    }
  }
  return result % modulus
}

/** Division is the dear part; powers of two need none. */
function reducerOf(modulus: bigint): (value: bigint) => bigint {
  if ((modulus & (modulus - 1n)) !== 0n) return (value) => value % modulus
  const bits = modulus.toString(2).length - 1
  return (value) => BigInt.asUintN(bits, value)
}

function powersOf(
  base: bigint,
  reduce: (value: bigint) => bigint,
  count: number,
): readonly bigint[] {
  const powers = [1n, base]
  while (powers.length < count) powers.push(reduce((powers.at(-1) as bigint) * base))
  return powers
}
