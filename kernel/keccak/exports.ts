/** Gives keccak-256 to code outside: input and result go through two fixed places. */

import { absorb, finish, keccak256, RATE, start } from './sponge'

/** Where the caller writes its input, and how much of it at once. */
export const INPUT: usize = memory.data(136 * 480, 16)
export const INPUT_BYTES: usize = RATE * 480
/** Where the hash stands afterwards. */
export const OUTPUT: usize = memory.data(32, 16)

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
