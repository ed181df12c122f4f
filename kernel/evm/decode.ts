/** Turns code into instructions of 16 bytes, in blocks whose gas and stack are looked at once. */

import { FULL_CODES, full } from './capacity'
import { addConstant, beginConstants, constantsEnd, fuse, fuseJump, mayFold } from './fuse'
import { hostCode } from './host'
import {
  CODE_DELEGATE,
  CODE_HEADER_BYTES,
  CODE_INSTRUCTIONS,
  CODE_JUMPS,
  CODE_LENGTH,
  CODE_RAW,
  INSTRUCTION_BYTES,
  MOST_WORDS,
  OPCODES,
  rule,
  rule_delegations,
  TRACE,
} from './layout'
import {
  BAD_JUMP,
  BLOCK,
  CALL,
  CALLCODE,
  CODESIZE,
  CREATE,
  CREATE2,
  DELEGATECALL,
  DUP1,
  GAS,
  INVALID,
  JUMP,
  JUMPDEST,
  JUMPI,
  JUMP_TO,
  JUMP_UNLESS,
  LOG0,
  PC,
  PUSH0,
  PUSH1,
  PUSH32,
  PUSH_SMALL,
  PUSH_WORD,
  RETURN_OP,
  REVERT,
  SELFDESTRUCT,
  SSTORE,
  STATICCALL,
  STEP,
  STOP,
  SWAP1,
  UNDEFINED,
} from './operations'

/** Zeros behind the code, which a push at its end reads. */
// @ts-ignore: decorator
@inline
const PADDING: usize = 48

/** Where the next instruction goes. */
let end: usize = 0
/** The block being made: its instruction, gas, words so far, most words missing below and most above. */
let block: usize = 0
let blockGas: u32 = 0
let words: i32 = 0
let need: i32 = 0
let growth: i32 = 0

/**
 * Decodes `length` bytes into the room at `code`, from the host by hash or from `bytes` in memory.
 *
 * @returns where the room that was used ends
 */
export function decode(code: usize, length: u32, hash: usize, bytes: usize = 0): usize {
  const raw = code + CODE_HEADER_BYTES
  if (bytes) memory.copy(raw, bytes, length)
  else if (length) hostCode(hash, raw)
  memory.fill(raw + length, 0, PADDING)
  const jumps = (raw + length + PADDING + 15) & ~usize(15)
  memory.fill(jumps, 0, usize(length) << 2)
  store<u32>(code, length, CODE_LENGTH)
  store<u32>(code, u32(raw), CODE_RAW)
  store<u32>(code, u32(jumps), CODE_JUMPS)
  const delegates = rule(rule_delegations) && bytes == 0 && isDelegation(raw, length)
  store<u32>(code, delegates ? u32(raw + 3) : 0, CODE_DELEGATE)
  const pool = (jumps + (usize(length) << 2) + 31) & ~usize(31)
  const instructions = pool + constantsIn(raw, length) * 32
  store<u32>(code, u32(instructions), CODE_INSTRUCTIONS)
  end = instructions
  beginConstants(pool)
  if (load<u32>(TRACE) & 2) emitTraced(raw, length, jumps)
  else emitAll(raw, length, jumps)
  if (constantsEnd > instructions) full(FULL_CODES)
  resolve(instructions, jumps, length)
  return (end + 31) & ~usize(31)
}

/** EIP-7702: 0xef0100 and an address. */
function isDelegation(raw: usize, length: u32): bool {
  return length == 23 && (load<u32>(raw) & 0xffffff) == 0x0001ef
}

/** The most constants of more than eight bytes that there can be: pushed, or worked out. */
function constantsIn(raw: usize, length: u32): usize {
  let count: usize = 0
  for (let pc: u32 = 0; pc < length; pc++) {
    const op = u32(load<u8>(raw + pc))
    if (mayFold(op)) count++
    if (op >= PUSH1 && op <= PUSH32) {
      pc += op - PUSH1 + 1
      if (op > PUSH1 + 7) count++
    }
  }
  return count
}

function emit(op: u32, a: u32, immediate: u64): void {
  store<u32>(end, op)
  store<u32>(end, a, 4)
  store<u64>(end, immediate, 8)
  end += INSTRUCTION_BYTES
}

function openBlock(pc: u32): void {
  block = end
  emit(BLOCK, 0, u64(pc) << 32)
  blockGas = 0
  words = 0
  need = 0
  growth = 0
}

function closeBlock(): void {
  store<u32>(block, blockGas, 4)
  // No stack has more words than that, so what is more says the same in 16 bits.
  store<u16>(block, u16(min<u32>(u32(need), MOST_WORDS + 1)) << 5, 8)
  store<u16>(block, u16(min<u32>(u32(growth), MOST_WORDS + 1)) << 5, 10)
}

/** Counts an opcode for the block it stands in. */
function count(op: u32): void {
  const row = OPCODES + (usize(op) << 3)
  blockGas += load<u32>(row)
  words -= i32(load<u8>(row, 4))
  if (-words > need) need = -words
  words += i32(load<u8>(row, 5))
  if (words > growth) growth = words
}

// @ts-ignore: decorator
@inline
function isDefined(op: u32): bool {
  return load<u8>(OPCODES + (usize(op) << 3), 6) != 0
}

/** Opcodes behind which nothing is reached but by a jump. */
function endsRun(op: u32): bool {
  return (
    op == STOP ||
    op == JUMP ||
    op == RETURN_OP ||
    op == REVERT ||
    op == INVALID ||
    op == SELFDESTRUCT ||
    !isDefined(op)
  )
}

/** Opcodes that see the gas or change frames: the gas must be exact behind them. */
function endsBlock(op: u32): bool {
  return (
    op == JUMPI ||
    op == GAS ||
    op == SSTORE ||
    op == CREATE ||
    op == CREATE2 ||
    op == CALL ||
    op == CALLCODE ||
    op == DELEGATECALL ||
    op == STATICCALL
  )
}

function emitAll(raw: usize, length: u32, jumps: usize): void {
  let reachable = true
  const first = end
  openBlock(0)
  for (let pc: u32 = 0; pc < length; pc++) {
    const op = u32(load<u8>(raw + pc))
    const bytes = op >= PUSH1 && op <= PUSH32 ? op - PUSH1 + 1 : 0
    if (op == JUMPDEST) {
      if (reachable) closeBlock()
      // The jump table holds distances from the first instruction, which is a block: 0 is free for "none".
      reachable = true
      if (block + INSTRUCTION_BYTES != end || blockGas != 0 || block == first) openBlock(pc)
      store<u32>(jumps + (usize(pc) << 2), u32(block - first))
      count(op)
    } else if (reachable) {
      count(op)
      emitOpcode(op, pc, raw)
      if (endsRun(op)) {
        closeBlock()
        reachable = false
      } else if (endsBlock(op)) {
        closeBlock()
        openBlock(pc + 1)
      }
    }
    pc += bytes
  }
  if (reachable) {
    emit(STOP, 0, 0)
    closeBlock()
  }
}

/** Like `emitAll`, with one instruction a block and a step told before each. */
function emitTraced(raw: usize, length: u32, jumps: usize): void {
  const first = end
  openBlock(0)
  closeBlock()
  for (let pc: u32 = 0; pc < length; pc++) {
    const op = u32(load<u8>(raw + pc))
    if (op == JUMPDEST) store<u32>(jumps + (usize(pc) << 2), u32(end - first))
    emit(STEP, op, u64(pc))
    openBlock(pc)
    count(op)
    if (op != JUMPDEST) emitOpcode(op, pc, raw)
    closeBlock()
    if (op >= PUSH1 && op <= PUSH32) pc += op - PUSH1 + 1
  }
  emit(STEP, STOP, u64(length))
  emit(STOP, 0, 0)
}

function emitOpcode(op: u32, pc: u32, raw: usize): void {
  if (!isDefined(op)) emit(UNDEFINED, op, 0)
  else if (op >= PUSH0 && op <= PUSH32) emitPush(op, raw + pc + 1)
  else if (op == PC) emit(PUSH_SMALL, 0, u64(pc))
  else if (op == CODESIZE) emit(PUSH_SMALL, 0, u64(load<u32>(raw - CODE_HEADER_BYTES)))
  else if (load<u32>(TRACE) & 2) emitPlain(op)
  else if ((op == JUMP || op == JUMPI) && isPlacePushed()) emitJump(op)
  else {
    const fused = fuse(op, block + INSTRUCTION_BYTES, end)
    if (fused) end = fused
    else emitPlain(op)
  }
}

function emitPlain(op: u32): void {
  if (op >= DUP1 && op < DUP1 + 16) emit(DUP1, (op - DUP1) << 5, 0)
  else if (op >= SWAP1 && op < SWAP1 + 16) emit(SWAP1, (op - SWAP1 + 1) << 5, 0)
  else if (op >= LOG0 && op <= LOG0 + 4) emit(LOG0, op, 0)
  else emit(op, 0, 0)
}

/** Whether the instruction before pushes a place to jump to. */
function isPlacePushed(): bool {
  const last = end - INSTRUCTION_BYTES
  return last > block && load<u32>(last) == PUSH_SMALL
}

function emitJump(op: u32): void {
  const push = end - INSTRUCTION_BYTES
  if (op == JUMPI) end = fuseJump(block + INSTRUCTION_BYTES, push)
  else {
    const pc = load<u64>(push, 8)
    store<u32>(push, JUMP_TO)
    store<u64>(push, pc < 0xffffffff ? pc : 0xffffffff, 8)
  }
}

function emitPush(op: u32, bytes: usize): void {
  const size = op - PUSH0
  if (size <= 8) {
    let value: u64 = 0
    for (let at: usize = 0; at < usize(size); at++) value = (value << 8) | u64(load<u8>(bytes + at))
    emit(PUSH_SMALL, 0, value)
    return
  }
  emit(PUSH_WORD, u32(addConstant(bytes, size)), 0)
}

/** Gives jumps with a known place their target; a bad one leads to an instruction that fails. */
function resolve(instructions: usize, jumps: usize, length: u32): void {
  const last = end
  emit(BLOCK, 0, 0)
  emit(BAD_JUMP, 0, 0)
  for (let at = instructions; at < last; at += INSTRUCTION_BYTES) {
    const op = load<u32>(at)
    if (op < JUMP_TO || op > JUMP_UNLESS || op == UNDEFINED || op == BAD_JUMP || op == STEP) continue
    const pc = load<u32>(at, 8)
    const distance = pc < length ? load<u32>(jumps + (usize(pc) << 2)) : 0
    store<u32>(at, distance ? u32(instructions) + distance : u32(last), 4)
  }
  if (end > jumps + usize(length) * 52 + 1024) full(FULL_CODES)
}
