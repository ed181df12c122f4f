/** Keeps the hashes of 64 bytes, which the mappings of Solidity ask for again and again. */

import { keccak256 } from '../keccak/sponge'
import { copy, equal, toBytes } from '../words/u256'
import { MEMO, MEMO_SETS, MEMO_TAGS } from './layout'

// A set is two entries of an input and its hash as a word. Beside it stand a tag for each, so that a miss does not read
// entries, the tag of an input that came once, and which entry is filled next: what comes once is not kept.
// @ts-ignore: decorator
@inline
const HASH: usize = 64
// @ts-ignore: decorator
@inline
const ENTRY: usize = 96

// @ts-ignore: decorator
@inline
const CAME: usize = 8
// @ts-ignore: decorator
@inline
const NEXT: usize = 12

const BYTES: usize = memory.data(32, 64)

/** A limb by an odd number. What is lowest in a word is highest in the limb, so it is turned to spread upwards. */
// @ts-ignore: decorator
@inline
function part(limb: usize, odd: u64): u64 {
  return rotl<u64>(load<u64>(limb), 8) * odd
}

/** Chooses set and tag of an input. Who makes inputs meet in a set gains nothing: each hash has been paid for. */
// @ts-ignore: decorator
@inline
function mix(input: usize): u64 {
  const sum =
    part(input, 0x9e3779b97f4a7c15) +
    part(input + 8, 0xd6e8feb86659fd93) +
    part(input + 16, 0xa0761d6478bd642f) +
    part(input + 24, 0xe7037ed1a0b428db) +
    part(input + 32, 0x8ebc6af09c88c6e3) +
    part(input + 40, 0x589965cc75374cc3) +
    part(input + 48, 0x1d8e4e27c47d124f) +
    part(input + 56, 0xeb44accab455d165)
  return (sum ^ (sum >> 32)) * 0x9e3779b97f4a7c15
}

// @ts-ignore: decorator
@inline
function holds(entry: usize, input: usize): bool {
  return equal(entry, input) && equal(entry + 32, input + 32)
}

/** Writes the hash of the 64 bytes at `input` as a word. */
export function hash64(input: usize, out: usize): void {
  const mixed = mix(input)
  const set = usize(mixed >> 32) & (MEMO_SETS - 1)
  // 0 says that there is none.
  const tag = u32(mixed) | 1
  const tags = MEMO_TAGS + (set << 4)
  const entry = MEMO + set * (2 * ENTRY)
  if (load<u32>(tags) == tag && holds(entry, input)) {
    copy(out, entry + HASH)
    return
  }
  if (load<u32>(tags, 4) == tag && holds(entry + ENTRY, input)) {
    copy(out, entry + ENTRY + HASH)
    return
  }
  if (cameBefore(tags, tag)) {
    const next = usize(load<u32>(tags, NEXT))
    store<u32>(tags, u32(next ^ 1), NEXT)
    store<u32>(tags + (next << 2), tag)
    const filled = entry + next * ENTRY
    copy(filled, input)
    copy(filled + 32, input + 32)
    keccak256(input, 64, BYTES)
    toBytes(filled + HASH, BYTES)
    copy(out, filled + HASH)
    return
  }
  keccak256(input, 64, BYTES)
  // The other way round is the same, and does not wait for stores of 8 bytes.
  toBytes(out, BYTES)
}

/** Whether an input came lately; one that waits to come again gives way to the second other one. */
// @ts-ignore: decorator
@inline
function cameBefore(tags: usize, tag: u32): bool {
  const waiting = load<u32>(tags, CAME)
  if ((waiting | 1) == tag) {
    store<u32>(tags, 0, CAME)
    return true
  }
  store<u32>(tags, waiting & 1 ? waiting ^ 1 : tag, CAME)
  return false
}
