/** Hashes addresses and slots, and remembers the last ones. */

import { keccak256 } from '../keccak/sponge'
import { same32 } from './keys'

const ENTRIES: u32 = 8192
/** Key 32 bytes, hash 32 bytes; addresses and slots apart, since they may be the same bytes. */
const MEMO: usize = memory.data(2 * 8192 * 64, 64)
const PADDED: usize = memory.data(32, 16)

/** The hash of a key of 20 or 32 bytes; it stays until another key takes its place. */
export function hashed(key: usize, length: usize): usize {
  let from = key
  if (length < 32) {
    memory.copy(PADDED, key, length)
    from = PADDED
  }
  const sum =
    load<u64>(from) ^
    rotl<u64>(load<u64>(from, 8), 17) ^
    rotl<u64>(load<u64>(from, 16), 31) ^
    rotl<u64>(load<u64>(from, 24), 47)
  const place = <u32>((sum * 0x9e3779b97f4a7c15) >> 51) + (length < 32 ? ENTRIES : 0)
  const entry = MEMO + (<usize>place << 6)
  const hash = entry + 32
  // An unused entry has a hash of zeros, which no key has.
  if (load<u64>(hash) != 0 && same32(entry, from)) return hash
  keccak256(key, length, hash)
  memory.copy(entry, from, 32)
  return hash
}
