/** Puts instructions that often follow each other into one, and works out what is constant. */

import { add, clear, copy, fromBytes, isSmall, setSmall, shiftLeft, shiftRight, subtract } from '../words/u256'
import { multiply } from '../words/multiply'
import { constantsEnd, setConstantsEnd } from './blocks'
import { INSTRUCTION_BYTES } from './layout'
import {
  ADD,
  ADD_SMALL,
  AND,
  AND_SMALL,
  AND_WORD,
  DUP1,
  DUP_ADD,
  EQ,
  GT,
  ISZERO,
  JUMP_IF,
  JUMP_IF_TOP,
  JUMP_IF_TOP_IS,
  JUMP_IF_ZERO,
  JUMP_UNLESS,
  JUMPI_TO,
  LT,
  MLOAD,
  MLOAD_AT,
  MSTORE,
  MSTORE_AT,
  MUL,
  MUL_SMALL,
  NOT,
  OR,
  POP,
  POP_TWO,
  PUSH_SMALL,
  PUSH_WORD,
  SGT,
  SHL,
  SHL_SMALL,
  SHR,
  SHR_SMALL,
  SLT,
  SUB,
  SUB_SMALL,
  SUBTRACT_FROM_NEXT,
  SWAP1,
  SWAP_POP,
} from './operations'

// An instruction: operation u32, small operand u32 at 4, large operand u64 at 8.

/** Keeps the constant that `size` bytes are, highest first, and says where. */
export function addConstant(bytes: usize, size: u32): usize {
  const at = constantsEnd
  const short = usize(32) - usize(size)
  memory.fill(at, 0, short)
  memory.copy(at + short, bytes, usize(size))
  fromBytes(at, at)
  setConstantsEnd(at + 32)
  return at
}

/** Opcodes whose result `fuse` may work out. */
function mayFold(op: u32): bool {
  return (
    op == ADD || op == SUB || op == MUL || op == AND || op == OR || op == NOT || op == SHL || op == SHR
  )
}

// @ts-ignore: decorator
@inline
function operation(at: usize): u32 {
  return load<u32>(at)
}

// @ts-ignore: decorator
@inline
function isPush(at: usize): bool {
  return operation(at) == PUSH_SMALL || operation(at) == PUSH_WORD
}

/**
 * Takes an opcode into the instructions before it.
 *
 * @param first the first instruction of the block, `end` where the next one would go
 * @returns where the next instruction goes, or 0 when the opcode needs one of its own
 */
export function fuse(op: u32, first: usize, end: usize): usize {
  const last = end - INSTRUCTION_BYTES
  if (last < first) return 0
  const before = last - INSTRUCTION_BYTES
  const hasTwo = before >= first
  if (isPush(last)) {
    if (op == NOT) return foldNot(last, end)
    if (hasTwo && isPush(before) && mayFold(op)) return fold(op, before, last)
    return fusePush(op, last, end)
  }
  const kind = operation(last)
  if (kind == DUP1 && op == ADD) return become(last, DUP_ADD, end)
  if (kind == SWAP1) {
    if (op == POP) return become(last, SWAP_POP, end)
    if (op == SUB && load<u32>(last, 4) == 32) {
      if (hasTwo && operation(before) == PUSH_SMALL) return become(before, SUB_SMALL, last)
      return become(last, SUBTRACT_FROM_NEXT, end)
    }
  }
  if (kind == POP && op == POP) return become(last, POP_TWO, end)
  return 0
}

function become(at: usize, op: u32, end: usize): usize {
  store<u32>(at, op)
  return end
}

/** An opcode whose first operand is the constant just pushed. */
function fusePush(op: u32, push: usize, end: usize): usize {
  if (operation(push) == PUSH_WORD) return op == AND ? become(push, AND_WORD, end) : 0
  if (op == ADD) return become(push, ADD_SMALL, end)
  if (op == MUL) return become(push, MUL_SMALL, end)
  if (op == AND) return become(push, AND_SMALL, end)
  if (op == SHL || op == SHR) {
    const bits = load<u64>(push, 8)
    store<u64>(push, bits < 256 ? bits : 256, 8)
    return become(push, op == SHL ? SHL_SMALL : SHR_SMALL, end)
  }
  if (load<u64>(push, 8) < 0x7fffffff) {
    if (op == MLOAD) return become(push, MLOAD_AT, end)
    if (op == MSTORE) return become(push, MSTORE_AT, end)
  }
  return 0
}

const LEFT: usize = memory.data(32, 16)
const RIGHT: usize = memory.data(32, 16)

function read(push: usize, out: usize): void {
  if (operation(push) == PUSH_SMALL) setSmall(out, load<u64>(push, 8))
  else copy(out, usize(load<u32>(push, 4)))
}

/** Makes an instruction push the word at LEFT. */
function pushLeft(at: usize): void {
  if (isSmall(LEFT)) {
    store<u32>(at, PUSH_SMALL)
    store<u32>(at, 0, 4)
    store<u64>(at, load<u64>(LEFT), 8)
    return
  }
  copy(constantsEnd, LEFT)
  store<u32>(at, PUSH_WORD)
  store<u32>(at, u32(constantsEnd), 4)
  store<u64>(at, 0, 8)
  setConstantsEnd(constantsEnd + 32)
}

function foldNot(push: usize, end: usize): usize {
  read(push, LEFT)
  for (let at: usize = 0; at < 32; at += 8) store<u64>(LEFT + at, ~load<u64>(LEFT + at))
  pushLeft(push)
  return end
}

/** Works out `op` of two constants, the second of which lies on top. */
function fold(op: u32, second: usize, top: usize): usize {
  read(top, LEFT)
  read(second, RIGHT)
  if (op == ADD) add(LEFT, LEFT, RIGHT)
  else if (op == SUB) subtract(LEFT, LEFT, RIGHT)
  else if (op == MUL) multiply(LEFT, LEFT, RIGHT)
  else if (op == AND || op == OR) {
    for (let at: usize = 0; at < 32; at += 8) {
      const a = load<u64>(LEFT + at)
      const b = load<u64>(RIGHT + at)
      store<u64>(LEFT + at, op == AND ? a & b : a | b)
    }
  } else {
    const bits = isSmall(LEFT) && load<u64>(LEFT) < 256 ? u32(load<u64>(LEFT)) : 256
    if (bits == 256) clear(LEFT)
    else if (op == SHL) shiftLeft(LEFT, RIGHT, bits)
    else shiftRight(LEFT, RIGHT, bits)
  }
  pushLeft(second)
  return top
}

/**
 * Puts a jump on condition, whose place was pushed by the instruction at `push`, together with the condition.
 *
 * @returns where the next instruction goes
 */
export function fuseJump(first: usize, push: usize): usize {
  const condition = push - INSTRUCTION_BYTES
  const pc = load<u64>(push, 8)
  const place = pc < 0xffffffff ? u32(pc) : 0xffffffff
  if (condition < first) return jump(push, JUMPI_TO, place)
  const kind = operation(condition)
  if (kind == DUP1 && load<u32>(condition, 4) == 0) return jump(condition, JUMP_IF_TOP, place)
  if (isComparison(kind)) {
    const value = condition - INSTRUCTION_BYTES
    const copied = value - INSTRUCTION_BYTES
    if (kind == EQ && copied >= first && isTopCopied(copied) && isShort(value)) {
      store<u32>(copied, u32(load<u64>(value, 8)), 12)
      return jump(copied, JUMP_IF_TOP_IS, place)
    }
    store<u32>(condition, kind, 12)
    return jump(condition, JUMP_IF, place)
  }
  if (kind != ISZERO) return jump(push, JUMPI_TO, place)
  const compared = condition - INSTRUCTION_BYTES
  if (compared < first || !isComparison(operation(compared))) {
    return jump(condition, JUMP_IF_ZERO, place)
  }
  store<u32>(compared, operation(compared), 12)
  return jump(compared, JUMP_UNLESS, place)
}

function isTopCopied(at: usize): bool {
  return operation(at) == DUP1 && load<u32>(at, 4) == 0
}

function isShort(at: usize): bool {
  return operation(at) == PUSH_SMALL && load<u64>(at, 8) <= 0xffffffff
}

function isComparison(op: u32): bool {
  return op == LT || op == GT || op == SLT || op == SGT || op == EQ
}

function jump(at: usize, op: u32, place: u32): usize {
  store<u32>(at, op)
  store<u32>(at, place, 8)
  return at + INSTRUCTION_BYTES
}
