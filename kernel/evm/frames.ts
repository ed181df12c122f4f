/** Makes records of frames, opens and leaves them, and hands output to the caller. */

import { setSmall } from '../words/u256'
import { FULL_RETURN, full } from './capacity'
import { blockGeneration, WITHOUT_JUMP } from './blocks'
import { codeGeneration, creationsTop, ownCode } from './code'
import { blockAt, entryOf } from './decode'
import {
  frame,
  memoryBase,
  memorySize,
  refund,
  setFault,
  setFrame,
  setMemory,
  setRefund,
  setReturnSize,
} from './frame'
import { hostLeave } from './host'
import { journalEnd, revertTo } from './journal'
import {
  CODE_SERIAL,
  FRAME_ADDRESS,
  FRAME_BLOCK_GENERATION,
  FRAME_BYTES,
  FRAME_CODE,
  FRAME_CODE_GENERATION,
  FRAME_CODES_TOP,
  FRAME_GAS,
  FRAME_IP,
  FRAME_JOURNAL,
  FRAME_KIND,
  FRAME_LOG_COUNT,
  FRAME_LOGS,
  FRAME_MEMORY,
  FRAME_MEMORY_SIZE,
  FRAME_OUTPUT,
  FRAME_OUTPUT_SIZE,
  FRAME_PC,
  FRAME_REFUND,
  FRAME_SERIAL,
  FRAME_SP,
  FRAME_STACK,
  FRAME_TOUCHED,
  FRAMES,
  INSTRUCTION_BYTES,
  OK,
  RETURN,
  RETURN_END,
  TRACE,
} from './layout'
import { cutLogs, logCount, logsEnd } from './logs'
import { cutTouched, touchedEnd } from './tables'

/** Answers: the opcode fails; it is done, and `gasAfter` is left; a frame is open. */
export const CALL_FAILED: i32 = -1
export const CALL_DONE: i32 = 0
export const CALL_OPENED: i32 = 1

/** Gas of the caller when a call was done at once. */
export let gasAfter: i64 = 0

/** Below the first frame lies the record of the transaction's sender, as if it had called. */
export const ROOT: usize = FRAMES
/** Frames that may be open, the root among them (Yellow Paper: 1,024 calls deep). */
export const MOST_FRAMES: u32 = 1025

/** Fills what calls and creations have alike in the record of the next frame. */
export function nextFrame(op: u32, gas: i64, stack: usize): usize {
  const next = frame + FRAME_BYTES
  store<u32>(next, op, FRAME_KIND)
  store<i64>(next, gas, FRAME_GAS)
  store<u32>(next, u32(stack), FRAME_STACK)
  store<u32>(next, u32((memoryBase + memorySize + 31) & ~usize(31)), FRAME_MEMORY)
  markFrame(next)
  return next
}

/** Keeps where a frame begins, for its undoing. */
export function markFrame(next: usize): void {
  store<u32>(next, 0, FRAME_MEMORY_SIZE)
  store<u32>(next, u32(journalEnd), FRAME_JOURNAL)
  store<u32>(next, u32(logsEnd), FRAME_LOGS)
  store<u32>(next, logCount, FRAME_LOG_COUNT)
  store<i64>(next, refund, FRAME_REFUND)
  store<u32>(next, u32(creationsTop), FRAME_CODES_TOP)
  store<u32>(next, u32(touchedEnd), FRAME_TOUCHED)
}

/** Undoes what was done since the mark of a frame. */
export function undoFrame(ended: usize): void {
  revertTo(usize(load<u32>(ended, FRAME_JOURNAL)))
  cutTouched(usize(load<u32>(ended, FRAME_TOUCHED)))
  cutLogs(usize(load<u32>(ended, FRAME_LOGS)), load<u32>(ended, FRAME_LOG_COUNT))
  setRefund(load<i64>(ended, FRAME_REFUND))
}

export function setAddress(next: usize, account: usize): void {
  store<u64>(next, load<u64>(account), FRAME_ADDRESS)
  store<u64>(next, load<u64>(account, 8), FRAME_ADDRESS + 8)
  store<u64>(next, u64(load<u32>(account, 16)), FRAME_ADDRESS + 16)
  store<u64>(next, 0, FRAME_ADDRESS + 24)
}

/** Keeps where the frame that runs goes on when the one it opens has ended: behind the instruction at `ip`. */
export function suspend(ip: usize, sp: usize, gas: i64): void {
  store<u32>(frame, u32(ip + INSTRUCTION_BYTES), FRAME_IP)
  store<u32>(frame, load<u32>(ip, 8), FRAME_PC)
  store<u32>(frame, blockGeneration, FRAME_BLOCK_GENERATION)
  store<u32>(frame, u32(sp), FRAME_SP)
  store<i64>(frame, gas, FRAME_GAS)
  store<u32>(frame, memorySize, FRAME_MEMORY_SIZE)
}

/** Where the frame that runs goes on now: its blocks may have been dropped since. */
export function resumed(): usize {
  if (load<u32>(frame, FRAME_BLOCK_GENERATION) == blockGeneration) {
    return usize(load<u32>(frame, FRAME_IP))
  }
  return blockAt(ownCode(), load<u32>(frame, FRAME_PC) | WITHOUT_JUMP)
}

/** Makes a frame the one that runs. */
export function openFrame(next: usize, code: usize): void {
  store<u32>(next, u32(code), FRAME_CODE)
  store<u32>(next, codeGeneration, FRAME_CODE_GENERATION)
  store<u32>(next, load<u32>(code, CODE_SERIAL), FRAME_SERIAL)
  store<u32>(next, load<u32>(next, FRAME_STACK), FRAME_SP)
  setFrame(next)
  setMemory(usize(load<u32>(next, FRAME_MEMORY)), 0)
  store<u32>(next, u32(entryOf(code)), FRAME_IP)
}

/** Ends a call that never had a frame; its output, if any, lies at RETURN. */
export function done(next: usize, status: i32, gas: i64, size: u32): i32 {
  if (load<u32>(TRACE) & 1) hostLeave(status, f64(gas), RETURN, size)
  gasAfter = load<i64>(frame, FRAME_GAS) + gas
  handOver(next, size)
  setSmall(usize(load<u32>(frame, FRAME_SP)), status == OK ? 1 : 0)
  if (frame != ROOT) setFault(0)
  return CALL_DONE
}

/** Copies what lies at RETURN into the window that the caller gave. */
export function handOver(ended: usize, size: u32): void {
  setReturnSize(size)
  const window = load<u32>(ended, FRAME_OUTPUT_SIZE)
  const count = size < window ? size : window
  if (count) memory.copy(usize(load<u32>(ended, FRAME_OUTPUT)), RETURN, count)
}

/** Puts output where the caller will look for it. */
export function keepOutput(from: usize, size: u32): void {
  if (usize(size) > RETURN_END - RETURN) full(FULL_RETURN)
  if (size) memory.copy(RETURN, from, size)
}

