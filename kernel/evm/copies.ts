/** Runs the opcodes that copy or hash ranges of memory: what each costs, or -1 when it fails. */

import { keccak256 } from '../keccak/sponge'
import { isSmall, toBytes } from '../words/u256'
import { codeOf, ownCode } from './code'
import { frame, memoryBase, returnSize, setFault } from './frame'
import {
  CODE_LENGTH,
  CODE_RAW,
  FAULT_RETURN_DATA,
  FRAME_INPUT,
  FRAME_INPUT_SIZE,
  RETURN,
} from './layout'
import { hash64 } from './memo'
import { buy, copyPadded, sizeOf } from './memory'

// @ts-ignore: decorator
@inline
function perWord(size: i64, price: i64): i64 {
  return ((size + 31) >> 5) * price
}

const HASH: usize = memory.data(32, 16)

/** KECCAK256: offset, size → hash. */
export function hashMemory(sp: usize, gas: i64): i64 {
  const size = sizeOf(sp - 32)
  if (size < 0) return -1
  const words = perWord(size, 6)
  const bought = buy(sp, size, gas - words)
  if (bought < 0 || words > gas) return -1
  const input = memoryBase + (size ? usize(load<u32>(sp)) : 0)
  if (size == 64) hash64(input, sp - 32)
  else {
    keccak256(input, usize(size), HASH)
    toBytes(sp - 32, HASH)
  }
  return words + bought
}

/** Buys the range at (to, size) and the words of a copy. */
function buyCopy(to: usize, size: i64, gas: i64): i64 {
  if (size < 0) return -1
  const words = perWord(size, 3)
  if (words > gas) return -1
  const bought = buy(to, size, gas - words)
  return bought < 0 ? -1 : words + bought
}

/** CALLDATACOPY: to, from, size. */
export function copyInput(sp: usize, gas: i64): i64 {
  const size = sizeOf(sp - 64)
  const cost = buyCopy(sp, size, gas)
  if (cost < 0 || size == 0) return cost
  const input = usize(load<u32>(frame, FRAME_INPUT))
  const length = load<u32>(frame, FRAME_INPUT_SIZE)
  copyPadded(memoryBase + usize(load<u32>(sp)), input, length, sp - 32, u32(size))
  return cost
}

/** CODECOPY: to, from, size. */
export function copyCode(sp: usize, gas: i64): i64 {
  return copyOf(ownCode(), sp, gas)
}

/** EXTCODECOPY behind its account: to, from, size. */
export function copyCodeOf(account: usize, sp: usize, gas: i64): i64 {
  return copyOf(codeOf(account), sp, gas)
}

function copyOf(code: usize, sp: usize, gas: i64): i64 {
  const size = sizeOf(sp - 64)
  const cost = buyCopy(sp, size, gas)
  if (cost < 0 || size == 0) return cost
  const raw = usize(load<u32>(code, CODE_RAW))
  const length = load<u32>(code, CODE_LENGTH)
  copyPadded(memoryBase + usize(load<u32>(sp)), raw, length, sp - 32, u32(size))
  return cost
}

/** RETURNDATACOPY: to, from, size; to read behind its end is a fault (EIP-211). */
export function copyReturn(sp: usize, gas: i64): i64 {
  const size = sizeOf(sp - 64)
  const from = isSmall(sp - 32) ? load<u64>(sp - 32) : u64.MAX_VALUE
  if (size < 0 || from > u64(returnSize) || from + u64(size) > u64(returnSize)) {
    setFault(FAULT_RETURN_DATA)
    return -1
  }
  const cost = buyCopy(sp, size, gas)
  if (cost < 0 || size == 0) return cost
  memory.copy(memoryBase + usize(load<u32>(sp)), RETURN + usize(from), usize(size))
  return cost
}

/** MCOPY: to, from, size (EIP-5656). */
export function copyMemory(sp: usize, gas: i64): i64 {
  const size = sizeOf(sp - 64)
  if (size == 0) return 0
  const cost = buyCopy(sp, size, gas)
  if (cost < 0) return -1
  const more = buy(sp - 32, size, gas - cost)
  if (more < 0) return -1
  const to = memoryBase + usize(load<u32>(sp))
  memory.copy(to, memoryBase + usize(load<u32>(sp - 32)), usize(size))
  return cost + more
}
