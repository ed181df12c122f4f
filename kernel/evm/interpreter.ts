/** Runs decoded code: one loop, in which every opcode of a few steps stands itself. */

import { divide, divideSigned, modulo, moduloSigned } from '../words/divide'
import { addModulo, multiplyModulo } from '../words/modular'
import { multiply, multiplySmall } from '../words/multiply'
import {
  add,
  addSmall,
  copy,
  equal,
  fromBytes,
  isSmall,
  isZero,
  less,
  lessSigned,
  setSmall,
  shiftLeft,
  shiftRight,
  subtract,
  subtractSmall,
  swap,
  toBytes,
} from '../words/u256'
import { balance, copyOtherCode, hashOfCode, selfDestruct, sizeOfCode } from './accounts'
import { blame } from './blame'
import { call } from './calls'
import { copyCode, copyInput, copyMemory, copyReturn, hashMemory } from './copies'
import { create } from './creations'
import { decodeNext, jump } from './decode'
import { endedAs, endFrame } from './endings'
import { explainFault, fault, frame, memoryBase, memorySize, returnSize, setFault } from './frame'
import { CALL_DONE, CALL_FAILED, gasAfter, resumed } from './frames'
import { hostStep } from './host'
import {
  ACCOUNT_BALANCE,
  BASE_FEE,
  BENEFICIARY,
  BLOB_FEE,
  CHAIN_ID,
  FAILED,
  FAULT_INVALID_JUMP,
  FAULT_INVALID_OPCODE,
  FAULT_OUT_OF_GAS,
  FRAME_ACCOUNT,
  FRAME_ADDRESS,
  FRAME_CALLER,
  FRAME_GAS,
  FRAME_INPUT_SIZE,
  FRAME_IP,
  FRAME_MEMORY_SIZE,
  FRAME_SP,
  FRAME_STACK,
  FRAME_VALUE,
  GAS_LIMIT,
  GAS_PRICE,
  INSTRUCTION_BYTES,
  MOST_WORDS,
  NUMBER,
  OK,
  ORIGIN,
  PAUSED,
  RANDOM,
  REVERTED,
  TIMESTAMP,
} from './layout'
import { log } from './logs'
import { buy, buyTo, sizeOf } from './memory'
import * as op from './operations'
import { loadSlot, loadTransient, storeSlot, storeTransient } from './storage'
import {
  blobHash,
  blockHash,
  byteAt,
  exponent,
  leadingZeros,
  loadInput,
  sar,
  shl,
  shr,
  signExtend,
} from './words'

/** Gas that is not handed out yet, and what may still be handed out before the host is asked again. */
let reserve: i64 = 0
let slice: i64 = 0

/** Hands out gas for the frame; the rest waits in `reserve`. */
// @ts-ignore: decorator
@inline
function grant(gas: i64): i64 {
  const granted = gas < slice ? gas : slice
  reserve = gas - granted
  return granted
}

/** Bytes in reach of an access to memory at a word, if they are bought. */
// @ts-ignore: decorator
@inline
function isBought(word: usize, size: u64): bool {
  return isSmall(word) && load<u64>(word) + size <= u64(memorySize) && load<u64>(word) < 0xffffffff
}

/** Whether a word is the place to which the JUMP or JUMPI at `ip` went last. */
// @ts-ignore: decorator
@inline
function isRemembered(word: usize, ip: usize): bool {
  return isSmall(word) && load<u64>(word) == u64(load<u32>(ip, 8))
}

/** Whether a comparison holds between the top and the word below it. */
// @ts-ignore: decorator
@inline
function compares(comparison: u32, top: usize, next: usize): bool {
  if (comparison == op.LT) return less(top, next)
  if (comparison == op.GT) return less(next, top)
  if (comparison == op.EQ) return equal(top, next)
  return comparison == op.SLT ? lessSigned(top, next) : lessSigned(next, top)
}

/**
 * Runs the frame on top, and those it opens, until the transaction's own ends or the slice of gas is used up.
 *
 * @returns OK, REVERTED, FAILED or PAUSED
 */
export function run(gasSlice: i64): i32 {
  let ip = usize(load<u32>(frame, FRAME_IP))
  let sp = usize(load<u32>(frame, FRAME_SP))
  let floor = usize(load<u32>(frame, FRAME_STACK))
  let base = memoryBase
  // A block is never larger than the slice, or the run would not get on.
  const first = load<u32>(ip) == op.BLOCK ? i64(load<u32>(ip, 4)) : 0
  slice = gasSlice > first ? gasSlice : first
  let gas = grant(load<i64>(frame, FRAME_GAS))
  let granted = gas
  while (true) {
    let status: i32 = FAILED
    let output: usize = 0
    let size: u32 = 0
    while (true) {
      switch (load<u32>(ip)) {
        case op.BLOCK: {
          const cost = i64(load<u32>(ip, 4))
          const height = u32(sp - floor)
          gas -= cost
          if (gas < 0 && gas + reserve >= 0) {
            store<u32>(frame, u32(ip), FRAME_IP)
            store<u32>(frame, u32(sp), FRAME_SP)
            store<i64>(frame, gas + reserve + cost, FRAME_GAS)
            store<u32>(frame, memorySize, FRAME_MEMORY_SIZE)
            return PAUSED
          }
          const isLow = height < u32(load<u16>(ip, 8))
          if (gas < 0 || isLow || height + u32(load<u16>(ip, 10)) > MOST_WORDS << 5) {
            blame(load<u32>(ip, 12), height >> 5, gas + reserve + cost)
            break
          }
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.PUSH_SMALL:
          sp += 32
          setSmall(sp, load<u64>(ip, 8))
          ip += INSTRUCTION_BYTES
          continue
        case op.PUSH_WORD:
          sp += 32
          copy(sp, usize(load<u32>(ip, 4)))
          ip += INSTRUCTION_BYTES
          continue
        case op.JUMP_TO:
          ip = usize(load<u32>(ip, 4))
          continue
        case op.JUMPI_TO:
          ip = isZero(sp) ? ip + INSTRUCTION_BYTES : usize(load<u32>(ip, 4))
          sp -= 32
          continue
        case op.JUMP_IF_ZERO:
          ip = isZero(sp) ? usize(load<u32>(ip, 4)) : ip + INSTRUCTION_BYTES
          sp -= 32
          continue
        case op.JUMP_IF_TOP:
          ip = isZero(sp) ? ip + INSTRUCTION_BYTES : usize(load<u32>(ip, 4))
          continue
        case op.JUMP_IF_TOP_IS:
          ip =
            isSmall(sp) && load<u64>(sp) == u64(load<u32>(ip, 12))
              ? usize(load<u32>(ip, 4))
              : ip + INSTRUCTION_BYTES
          continue
        case op.JUMP_IF:
          sp -= 64
          ip = compares(load<u32>(ip, 12), sp + 64, sp + 32)
            ? usize(load<u32>(ip, 4))
            : ip + INSTRUCTION_BYTES
          continue
        case op.JUMP_UNLESS:
          sp -= 64
          ip = compares(load<u32>(ip, 12), sp + 64, sp + 32)
            ? ip + INSTRUCTION_BYTES
            : usize(load<u32>(ip, 4))
          continue
        case op.ADD_SMALL:
          addSmall(sp, load<u64>(ip, 8))
          ip += INSTRUCTION_BYTES
          continue
        case op.SUB_SMALL:
          subtractSmall(sp, load<u64>(ip, 8))
          ip += INSTRUCTION_BYTES
          continue
        case op.MUL_SMALL:
          multiplySmall(sp, load<u64>(ip, 8))
          ip += INSTRUCTION_BYTES
          continue
        case op.AND_SMALL:
          setSmall(sp, load<u64>(sp) & load<u64>(ip, 8))
          ip += INSTRUCTION_BYTES
          continue
        case op.AND_WORD: {
          const mask = usize(load<u32>(ip, 4))
          store<u64>(sp, load<u64>(sp) & load<u64>(mask))
          store<u64>(sp, load<u64>(sp, 8) & load<u64>(mask, 8), 8)
          store<u64>(sp, load<u64>(sp, 16) & load<u64>(mask, 16), 16)
          store<u64>(sp, load<u64>(sp, 24) & load<u64>(mask, 24), 24)
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.SHL_SMALL:
          shiftLeft(sp, sp, load<u32>(ip, 8))
          ip += INSTRUCTION_BYTES
          continue
        case op.SHR_SMALL:
          shiftRight(sp, sp, load<u32>(ip, 8))
          ip += INSTRUCTION_BYTES
          continue
        case op.MLOAD_AT: {
          const end = load<u32>(ip, 8) + 32
          if (end > memorySize) {
            const cost = buyTo(u64(end), gas + reserve)
            if (cost < 0) break
            gas -= cost
          }
          sp += 32
          fromBytes(sp, base + usize(load<u32>(ip, 8)))
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.MSTORE_AT: {
          const end = load<u32>(ip, 8) + 32
          if (end > memorySize) {
            const cost = buyTo(u64(end), gas + reserve)
            if (cost < 0) break
            gas -= cost
          }
          sp -= 32
          toBytes(base + usize(load<u32>(ip, 8)), sp + 32)
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.DUP_ADD:
          add(sp, sp - usize(load<u32>(ip, 4)), sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.SUBTRACT_FROM_NEXT:
          sp -= 32
          subtract(sp, sp, sp + 32)
          ip += INSTRUCTION_BYTES
          continue
        case op.SWAP_POP:
          copy(sp - usize(load<u32>(ip, 4)), sp)
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        case op.POP_TWO:
          sp -= 64
          ip += INSTRUCTION_BYTES
          continue
        case op.JUMP: {
          const place = sp
          sp -= 32
          ip = isRemembered(place, ip) ? usize(load<u32>(ip, 4)) : jump(place, ip)
          continue
        }
        case op.JUMPI: {
          const place = sp
          sp -= 64
          if (isZero(sp + 32)) ip += INSTRUCTION_BYTES
          else ip = isRemembered(place, ip) ? usize(load<u32>(ip, 4)) : jump(place, ip)
          continue
        }
        case op.POP:
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        case op.ADD:
          sp -= 32
          add(sp, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.MUL:
          sp -= 32
          multiply(sp, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.SUB:
          sp -= 32
          subtract(sp, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.DIV:
          sp -= 32
          divide(sp, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.SDIV:
          sp -= 32
          divideSigned(sp, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.MOD:
          sp -= 32
          modulo(sp, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.SMOD:
          sp -= 32
          moduloSigned(sp, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.ADDMOD:
          sp -= 64
          addModulo(sp, sp + 64, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.MULMOD:
          sp -= 64
          multiplyModulo(sp, sp + 64, sp + 32, sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.EXP: {
          const cost = exponent(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.LT:
          sp -= 32
          setSmall(sp, u64(less(sp + 32, sp)))
          ip += INSTRUCTION_BYTES
          continue
        case op.GT:
          sp -= 32
          setSmall(sp, u64(less(sp, sp + 32)))
          ip += INSTRUCTION_BYTES
          continue
        case op.SLT:
          sp -= 32
          setSmall(sp, u64(lessSigned(sp + 32, sp)))
          ip += INSTRUCTION_BYTES
          continue
        case op.SGT:
          sp -= 32
          setSmall(sp, u64(lessSigned(sp, sp + 32)))
          ip += INSTRUCTION_BYTES
          continue
        case op.EQ:
          sp -= 32
          setSmall(sp, u64(equal(sp, sp + 32)))
          ip += INSTRUCTION_BYTES
          continue
        case op.ISZERO:
          setSmall(sp, u64(isZero(sp)))
          ip += INSTRUCTION_BYTES
          continue
        case op.AND:
          sp -= 32
          store<u64>(sp, load<u64>(sp) & load<u64>(sp, 32))
          store<u64>(sp, load<u64>(sp, 8) & load<u64>(sp, 40), 8)
          store<u64>(sp, load<u64>(sp, 16) & load<u64>(sp, 48), 16)
          store<u64>(sp, load<u64>(sp, 24) & load<u64>(sp, 56), 24)
          ip += INSTRUCTION_BYTES
          continue
        case op.OR:
          sp -= 32
          store<u64>(sp, load<u64>(sp) | load<u64>(sp, 32))
          store<u64>(sp, load<u64>(sp, 8) | load<u64>(sp, 40), 8)
          store<u64>(sp, load<u64>(sp, 16) | load<u64>(sp, 48), 16)
          store<u64>(sp, load<u64>(sp, 24) | load<u64>(sp, 56), 24)
          ip += INSTRUCTION_BYTES
          continue
        case op.XOR:
          sp -= 32
          store<u64>(sp, load<u64>(sp) ^ load<u64>(sp, 32))
          store<u64>(sp, load<u64>(sp, 8) ^ load<u64>(sp, 40), 8)
          store<u64>(sp, load<u64>(sp, 16) ^ load<u64>(sp, 48), 16)
          store<u64>(sp, load<u64>(sp, 24) ^ load<u64>(sp, 56), 24)
          ip += INSTRUCTION_BYTES
          continue
        case op.NOT:
          store<u64>(sp, ~load<u64>(sp))
          store<u64>(sp, ~load<u64>(sp, 8), 8)
          store<u64>(sp, ~load<u64>(sp, 16), 16)
          store<u64>(sp, ~load<u64>(sp, 24), 24)
          ip += INSTRUCTION_BYTES
          continue
        case op.BYTE:
          byteAt(sp)
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        case op.SHL:
          shl(sp)
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        case op.SHR:
          shr(sp)
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        case op.SAR:
          sar(sp)
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        case op.SIGNEXTEND:
          signExtend(sp)
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        case op.CLZ:
          leadingZeros(sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.MLOAD: {
          if (!isBought(sp, 32)) {
            const cost = buy(sp, 32, gas + reserve)
            if (cost < 0) break
            gas -= cost
          }
          fromBytes(sp, base + usize(load<u32>(sp)))
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.MSTORE: {
          if (!isBought(sp, 32)) {
            const cost = buy(sp, 32, gas + reserve)
            if (cost < 0) break
            gas -= cost
          }
          sp -= 64
          toBytes(base + usize(load<u32>(sp, 64)), sp + 32)
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.MSTORE8: {
          const cost = buy(sp, 1, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 64
          store<u8>(base + usize(load<u32>(sp, 64)), load<u8>(sp, 32))
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.SLOAD: {
          const cost = loadSlot(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.SSTORE: {
          const cost = storeSlot(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 64
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.TLOAD:
          loadTransient(sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.TSTORE:
          if (storeTransient(sp) < 0) break
          sp -= 64
          ip += INSTRUCTION_BYTES
          continue
        case op.KECCAK256: {
          const cost = hashMemory(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 32
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.ADDRESS:
          sp += 32
          copy(sp, frame + FRAME_ADDRESS)
          ip += INSTRUCTION_BYTES
          continue
        case op.ORIGIN_OP:
          sp += 32
          copy(sp, ORIGIN)
          ip += INSTRUCTION_BYTES
          continue
        case op.CALLER:
          sp += 32
          copy(sp, frame + FRAME_CALLER)
          ip += INSTRUCTION_BYTES
          continue
        case op.CALLVALUE:
          sp += 32
          copy(sp, frame + FRAME_VALUE)
          ip += INSTRUCTION_BYTES
          continue
        case op.CALLDATALOAD:
          loadInput(sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.CALLDATASIZE:
          sp += 32
          setSmall(sp, u64(load<u32>(frame, FRAME_INPUT_SIZE)))
          ip += INSTRUCTION_BYTES
          continue
        case op.CALLDATACOPY: {
          const cost = copyInput(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 96
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.CODECOPY: {
          const cost = copyCode(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 96
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.RETURNDATASIZE:
          sp += 32
          setSmall(sp, u64(returnSize))
          ip += INSTRUCTION_BYTES
          continue
        case op.RETURNDATACOPY: {
          const cost = copyReturn(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 96
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.MCOPY: {
          const cost = copyMemory(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 96
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.GASPRICE:
          sp += 32
          copy(sp, GAS_PRICE)
          ip += INSTRUCTION_BYTES
          continue
        case op.BALANCE: {
          const cost = balance(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.EXTCODEHASH: {
          const cost = hashOfCode(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.EXTCODESIZE: {
          const cost = sizeOfCode(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.EXTCODECOPY: {
          const cost = copyOtherCode(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 128
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.BLOCKHASH:
          blockHash(sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.COINBASE:
          sp += 32
          copy(sp, BENEFICIARY)
          ip += INSTRUCTION_BYTES
          continue
        case op.TIMESTAMP_OP:
          sp += 32
          copy(sp, TIMESTAMP)
          ip += INSTRUCTION_BYTES
          continue
        case op.NUMBER_OP:
          sp += 32
          copy(sp, NUMBER)
          ip += INSTRUCTION_BYTES
          continue
        case op.PREVRANDAO:
          sp += 32
          copy(sp, RANDOM)
          ip += INSTRUCTION_BYTES
          continue
        case op.GASLIMIT:
          sp += 32
          copy(sp, GAS_LIMIT)
          ip += INSTRUCTION_BYTES
          continue
        case op.CHAINID:
          sp += 32
          copy(sp, CHAIN_ID)
          ip += INSTRUCTION_BYTES
          continue
        case op.SELFBALANCE:
          sp += 32
          copy(sp, usize(load<u32>(frame, FRAME_ACCOUNT)) + ACCOUNT_BALANCE)
          ip += INSTRUCTION_BYTES
          continue
        case op.BASEFEE:
          sp += 32
          copy(sp, BASE_FEE)
          ip += INSTRUCTION_BYTES
          continue
        case op.BLOBHASH:
          blobHash(sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.BLOBBASEFEE:
          sp += 32
          copy(sp, BLOB_FEE)
          ip += INSTRUCTION_BYTES
          continue
        case op.MSIZE:
          sp += 32
          setSmall(sp, u64(memorySize))
          ip += INSTRUCTION_BYTES
          continue
        case op.GAS:
          sp += 32
          setSmall(sp, u64(gas + reserve))
          ip += INSTRUCTION_BYTES
          continue
        case op.LOG0: {
          const operation = load<u32>(ip, 4)
          const cost = log(operation, sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          sp -= 64 + (usize(operation - op.LOG0) << 5)
          ip += INSTRUCTION_BYTES
          continue
        }
        case op.CREATE:
        case op.CREATE2:
        case op.CALL:
        case op.CALLCODE:
        case op.DELEGATECALL:
        case op.STATICCALL: {
          const operation = load<u32>(ip)
          const isCreation = operation == op.CREATE || operation == op.CREATE2
          const done = isCreation
            ? create(operation, sp, ip, gas + reserve)
            : call(operation, sp, ip, gas + reserve)
          if (done == CALL_FAILED) break
          slice -= granted - gas
          if (done == CALL_DONE) {
            const spent = gas + reserve - gasAfter
            // A unit of a precompile's gas takes up to thirty times as long as one of code.
            if (spent > 0) slice -= spent << 5
            sp = usize(load<u32>(frame, FRAME_SP))
            ip += INSTRUCTION_BYTES
            gas = grant(gasAfter)
          } else {
            ip = usize(load<u32>(frame, FRAME_IP))
            sp = usize(load<u32>(frame, FRAME_SP))
            floor = sp
            base = memoryBase
            gas = grant(load<i64>(frame, FRAME_GAS))
          }
          granted = gas
          continue
        }
        case op.STOP:
          status = OK
          break
        case op.RETURN_OP:
        case op.REVERT: {
          const length = sizeOf(sp - 32)
          if (length < 0) break
          const cost = buy(sp, length, gas + reserve)
          if (cost < 0) break
          gas -= cost
          size = u32(length)
          output = base + (length ? usize(load<u32>(sp)) : 0)
          status = load<u32>(ip) == op.REVERT ? REVERTED : OK
          break
        }
        case op.SELFDESTRUCT: {
          const cost = selfDestruct(sp, gas + reserve)
          if (cost < 0) break
          gas -= cost
          status = OK
          break
        }
        case op.STEP:
          store<u32>(frame, memorySize, FRAME_MEMORY_SIZE)
          hostStep(load<u32>(ip, 8), load<u32>(ip, 4), f64(gas + reserve), sp)
          ip += INSTRUCTION_BYTES
          continue
        case op.DECODE:
          ip = decodeNext(ip)
          continue
        case op.BAD_JUMP:
          setFault(FAULT_INVALID_JUMP)
          break
        case op.UNDEFINED:
          setFault(FAULT_INVALID_OPCODE)
          explainFault(load<u32>(ip, 4), 0, 0)
          break
        case op.DUP1:
          sp += 32
          copy(sp, sp - 32 - usize(load<u32>(ip, 4)))
          ip += INSTRUCTION_BYTES
          continue
        case op.SWAP1:
          swap(sp, sp - usize(load<u32>(ip, 4)))
          ip += INSTRUCTION_BYTES
          continue
        default:
          unreachable()
      }
      break
    }
    if (status == FAILED && fault == 0) setFault(FAULT_OUT_OF_GAS)
    slice -= granted - gas
    if (!endFrame(status, gas + reserve, output, size)) return endedAs
    ip = resumed()
    sp = usize(load<u32>(frame, FRAME_SP))
    floor = usize(load<u32>(frame, FRAME_STACK))
    base = memoryBase
    gas = grant(load<i64>(frame, FRAME_GAS))
    granted = gas
  }
}
