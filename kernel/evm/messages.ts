/** Begins the call or creation of a transaction, as if its sender were a frame below it. */

import { copy, isZero } from '../words/u256'
import { delegateOf } from './accounts'
import { enterCall } from './calls'
import { tidyCodes } from './code'
import { createdAddress, enterCreate } from './creations'
import { setFault, setFrame, setMemory, setRefund, setReturnSize } from './frame'
import { CALL_DONE, gasAfter, nextFrame, ROOT, setAddress } from './frames'
import { forget } from './journal'
import {
  ARENA,
  FAILED,
  FRAME_ACCOUNT,
  FRAME_ADDRESS,
  FRAME_CALLER,
  FRAME_CODE_ACCOUNT,
  FRAME_GAS,
  FRAME_INPUT,
  FRAME_INPUT_SIZE,
  FRAME_MEMORY,
  FRAME_OUTPUT_SIZE,
  FRAME_SP,
  FRAME_STATIC,
  FRAME_VALUE,
  LOGS,
  OK,
  PAUSED,
  rule,
  rule_delegations,
  STACK,
} from './layout'
import { cutLogs } from './logs'
import { CALL, CREATE } from './operations'
import { accountAt, nextTransaction, warm } from './tables'

/** Begins a transaction: nothing is warm, nothing can be undone, no logs. */
export function beginTransaction(): void {
  nextTransaction()
  tidyCodes()
  forget()
  cutLogs(LOGS, 0)
  setRefund(0)
}

/** The record below the first frame, for a sender. */
function root(sender: usize): void {
  setFrame(ROOT)
  setMemory(ARENA, 0)
  setReturnSize(0)
  setFault(0)
  memory.fill(ROOT, 0, 256)
  store<u32>(ROOT, u32(sender), FRAME_ACCOUNT)
  store<u32>(ROOT, u32(STACK), FRAME_SP)
  store<u32>(ROOT, u32(ARENA), FRAME_MEMORY)
  setAddress(ROOT, sender)
}

/** PAUSED when code is to be run, else the answer; the gas left stands in the root's record. */
function began(opened: i32): i32 {
  if (opened != CALL_DONE) return PAUSED
  store<i64>(ROOT, gasAfter, FRAME_GAS)
  return isZero(STACK) ? FAILED : OK
}

/** Calls an account with `size` bytes at `input`. */
export function beginCall(
  sender: usize,
  target: usize,
  value: usize,
  input: usize,
  size: u32,
  gas: i64,
): i32 {
  root(sender)
  const next = nextFrame(CALL, gas, STACK + 32)
  let coder = target
  if (rule(rule_delegations)) {
    const delegate = delegateOf(target)
    if (delegate) {
      coder = delegate
      warm(delegate)
    }
  }
  store<u32>(next, u32(input), FRAME_INPUT)
  store<u32>(next, size, FRAME_INPUT_SIZE)
  store<u32>(next, 0, FRAME_OUTPUT_SIZE)
  store<u32>(next, 0, FRAME_STATIC)
  store<u32>(next, u32(target), FRAME_ACCOUNT)
  store<u32>(next, u32(coder), FRAME_CODE_ACCOUNT)
  copy(next + FRAME_VALUE, value)
  copy(next + FRAME_CALLER, ROOT + FRAME_ADDRESS)
  setAddress(next, target)
  return began(enterCall(next, target, coder, !isZero(value)))
}

/** Creates a contract by `size` bytes of code at `code`; `nonce` is the sender's before the transaction. */
export function beginCreate(
  sender: usize,
  nonce: u64,
  value: usize,
  code: usize,
  size: u32,
  gas: i64,
): i32 {
  root(sender)
  const account = accountAt(createdAddress(sender, nonce))
  const next = nextFrame(CREATE, gas, STACK + 32)
  copy(next + FRAME_VALUE, value)
  copy(next + FRAME_CALLER, ROOT + FRAME_ADDRESS)
  return began(enterCreate(next, account, code, size))
}
