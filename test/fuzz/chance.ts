/** Draws numbers, bytes and words from a seed: the same seed gives the same draws. */

/** A source of draws. */
export interface Chance {
  /** A whole number from 0 to `below` − 1. */
  below(below: number): number
  /** True once in `times` draws. */
  oneIn(times: number): boolean
  pick<T>(from: readonly T[]): T
  /** One of the values, as often as its weight says. */
  weighted<T>(from: readonly (readonly [weight: number, value: T])[]): T
  bytes(length: number): Uint8Array
  /** A word of 256 bits, often near a border. */
  word(): bigint
}

/** Draws from two numbers, by the generator mulberry32 after mixing both. */
export function chanceOf(seed: number, at: number): Chance {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(at + 1, 0xc2b2ae35)) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (bound: number) => Math.floor((next() / 2 ** 32) * bound)
  const oneIn = (times: number) => below(times) === 0
  const bytes = (length: number) => Uint8Array.from({ length }, () => next() & 255)
  return {
    below,
    oneIn,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
    weighted(from) {
      let left = below(from.reduce((sum, [weight]) => sum + weight, 0))
      for (const [weight, value] of from) {
        left -= weight
        if (left < 0) return value
      }
      throw new Error('weights have no sum')
    },
    bytes,
    word: () => wordOf({ below, oneIn, bytes }),
  }
}

const ones = 2n ** 256n - 1n

function wordOf({ below, oneIn, bytes }: Pick<Chance, 'below' | 'oneIn' | 'bytes'>): bigint {
  const random = (length: number) => BigInt(`0x0${bytes(length).toHex()}`)
  switch (below(8)) {
    case 0:
      return BigInt(below(4))
    case 1:
      return BigInt(below(300))
    case 2:
      return ones - BigInt(below(4))
    case 3: {
      const power = 2n ** BigInt(below(257))
      return (power + BigInt(below(3)) - 1n) & ones
    }
    case 4:
      return random(1 + below(32))
    case 5: {
      // Limbs that are all zeros or all ones.
      let word = 0n
      for (let limb = 0; limb < 4; limb += 1) {
        word = (word << 64n) | (oneIn(2) ? 0n : oneIn(2) ? 2n ** 64n - 1n : random(8))
      }
      return word
    }
    case 6:
      return (1n << 255n) + BigInt(below(3)) - 1n
    default:
      return random(32)
  }
}
