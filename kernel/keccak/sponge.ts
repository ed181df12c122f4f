/** Hashes bytes of linear memory with keccak-256; any kernel can link it, its memory is its own. */

import { clearState, permute, readState, STATE } from './permutation'

/** Bytes that one permutation takes in. */
export const RATE: usize = 136

/** Writes the 32 bytes of the hash of `length` bytes at `input` to `out`, which may be any memory of the caller. */
export function keccak256(input: usize, length: usize, out: usize): void {
  start()
  const whole = length - (length % RATE)
  absorb(input, whole)
  finish(input + whole, length - whole, out)
}

/** Forgets what was taken in. */
export function start(): void {
  clearState()
}

/** Takes in a number of bytes that is a multiple of the rate. */
export function absorb(input: usize, length: usize): void {
  for (const end = input + length; input < end; input += RATE) {
    mix(input, RATE)
    permute()
  }
}

/** Takes in the rest, fewer bytes than the rate, and writes the hash. */
export function finish(input: usize, length: usize, out: usize): void {
  const lanes = length & ~usize(7)
  mix(input, lanes)
  // The padding is one byte 0x01 behind the input, and the highest bit of the rate.
  let last: u64 = 1
  for (let at = length; at > lanes; at--) last = (last << 8) | u64(load<u8>(input + at - 1))
  store<u64>(STATE + lanes, load<u64>(STATE + lanes) ^ last)
  store<u64>(STATE, load<u64>(STATE, RATE - 8) ^ 0x8000000000000000, RATE - 8)
  permute()
  readState(out)
}

/** Takes in whole lanes. */
// @ts-ignore: decorator
@inline
function mix(input: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 8) {
    store<u64>(STATE + at, load<u64>(STATE + at) ^ load<u64>(input + at))
  }
}
