/** Reads and compares hashed keys nibble by nibble. */

// @ts-ignore: decorator
@inline
export function nibble(key: usize, depth: u32): u32 {
  return (<u32>load<u8>(key + (depth >> 1)) >> ((~depth & 1) << 2)) & 15
}

// @ts-ignore: decorator
@inline
export function same32(a: usize, b: usize): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) |
      (load<u64>(a, 8) ^ load<u64>(b, 8)) |
      (load<u64>(a, 16) ^ load<u64>(b, 16)) |
      (load<u64>(a, 24) ^ load<u64>(b, 24))) ==
    0
  )
}

/** Nibbles that two keys have in common from their beginning; 64 if they are the same. */
export function commonDepth(a: usize, b: usize): u32 {
  for (let at: u32 = 0; at < 32; at += 8) {
    const other = load<u64>(a + at) ^ load<u64>(b + at)
    if (other == 0) continue
    const byte = <u32>(ctz<u64>(other) >> 3)
    const half: u32 = (other >> (byte << 3)) & 0xf0 ? 0 : 1
    return ((at + byte) << 1) + half
  }
  return 64
}

/** Order of two keys: below, equal to or above 0. */
export function compareKeys(a: usize, b: usize): i32 {
  for (let at: usize = 0; at < 32; at += 8) {
    const left = bswap<u64>(load<u64>(a + at))
    const right = bswap<u64>(load<u64>(b + at))
    if (left != right) return left < right ? -1 : 1
  }
  return 0
}
