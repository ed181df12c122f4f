/** Turns code into instructions of 16 bytes, in blocks whose gas and stack are looked at once, when it is first reached. */

import { isSmall } from '../words/u256'
import {
  blockGeneration,
  blocksEnd,
  findBlock,
  keepBlock,
  makeRoom,
  MOST_OPCODES,
  setBlocksEnd,
  WITHOUT_JUMP,
} from './blocks'
import { isTarget, ownCode } from './code'
import { frame } from './frame'
import { addConstant, fuse, fuseJump } from './fuse'
import {
  CODE_ENTRY,
  CODE_ENTRY_GENERATION,
  CODE_LENGTH,
  CODE_RAW,
  CODE_SERIAL,
  FRAME_SERIAL,
  INSTRUCTION_BYTES,
  MOST_WORDS,
  OPCODES,
  TRACE,
} from './layout'
import {
  BAD_JUMP,
  BLOCK,
  CALL,
  CALLCODE,
  CREATE,
  CREATE2,
  CODESIZE,
  DECODE,
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

/** The code being decoded. */
let code: usize = 0
let raw: usize = 0
let length: u32 = 0
let serial: u32 = 0
/** Where the next instruction goes. */
let end: usize = 0
/** The block being made: its instruction, gas, words so far, most words missing below and most above. */
let block: usize = 0
let blockGas: u32 = 0
let words: i32 = 0
let need: i32 = 0
let growth: i32 = 0

/** Where jumps lead that may not be. */
const BAD_BLOCK: usize = memory.data<u32>([BLOCK, 0, 0, 0, BAD_JUMP, 0, 0, 0], 16)

/** The block of some code that begins at a place, which may be marked by WITHOUT_JUMP. */
export function blockAt(from: usize, place: u32): usize {
  const known = findBlock(load<u32>(from, CODE_SERIAL), place)
  if (known) return known
  makeRoom()
  code = from
  raw = usize(load<u32>(from, CODE_RAW))
  length = load<u32>(from, CODE_LENGTH)
  serial = load<u32>(from, CODE_SERIAL)
  const first = blocksEnd
  end = first
  if (load<u32>(TRACE) & 2) decodeTraced(place)
  else decode(place)
  connect(first)
  setBlocksEnd(end)
  return first
}

/** The block that some code begins with. */
export function entryOf(from: usize): usize {
  if (load<u32>(from, CODE_ENTRY_GENERATION) == blockGeneration) {
    return usize(load<u32>(from, CODE_ENTRY))
  }
  const entry = blockAt(from, WITHOUT_JUMP)
  store<u32>(from, u32(entry), CODE_ENTRY)
  store<u32>(from, blockGeneration, CODE_ENTRY_GENERATION)
  return entry
}

/** Where the frame that runs goes on by a jump to the place in a word; the JUMP or JUMPI at `ip` remembers it. */
export function jump(word: usize, ip: usize): usize {
  if (!isSmall(word) || load<u64>(word) >= 0xffffffff) return BAD_BLOCK
  const pc = load<u32>(word)
  const generation = blockGeneration
  let to = findBlock(load<u32>(frame, FRAME_SERIAL), pc)
  if (to == 0) {
    const own = ownCode()
    if (!isTarget(own, pc)) return BAD_BLOCK
    to = blockAt(own, pc)
  }
  if (generation == blockGeneration) {
    store<u32>(ip, u32(to), 4)
    store<u32>(ip, pc, 8)
  }
  return to
}

/** Decodes what the DECODE at `ip` stands for; it, and the jump that led to it, go straight there from then on. */
export function decodeNext(ip: usize): usize {
  const generation = blockGeneration
  const to = blockAt(ownCode(), load<u32>(ip, 8))
  if (generation == blockGeneration) {
    const from = usize(load<u32>(ip, 4))
    if (from) store<u32>(from, u32(to), 4)
    store<u32>(ip, JUMP_TO)
    store<u32>(ip, u32(to), 4)
  }
  return to
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

function changesFrames(op: u32): bool {
  return (
    op == CREATE ||
    op == CREATE2 ||
    op == CALL ||
    op == CALLCODE ||
    op == DELEGATECALL ||
    op == STATICCALL
  )
}

/** Opcodes behind which the gas must be exact: they see it, or others do. */
function endsBlock(op: u32): bool {
  return op == JUMPI || op == GAS || op == SSTORE || changesFrames(op)
}

/** Decodes from a place on, to where nothing is reached but by a jump, or to what is decoded already. */
function decode(place: u32): void {
  const from = place & ~WITHOUT_JUMP
  openBlock(from)
  keepBlock(serial, place, block)
  let pc = from
  for (let left = MOST_OPCODES; left > 0; left--) {
    if (pc >= length) {
      emit(STOP, 0, 0)
      closeBlock()
      return
    }
    const op = u32(load<u8>(raw + pc))
    if (op == JUMPDEST && pc != from) {
      if (findBlock(serial, pc)) {
        emit(JUMP_TO, 0, u64(pc))
        closeBlock()
        return
      }
      if (block + INSTRUCTION_BYTES != end || blockGas != 0) {
        closeBlock()
        openBlock(pc)
      }
      keepBlock(serial, pc, block)
    }
    count(op)
    if (op != JUMPDEST) emitOpcode(op, pc)
    if (endsRun(op)) {
      closeBlock()
      return
    }
    if (endsBlock(op)) {
      closeBlock()
      openBlock(pc + 1)
    }
    pc += 1 + pushed(op)
  }
  emit(DECODE, 0, u64(pc | WITHOUT_JUMP))
  closeBlock()
}

/** Like `decode`, with one instruction a block and a step told before each. */
function decodeTraced(place: u32): void {
  keepBlock(serial, place, end)
  const from = place & ~WITHOUT_JUMP
  let pc = from
  for (let left = MOST_OPCODES; left > 0; left--) {
    if (pc >= length) {
      emit(STEP, STOP, u64(length))
      emit(STOP, 0, 0)
      return
    }
    const op = u32(load<u8>(raw + pc))
    if (op == JUMPDEST && pc != from) {
      if (findBlock(serial, pc)) {
        emit(JUMP_TO, 0, u64(pc))
        return
      }
      keepBlock(serial, pc, end)
    }
    emit(STEP, op, u64(pc))
    openBlock(pc)
    count(op)
    if (op != JUMPDEST) emitOpcode(op, pc)
    closeBlock()
    if (endsRun(op)) return
    pc += 1 + pushed(op)
  }
  emit(DECODE, 0, u64(pc | WITHOUT_JUMP))
}

/** Bytes behind an opcode that belong to it. */
// @ts-ignore: decorator
@inline
function pushed(op: u32): u32 {
  return op >= PUSH1 && op <= PUSH32 ? op - PUSH1 + 1 : 0
}

/** Gives jumps with a known place their target; what is not decoded yet will be when it is reached. */
function connect(first: usize): void {
  const last = end
  for (let at = first; at < last; at += INSTRUCTION_BYTES) {
    const op = load<u32>(at)
    if (op < JUMP_TO || op > JUMP_UNLESS || op == UNDEFINED || op == BAD_JUMP || op == STEP) continue
    const pc = load<u32>(at, 8)
    let to = isTarget(code, pc) ? findBlock(serial, pc) : BAD_BLOCK
    if (to == 0) {
      to = end
      emit(DECODE, u32(at), u64(pc))
    }
    store<u32>(at, u32(to), 4)
  }
}

function emitOpcode(op: u32, pc: u32): void {
  if (!isDefined(op)) emit(UNDEFINED, op, 0)
  else if (op >= PUSH0 && op <= PUSH32) emitPush(op, raw + pc + 1)
  else if (op == PC) emit(PUSH_SMALL, 0, u64(pc))
  else if (op == CODESIZE) emit(PUSH_SMALL, 0, u64(length))
  else if (changesFrames(op)) emit(op, 0, u64(pc + 1))
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
  // No jump to the last place that there could be is right.
  else if (op == JUMP || op == JUMPI) emit(op, u32(BAD_BLOCK), 0xffffffff)
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
