/** Writes the few RLP forms that trie nodes are made of (Yellow Paper, appendix B). */

import { nibble } from './keys'

/** Writes a string and gives the place behind it. */
export function writeString(at: usize, from: usize, length: usize): usize {
  if (length == 1 && load<u8>(from) < 0x80) {
    store<u8>(at, load<u8>(from))
    return at + 1
  }
  at = writeLength(at, length, 0x80)
  memory.copy(at, from, length)
  return at + length
}

/** Writes 32 bytes as a string. */
export function writeHash(at: usize, from: usize): usize {
  store<u8>(at, 0xa0)
  memory.copy(at + 1, from, 32)
  return at + 33
}

/** Writes a number of `size` little-endian bytes as a string. */
export function writeNumber(at: usize, from: usize, size: usize): usize {
  const length = numberLength(from, size)
  if (length == 1 && load<u8>(from) < 0x80) {
    store<u8>(at, load<u8>(from))
    return at + 1
  }
  store<u8>(at, <u8>(0x80 + length))
  at += 1
  for (let byte = length; byte > 0; byte -= 1) {
    store<u8>(at, load<u8>(from + byte - 1))
    at += 1
  }
  return at
}

/** Bytes of a little-endian number without leading zeros. */
function numberLength(from: usize, size: usize): usize {
  while (size > 0 && load<u8>(from + size - 1) == 0) size -= 1
  return size
}

/** Writes what comes before a string (0x80) or a list (0xc0). */
export function writeLength(at: usize, length: usize, form: u32): usize {
  if (length < 56) {
    store<u8>(at, <u8>(form + <u32>length))
    return at + 1
  }
  const bytes: usize = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4
  store<u8>(at, <u8>(form + 55 + <u32>bytes))
  for (let byte = bytes; byte > 0; byte -= 1) {
    at += 1
    store<u8>(at, <u8>(length >> ((byte - 1) << 3)))
  }
  return at + 1
}

/** Bytes that `writeLength` takes. */
export function lengthOfLength(length: usize): usize {
  if (length < 56) return 1
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : length < 0x1000000 ? 4 : 5
}

/** Writes the nibbles of a key between two depths, packed two a byte (Yellow Paper, appendix C). */
export function writePath(at: usize, path: usize, from: u32, to: u32, isLeaf: bool): usize {
  const bytes: usize = <usize>((to - from) >> 1) + 1
  if (bytes > 1) {
    store<u8>(at, <u8>(0x80 + bytes))
    at += 1
  }
  let first: u32 = isLeaf ? 0x20 : 0
  if ((to - from) & 1) {
    first |= 0x10 | nibble(path, from)
    from += 1
  }
  store<u8>(at, <u8>first)
  if ((from & 1) == 0) memory.copy(at + 1, path + (from >> 1), bytes - 1)
  else {
    for (let byte: usize = 1; byte < bytes; byte += 1) {
      store<u8>(at + byte, <u8>((nibble(path, from) << 4) | nibble(path, from + 1)))
      from += 2
    }
  }
  return at + bytes
}
