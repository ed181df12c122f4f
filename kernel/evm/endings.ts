/** Ends frames: undoes the failed, keeps the code of creations, and goes back to the caller. */

import { keccak256 } from '../keccak/sponge'
import { clear, copy, setSmall } from '../words/u256'
import { leaveCreation } from './code'
import { frame, setFault, setFrame, setMemory } from './frame'
import { handOver, keepOutput, ROOT, undoFrame } from './frames'
import { hostLeave, hostNewCode } from './host'
import {
  FAILED,
  FAULT_CODE_DEPOSIT,
  FAULT_CODE_SIZE,
  FAULT_EF,
  FRAME_ACCOUNT,
  FRAME_ADDRESS,
  FRAME_BYTES,
  FRAME_CODES_TOP,
  FRAME_GAS,
  FRAME_KIND,
  FRAME_MEMORY,
  FRAME_MEMORY_SIZE,
  FRAME_SP,
  OK,
  RETURN,
  rule,
  rule_codeByte,
  rule_codeLimit,
  rule_creationNeedsDeposit,
  rule_refusesEf,
  TRACE,
} from './layout'
import { CREATE, CREATE2 } from './operations'
import { setCodeHash } from './tables'

const HASH: usize = memory.data(32, 16)
let gasLeft: i64 = 0
/** How the frame ended that ended last. */
export let endedAs: i32 = OK

/**
 * Ends the frame that runs, with its output in its memory.
 *
 * @returns whether a frame below goes on; otherwise the transaction's own has ended
 */
export function endFrame(status: i32, gas: i64, output: usize, size: u32): bool {
  const ended = frame
  const kind = load<u32>(ended, FRAME_KIND)
  const isCreation = kind == CREATE || kind == CREATE2
  gasLeft = gas
  if (isCreation && status == OK) status = deposit(output, size)
  endedAs = status
  if (status != OK) undoFrame(ended)
  if (status == FAILED) {
    gasLeft = 0
    size = 0
  }
  keepOutput(output, size)
  if (load<u32>(TRACE) & 1) hostLeave(status, f64(gasLeft), RETURN, size)
  if (isCreation) leaveCreation(usize(load<u32>(ended, FRAME_CODES_TOP)))
  const caller = ended - FRAME_BYTES
  setFrame(caller)
  setMemory(usize(load<u32>(caller, FRAME_MEMORY)), load<u32>(caller, FRAME_MEMORY_SIZE))
  store<i64>(caller, load<i64>(caller, FRAME_GAS) + gasLeft, FRAME_GAS)
  const result = usize(load<u32>(caller, FRAME_SP))
  if (isCreation && status == OK) {
    copy(result, ended + FRAME_ADDRESS)
    handOver(ended, caller == ROOT ? size : 0)
  } else {
    if (status == OK) setSmall(result, 1)
    else clear(result)
    handOver(ended, size)
  }
  if (caller == ROOT) return false
  setFault(0)
  return true
}

/** Keeps what creation code gave as the code of the new account (EIP-2, 170, 3541). */
function deposit(code: usize, size: u32): i32 {
  const limit = rule(rule_codeLimit)
  if (limit && i64(size) > limit) {
    setFault(FAULT_CODE_SIZE)
    return FAILED
  }
  if (rule(rule_refusesEf) && size && load<u8>(code) == 0xef) {
    setFault(FAULT_EF)
    return FAILED
  }
  const cost = i64(size) * rule(rule_codeByte)
  if (cost > gasLeft) {
    if (rule(rule_creationNeedsDeposit)) {
      setFault(FAULT_CODE_DEPOSIT)
      return FAILED
    }
    return OK
  }
  gasLeft -= cost
  if (size == 0) return OK
  keccak256(code, usize(size), HASH)
  hostNewCode(HASH, code, size)
  setCodeHash(usize(load<u32>(frame, FRAME_ACCOUNT)), HASH)
  return OK
}
