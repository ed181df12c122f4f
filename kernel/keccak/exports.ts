/** Gives keccak-256 to code outside: input and result go through two fixed places. */

import { absorb, finish, keccak256, RATE, start } from './sponge'

/** Where the caller writes its input, and how much of it at once. */
export const INPUT: usize = memory.data(136 * 480, 16)
export const INPUT_BYTES: usize = RATE * 480
/** Where the hash stands afterwards. */
export const OUTPUT: usize = memory.data(32, 16)
/** Where the highest hash that a search accepts stands, big-endian. */
export const TARGET: usize = memory.data(32, 16)

/** Hashes an input that fits. */
export function hash(length: usize): void {
  keccak256(INPUT, length, OUTPUT)
}

/** Longer inputs: first this, then `more` for each full place, then `end` for the rest. */
export function begin(): void {
  start()
}

export function more(): void {
  absorb(INPUT, INPUT_BYTES)
}

export function end(length: usize): void {
  const whole = length - (length % RATE)
  absorb(INPUT, whole)
  finish(INPUT + whole, length - whole, OUTPUT)
}

/**
 * Counts up from `nonce` in the last eight bytes of an input that fits, big-endian, until its hash is no higher than the
 * target.
 *
 * @returns how many nonces were passed over, or −1 if none of `count` will do
 */
export function search(length: usize, nonce: u64, count: i32): i32 {
  const place = INPUT + length - 8
  for (let passed = 0; passed < count; passed++) {
    store<u64>(place, bswap<u64>(nonce + u64(passed)))
    keccak256(INPUT, length, OUTPUT)
    if (isWithin()) return passed
  }
  return -1
}

// @ts-ignore: decorator
@inline
function isWithin(): bool {
  for (let at: usize = 0; at < 32; at += 8) {
    const found = bswap<u64>(load<u64>(OUTPUT + at))
    const most = bswap<u64>(load<u64>(TARGET + at))
    if (found != most) return found < most
  }
  return true
}
