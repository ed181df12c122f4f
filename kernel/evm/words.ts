/** Runs the opcodes on words that are too long to stand in the loop. */

import { power } from '../words/multiply'
import {
  bitLength,
  clear,
  copy,
  fromBytes,
  isSmall,
  setSmall,
  shiftLeft,
  shiftRight,
  shiftRightSigned,
} from '../words/u256'
import { frame } from './frame'
import { hostBlockHash } from './host'
import { BLOB_COUNT, BLOB_HASHES, FRAME_INPUT, FRAME_INPUT_SIZE, rule, rule_expByte } from './layout'
import { copyPadded } from './memory'

// @ts-ignore: decorator
@inline
function bitsOf(word: usize): u32 {
  return isSmall(word) && load<u64>(word) < 256 ? u32(load<u64>(word)) : 256
}

/** EXP: base, exponent → power; what its exponent costs. */
export function exponent(sp: usize, gas: i64): i64 {
  const bytes = (bitLength(sp - 32) + 7) >> 3
  const cost = i64(bytes) * rule(rule_expByte)
  if (cost > gas) return -1
  power(sp - 32, sp, sp - 32)
  return cost
}

/** SHL, SHR, SAR: bits, value → shifted (EIP-145). */
export function shl(sp: usize): void {
  shiftLeft(sp - 32, sp - 32, bitsOf(sp))
}

export function shr(sp: usize): void {
  shiftRight(sp - 32, sp - 32, bitsOf(sp))
}

export function sar(sp: usize): void {
  shiftRightSigned(sp - 32, sp - 32, bitsOf(sp))
}

/** BYTE: index from the highest, value → byte. */
export function byteAt(sp: usize): void {
  const index = bitsOf(sp)
  setSmall(sp - 32, index < 32 ? u64(load<u8>(sp - 32 + 31 - index)) : 0)
}

/** SIGNEXTEND: index of the highest byte that counts, value → value. */
export function signExtend(sp: usize): void {
  const index = bitsOf(sp)
  if (index >= 31) return
  const bits = (31 - index) << 3
  shiftLeft(sp - 32, sp - 32, bits)
  shiftRightSigned(sp - 32, sp - 32, bits)
}

/** CLZ: value → zeros above its highest bit (EIP-7939). */
export function leadingZeros(sp: usize): void {
  setSmall(sp, 256 - u64(bitLength(sp)))
}

const BYTES: usize = memory.data(32, 16)

/** CALLDATALOAD: offset → word. */
export function loadInput(sp: usize): void {
  const input = usize(load<u32>(frame, FRAME_INPUT))
  const size = load<u32>(frame, FRAME_INPUT_SIZE)
  if (isSmall(sp)) {
    const from = load<u64>(sp)
    if (from < u64(size) && u64(size) - from >= 32) {
      fromBytes(sp, input + usize(from))
      return
    }
  }
  copyPadded(BYTES, input, size, sp, 32)
  fromBytes(sp, BYTES)
}

/** BLOCKHASH: number → hash, or 0. */
export function blockHash(sp: usize): void {
  const number = load<u64>(sp)
  const known = isSmall(sp) && number < 0x20000000000000
  if (known && hostBlockHash(f64(number), BYTES)) fromBytes(sp, BYTES)
  else clear(sp)
}

/** BLOBHASH: index → versioned hash, or 0 (EIP-4844). */
export function blobHash(sp: usize): void {
  const index = load<u64>(sp)
  if (isSmall(sp) && index < u64(load<u32>(BLOB_COUNT))) {
    copy(sp, BLOB_HASHES + (usize(index) << 5))
  } else clear(sp)
}
