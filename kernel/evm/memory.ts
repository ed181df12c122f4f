/** Sells memory to frames, and copies into and out of it. */

import { isSmall } from '../words/u256'
import { FULL_MEMORY, full } from './capacity'
import { memoryBase, memorySize, setFault, setMemorySize } from './frame'
import { FAULT_GAS_OVERFLOW, FAULT_MEMORY_OVERFLOW } from './layout'

/** No range may end behind this: its price is beyond any gas. */
// @ts-ignore: decorator
@inline
const MOST: u64 = 0x1_0000_0000
/** The price of more than that does not fit into 64 bits. */
// @ts-ignore: decorator
@inline
const GETHS_MOST: u64 = 0x1f_ffff_ffe0

/** Gas for so many bytes, which are whole words (Yellow Paper, appendix H, C_mem). */
// @ts-ignore: decorator
@inline
function price(bytes: u64): i64 {
  const words = bytes >> 5
  return i64(words * 3 + ((words * words) >> 9))
}

/**
 * Buys memory up to the end of a range.
 *
 * @param offset place of a word, or 0 for offset 0
 * @returns what it costs, or -1 when `gas` does not pay for it
 */
export function buy(offset: usize, size: u64, gas: i64): i64 {
  if (size == 0) return 0
  const from = sizeOf(offset)
  if (from < 0) return -1
  if (size >= MOST) return tooFar(size)
  return buyTo(u64(from) + size, gas)
}

/** Nothing pays for so much; the fault has geth's name for it. */
function tooFar(end: u64): i64 {
  if (end > GETHS_MOST) setFault(FAULT_MEMORY_OVERFLOW)
  return -1
}

/** Buys memory up to `end`. */
export function buyTo(end: u64, gas: i64): i64 {
  const have = u64(memorySize)
  if (end <= have) return 0
  const bytes = (end + 31) & ~u64(31)
  const cost = price(bytes) - price(have)
  if (cost > gas) return -1
  const top = u64(memoryBase) + bytes
  if (top > 0xffff0000) full(FULL_MEMORY)
  const present = u64(memory.size()) << 16
  if (top > present) {
    const pages = i32((top - present + 0xffff) >> 16)
    // Larger steps than asked for, if there is room for them.
    if (memory.grow(pages + 256) < 0 && memory.grow(pages) < 0) full(FULL_MEMORY)
  }
  memory.fill(memoryBase + usize(have), 0, usize(bytes - have))
  setMemorySize(u32(bytes))
  return cost
}

/** A size on the stack: a number below 2^32, or -1 when no gas buys so much. */
export function sizeOf(word: usize): i64 {
  if (!isSmall(word)) {
    setFault(FAULT_GAS_OVERFLOW)
    return -1
  }
  const size = load<u64>(word)
  return size >= MOST ? tooFar(size) : i64(size)
}

/** Copies from bytes of a known length, zeros behind them; `offset` is a word. */
export function copyPadded(to: usize, source: usize, length: u32, offset: usize, size: u32): void {
  const from = isSmall(offset) ? load<u64>(offset) : u64.MAX_VALUE
  const there = from < u64(length) ? u32(u64(length) - from) : 0
  const count = there < size ? there : size
  if (count) memory.copy(to, source + usize(from), count)
  if (count < size) memory.fill(to + count, 0, size - count)
}

/** End of a range of memory, which nothing in it does not move; -1 when it lies too far for any gas. */
export function endOf(offset: usize, size: i64): i64 {
  if (size <= 0) return size
  const from = sizeOf(offset)
  return from < 0 ? -1 : from + size
}

// @ts-ignore: decorator
@inline
export function placeOf(offset: usize, size: i64): usize {
  return memoryBase + (size ? usize(load<u32>(offset)) : 0)
}
