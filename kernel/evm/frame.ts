/** Holds what is true of the frame that runs, and moves between it and its record. */

import { FRAME_BYTES, FRAMES } from './layout'

/** Record of the frame that runs. */
export let frame: usize = FRAMES
/** Its memory: where it begins, and how many bytes it has bought. */
export let memoryBase: usize = 0
export let memorySize: u32 = 0
/** What the last call returned: it lies at RETURN. */
export let returnSize: u32 = 0
/** Gas to be paid back, and why the frame that ended last failed. */
export let refund: i64 = 0
export let fault: u32 = 0
/** What more there is to say of it: the opcode, the words on its stack, and how much it needed. */
export let faultOp: u32 = 0
export let faultWords: u32 = 0
export let faultNeed: u32 = 0

export function setFrame(record: usize): void {
  frame = record
}

export function setMemory(base: usize, size: u32): void {
  memoryBase = base
  memorySize = size
}

export function setMemorySize(size: u32): void {
  memorySize = size
}

export function setReturnSize(size: u32): void {
  returnSize = size
}

export function setRefund(gas: i64): void {
  refund = gas
}

export function setFault(reason: u32): void {
  fault = reason
}

export function explainFault(op: u32, words: u32, needed: u32): void {
  faultOp = op
  faultWords = words
  faultNeed = needed
}

/** Calls that are open above the first. */
// @ts-ignore: decorator
@inline
export function depth(): u32 {
  return u32((frame - FRAMES) / FRAME_BYTES)
}
