/** Hashes bytes of linear memory with keccak-256; any kernel can link it, its memory is its own. */

import { permute, STATE } from './permutation'

/** Bytes that one permutation takes in. */
export const RATE: usize = 136
/** The last, padded part of an input. */
const LAST: usize = memory.data(136, 16)

/** Writes the 32 bytes of the hash of `length` bytes at `input` to `out`, which may be any memory of the caller. */
export function keccak256(input: usize, length: usize, out: usize): void {
  start()
  const whole = length - (length % RATE)
  absorb(input, whole)
  finish(input + whole, length - whole, out)
}

/** Forgets what was taken in. */
export function start(): void {
  memory.fill(STATE, 0, 200)
}

/** Takes in a number of bytes that is a multiple of the rate. */
export function absorb(input: usize, length: usize): void {
  for (const end = input + length; input < end; input += RATE) {
    mix(input)
    permute()
  }
}

/** Takes in the rest, fewer bytes than the rate, and writes the hash. */
export function finish(input: usize, length: usize, out: usize): void {
  memory.copy(LAST, input, length)
  memory.fill(LAST + length, 0, RATE - length)
  store<u8>(LAST + length, 0x01)
  store<u8>(LAST, load<u8>(LAST, 135) | 0x80, 135)
  mix(LAST)
  permute()
  store<u64>(out, load<u64>(STATE))
  store<u64>(out, load<u64>(STATE, 8), 8)
  store<u64>(out, load<u64>(STATE, 16), 16)
  store<u64>(out, load<u64>(STATE, 24), 24)
}

function mix(input: usize): void {
  for (let at: usize = 0; at < RATE; at += 8) {
    store<u64>(STATE + at, load<u64>(STATE + at) ^ load<u64>(input + at))
  }
}
