/** Opens frames for calls, and runs at once what needs none. */

import { copy, isSmall, isZero } from '../words/u256'
import { coldExtra, credit, debit, delegateOf, holds, isDead } from './accounts'
import { codeOf } from './code'
import { depth, frame, setFault, setReturnSize } from './frame'
import {
  CALL_FAILED,
  CALL_OPENED,
  done,
  MOST_FRAMES,
  nextFrame,
  openFrame,
  setAddress,
  suspend,
  undoFrame,
} from './frames'
import { hostEnter, hostPrecompile } from './host'
import {
  FAILED,
  FAULT_BALANCE,
  FAULT_DEPTH,
  FAULT_PRECOMPILE,
  FAULT_STATIC,
  FRAME_ACCOUNT,
  FRAME_ADDRESS,
  FRAME_CALLER,
  FRAME_CODE_ACCOUNT,
  FRAME_GAS,
  FRAME_INPUT,
  FRAME_INPUT_SIZE,
  FRAME_KIND,
  FRAME_OUTPUT,
  FRAME_OUTPUT_SIZE,
  FRAME_STATIC,
  FRAME_TARGET,
  FRAME_VALUE,
  OK,
  PRECOMPILE_LENGTH,
  RETURN,
  rule,
  rule_callNewAccount,
  rule_callStipend,
  rule_callValue,
  rule_clearsEmpty,
  rule_delegations,
  rule_keepsSixtyFourth,
  rule_warmAccount,
  TRACE,
} from './layout'
import { buyTo, endOf, placeOf, sizeOf } from './memory'
import { CALL, CALLCODE, DELEGATECALL, STATICCALL } from './operations'
import { accountAt, bringIntoBeing, hasCode, NO_PRECOMPILE, precompileId, touch } from './tables'

const NOTHING: usize = memory.data(32, 16)

/** Runs a call from its arguments on the stack; `ip` is its instruction. */
export function call(op: u32, sp: usize, ip: usize, gas: i64): i32 {
  const hasValue = op == CALL || op == CALLCODE
  const value = hasValue ? sp - 64 : NOTHING
  const range = hasValue ? sp - 96 : sp - 64
  const pays = hasValue && !isZero(value)
  if (op == CALL && pays && load<u32>(frame, FRAME_STATIC)) {
    setFault(FAULT_STATIC)
    return CALL_FAILED
  }
  const inputSize = sizeOf(range - 32)
  const outputSize = sizeOf(range - 96)
  const inputEnd = endOf(range, inputSize)
  const outputEnd = endOf(range - 64, outputSize)
  if (inputEnd < 0 || outputEnd < 0) return CALL_FAILED
  const bought = buyTo(u64(inputEnd > outputEnd ? inputEnd : outputEnd), gas)
  if (bought < 0) return CALL_FAILED
  const target = accountAt(sp - 32)
  let extra = bought + coldExtra(target)
  if (pays) extra += rule(rule_callValue)
  if (extra > gas) return CALL_FAILED
  if (op == CALL && isDead(target) && (pays || !rule(rule_clearsEmpty))) {
    extra += rule(rule_callNewAccount)
  }
  let coder = target
  if (rule(rule_delegations)) {
    const delegate = delegateOf(target)
    if (delegate) {
      coder = delegate
      extra += rule(rule_warmAccount) + coldExtra(delegate)
    }
  }
  const left = gas - extra
  if (left < 0) return CALL_FAILED
  let given = isSmall(sp) && load<i64>(sp) >= 0 ? load<i64>(sp) : i64.MAX_VALUE
  if (rule(rule_keepsSixtyFourth)) {
    const most = left - (left >> 6)
    if (given > most) given = most
  } else if (given > left) return CALL_FAILED
  const kept = left - given
  if (pays) given += rule(rule_callStipend)
  const top = range - 96
  setReturnSize(0)
  const own = usize(load<u32>(frame, FRAME_ACCOUNT))
  suspend(ip, top, kept)
  const next = nextFrame(op, given, sp)
  store<u32>(next, u32(placeOf(range, inputSize)), FRAME_INPUT)
  store<u32>(next, u32(inputSize), FRAME_INPUT_SIZE)
  store<u32>(next, u32(placeOf(range - 64, outputSize)), FRAME_OUTPUT)
  store<u32>(next, u32(outputSize), FRAME_OUTPUT_SIZE)
  store<u32>(next, u32(coder), FRAME_CODE_ACCOUNT)
  store<u32>(next, u32(target), FRAME_TARGET)
  if (op == DELEGATECALL) {
    store<u32>(next, load<u32>(frame, FRAME_ACCOUNT), FRAME_ACCOUNT)
    copy(next + FRAME_VALUE, frame + FRAME_VALUE)
    copy(next + FRAME_CALLER, frame + FRAME_CALLER)
    copy(next + FRAME_ADDRESS, frame + FRAME_ADDRESS)
  } else {
    copy(next + FRAME_VALUE, value)
    copy(next + FRAME_CALLER, frame + FRAME_ADDRESS)
    const isOther = op != CALLCODE
    store<u32>(next, isOther ? u32(target) : u32(own), FRAME_ACCOUNT)
    if (isOther) setAddress(next, target)
    else copy(next + FRAME_ADDRESS, frame + FRAME_ADDRESS)
  }
  store<u32>(next, op == STATICCALL ? 1 : load<u32>(frame, FRAME_STATIC), FRAME_STATIC)
  return enterCall(next, target, coder, pays)
}

/** Moves the value, then runs a precompile, nothing, or the code of `coder` in the frame at `next`. */
export function enterCall(next: usize, target: usize, coder: usize, pays: bool): i32 {
  if (load<u32>(TRACE) & 1) hostEnter(next)
  const sender = usize(load<u32>(frame, FRAME_ACCOUNT))
  const value = next + FRAME_VALUE
  const kind = load<u32>(next, FRAME_KIND)
  if (depth() >= MOST_FRAMES || (pays && !holds(sender, value))) {
    setFault(depth() >= MOST_FRAMES ? FAULT_DEPTH : FAULT_BALANCE)
    return done(next, FAILED, load<i64>(next, FRAME_GAS), 0)
  }
  if (kind == CALL && pays) {
    debit(sender, value)
    credit(target, value)
  } else if (kind == CALL || kind == STATICCALL) {
    if (kind == CALL && !rule(rule_clearsEmpty)) bringIntoBeing(target)
    touch(target)
  }
  const id = precompileId(coder)
  if (id != NO_PRECOMPILE && coder == target) return runPrecompile(next, id)
  // A delegation to a precompile runs no code (EIP-7702).
  if (id != NO_PRECOMPILE || !hasCode(coder)) return done(next, OK, load<i64>(next, FRAME_GAS), 0)
  openFrame(next, codeOf(coder))
  return CALL_OPENED
}

function runPrecompile(next: usize, id: u32): i32 {
  const gas = load<i64>(next, FRAME_GAS)
  const size = load<u32>(next, FRAME_INPUT_SIZE)
  const offered = gas > 9007199254740991 ? f64(9007199254740991) : f64(gas)
  const cost = hostPrecompile(id, usize(load<u32>(next, FRAME_INPUT)), size, offered, RETURN)
  if (cost < 0) {
    setFault(FAULT_PRECOMPILE)
    undoFrame(next)
    return done(next, FAILED, 0, 0)
  }
  return done(next, OK, gas - i64(cost), load<u32>(PRECOMPILE_LENGTH))
}
