/** Marks where jumps may go: one bit for each byte of code, 64 at a time. */

import { JUMPDEST, PUSH1 } from './operations'

/** Bytes of the marks for so much code. */
export function marksOf(length: u32): usize {
  return ((usize(length) + 63) >> 6) << 3
}

/** Which of 64 bytes are `wanted` after a mask was laid over them. */
// @ts-ignore: decorator
@inline
function bytesAre(bytes: usize, mask: u8, wanted: u8): u64 {
  return (
    u64(sixteenAre(bytes, mask, wanted)) |
    (u64(sixteenAre(bytes + 16, mask, wanted)) << 16) |
    (u64(sixteenAre(bytes + 32, mask, wanted)) << 32) |
    (u64(sixteenAre(bytes + 48, mask, wanted)) << 48)
  )
}

// @ts-ignore: decorator
@inline
function sixteenAre(bytes: usize, mask: u8, wanted: u8): u32 {
  const masked = v128.and(v128.load(bytes), i8x16.splat(mask))
  return u32(i8x16.bitmask(i8x16.eq(masked, i8x16.splat(wanted))))
}

/** Marks each JUMPDEST that is not data of a push; bytes behind the code may be read and marked. */
export function markTargets(raw: usize, length: u32, marks: usize): void {
  // Bytes of the group that are data of a push before it.
  let reached: u64 = 0
  for (let group = raw, end = raw + length; group < end; group += 64) {
    let data = (u64(1) << reached) - 1
    let pushes = bytesAre(group, 0xe0, u8(PUSH1)) & ~data
    reached = 0
    while (pushes) {
      const at = ctz<u64>(pushes)
      const size = u64(load<u8>(group + usize(at))) - u64(PUSH1) + 1
      // Two shifts, since one by 64 is none.
      const bytes = (((u64(1) << size) - 1) << at) << 1
      data |= bytes
      pushes &= ~(bytes | (u64(1) << at))
      if (at + size > 63) reached = at + size - 63
    }
    store<u64>(marks, bytesAre(group, 0xff, u8(JUMPDEST)) & ~data)
    marks += 8
  }
}

/** Whether a place is marked. */
// @ts-ignore: decorator
@inline
export function isMarked(marks: usize, pc: u32): bool {
  return ((load<u8>(marks + usize(pc >> 3)) >> u8(pc & 7)) & 1) != 0
}
