/** Says which opcode of a block cannot run: blocks are looked at as a whole, errors and traces name the opcode. */

import { ownCode } from './code'
import { explainFault, setFault } from './frame'
import {
  CODE_LENGTH,
  CODE_RAW,
  FAULT_OUT_OF_GAS,
  FAULT_STACK_OVERFLOW,
  FAULT_STACK_UNDERFLOW,
  MOST_WORDS,
  OPCODES,
} from './layout'
import { PUSH1, PUSH32 } from './operations'

/** Walks over the opcodes from `pc` on, with so many words and so much gas, to the first that lacks words, room or gas. */
export function blame(pc: u32, words: u32, gas: i64): void {
  const code = ownCode()
  const raw = usize(load<u32>(code, CODE_RAW))
  const length = load<u32>(code, CODE_LENGTH)
  setFault(FAULT_OUT_OF_GAS)
  for (let at = pc; at < length; at++) {
    const op = u32(load<u8>(raw + at))
    const row = OPCODES + (usize(op) << 3)
    const needed = u32(load<u8>(row, 4))
    if (words < needed) {
      setFault(FAULT_STACK_UNDERFLOW)
      explainFault(op, words, needed)
      return
    }
    words += u32(load<u8>(row, 5)) - needed
    if (words > MOST_WORDS) {
      setFault(FAULT_STACK_OVERFLOW)
      return
    }
    gas -= i64(load<u32>(row))
    if (gas < 0) return
    if (op >= PUSH1 && op <= PUSH32) at += op - PUSH1 + 1
  }
}
