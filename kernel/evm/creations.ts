/** Opens frames for creations of contracts. */

import { keccak256 } from '../keccak/sponge'
import { copy, fromBytes, isZero, toBytes } from '../words/u256'
import { credit, debit, holds } from './accounts'
import { creationCode } from './code'
import { depth, explainFault, frame, setFault, setReturnSize } from './frame'
import {
  CALL_FAILED,
  CALL_OPENED,
  done,
  markFrame,
  MOST_FRAMES,
  nextFrame,
  openFrame,
  ROOT,
  setAddress,
  suspend,
} from './frames'
import { hostEnter, hostHasStorage } from './host'
import { change32 } from './journal'
import {
  ACCOUNT_CREATED,
  ACCOUNT_FLAGS,
  ACCOUNT_NONCE,
  FAILED,
  FAULT_BALANCE,
  FAULT_COLLISION,
  FAULT_DEPTH,
  FAULT_INIT_CODE_SIZE,
  FAULT_NONCE,
  FAULT_STATIC,
  FLAG_WIPED,
  FRAME_ACCOUNT,
  FRAME_ADDRESS,
  FRAME_CALLER,
  FRAME_CODE_ACCOUNT,
  FRAME_GAS,
  FRAME_INPUT,
  FRAME_INPUT_SIZE,
  FRAME_OUTPUT_SIZE,
  FRAME_STATIC,
  FRAME_VALUE,
  rule,
  rule_clearsEmpty,
  rule_initCodeLimit,
  rule_initCodeWord,
  rule_keepsSixtyFourth,
  TRACE,
} from './layout'
import { buyTo, endOf, placeOf, sizeOf } from './memory'
import { CREATE, CREATE2 } from './operations'
import { accountAt, bringIntoBeing, hasCode, setNonce, touch, transaction, warm } from './tables'

const PREIMAGE: usize = memory.data(96, 16)
const HASH: usize = memory.data(32, 16)

/** Runs CREATE or CREATE2 from its arguments on the stack; `ip` is its instruction. */
export function create(op: u32, sp: usize, ip: usize, gas: i64): i32 {
  if (load<u32>(frame, FRAME_STATIC)) {
    setFault(FAULT_STATIC)
    return CALL_FAILED
  }
  const value = sp
  const size = sizeOf(sp - 64)
  const end = endOf(sp - 32, size)
  if (end < 0) return CALL_FAILED
  const limit = rule(rule_initCodeLimit)
  if (limit && size > limit) {
    setFault(FAULT_INIT_CODE_SIZE)
    explainFault(op, 0, u32(size))
    return CALL_FAILED
  }
  const bought = buyTo(u64(end), gas)
  if (bought < 0) return CALL_FAILED
  const words = (size + 31) >> 5
  const cost = bought + words * (rule(rule_initCodeWord) + (op == CREATE2 ? 6 : 0))
  const left = gas - cost
  if (left < 0) return CALL_FAILED
  const given = rule(rule_keepsSixtyFourth) ? left - (left >> 6) : left
  const creator = usize(load<u32>(frame, FRAME_ACCOUNT))
  setReturnSize(0)
  const code = placeOf(sp - 32, size)
  const address =
    op == CREATE2
      ? saltedAddress(creator, sp - 96, code, usize(size))
      : createdAddress(creator, load<u64>(creator, ACCOUNT_NONCE))
  suspend(ip, op == CREATE2 ? sp - 96 : sp - 64, left - given)
  const next = nextFrame(op, given, sp)
  copy(next + FRAME_VALUE, value)
  copy(next + FRAME_CALLER, frame + FRAME_ADDRESS)
  return enterCreate(next, accountAt(address), code, u32(size))
}

/** Makes the account, then runs its creation code in the frame at `next`. */
export function enterCreate(next: usize, account: usize, code: usize, size: u32): i32 {
  const creator = usize(load<u32>(frame, FRAME_ACCOUNT))
  store<u32>(next, u32(account), FRAME_ACCOUNT)
  store<u32>(next, 0, FRAME_CODE_ACCOUNT)
  store<u32>(next, u32(code), FRAME_INPUT)
  store<u32>(next, size, FRAME_INPUT_SIZE)
  store<u32>(next, 0, FRAME_OUTPUT_SIZE)
  store<u32>(next, 0, FRAME_STATIC)
  setAddress(next, account)
  if (load<u32>(TRACE) & 1) hostEnter(next)
  const value = next + FRAME_VALUE
  const nonce = load<u64>(creator, ACCOUNT_NONCE)
  if (depth() >= MOST_FRAMES || !holds(creator, value) || nonce == u64.MAX_VALUE) {
    setFault(depth() >= MOST_FRAMES ? FAULT_DEPTH : nonce == u64.MAX_VALUE ? FAULT_NONCE : FAULT_BALANCE)
    return done(next, FAILED, load<i64>(next, FRAME_GAS), 0)
  }
  // Nonce and warmth outlast a failure of the creation.
  if (frame != ROOT) setNonce(creator, nonce + 1)
  warm(account)
  markFrame(next)
  if (load<u64>(account, ACCOUNT_NONCE) != 0 || hasCode(account) || hasStorage(account)) {
    setFault(FAULT_COLLISION)
    return done(next, FAILED, 0, 0)
  }
  change32(account + ACCOUNT_CREATED, transaction)
  bringIntoBeing(account)
  touch(account)
  if (rule(rule_clearsEmpty)) setNonce(account, 1)
  if (!isZero(value)) {
    debit(creator, value)
    credit(account, value)
  }
  store<u32>(next, 0, FRAME_INPUT_SIZE)
  openFrame(next, creationCode(code, size))
  return CALL_OPENED
}

function hasStorage(account: usize): bool {
  return !(load<u32>(account, ACCOUNT_FLAGS) & FLAG_WIPED) && hostHasStorage(account) != 0
}

/** keccak256(rlp([creator, nonce])), as a word; of it the lower 160 bits are the address. */
export function createdAddress(creator: usize, nonce: u64): usize {
  addressBytes(creator, PREIMAGE + 2)
  store<u8>(PREIMAGE, 0xd6, 0)
  store<u8>(PREIMAGE, 0x94, 1)
  let end = PREIMAGE + 22
  if (nonce == 0) store<u8>(end++, 0x80)
  else if (nonce < 0x80) store<u8>(end++, u8(nonce))
  else {
    const bytes = 8 - (u32(clz<u64>(nonce)) >> 3)
    store<u8>(end++, u8(0x80 + bytes))
    for (let at = i32(bytes) - 1; at >= 0; at--) store<u8>(end++, u8(nonce >> u64(at << 3)))
  }
  store<u8>(PREIMAGE, u8(0xc0 + (end - PREIMAGE - 1)))
  keccak256(PREIMAGE, end - PREIMAGE, HASH)
  fromBytes(HASH, HASH)
  return HASH
}

/** keccak256(0xff, creator, salt, keccak256(code)), as a word (EIP-1014). */
function saltedAddress(creator: usize, salt: usize, code: usize, size: usize): usize {
  store<u8>(PREIMAGE, 0xff)
  addressBytes(creator, PREIMAGE + 1)
  toBytes(PREIMAGE + 21, salt)
  keccak256(code, size, PREIMAGE + 53)
  keccak256(PREIMAGE, 85, HASH)
  fromBytes(HASH, HASH)
  return HASH
}

/** The 20 bytes of an account's address; 12 bytes before `out` are used up. */
function addressBytes(account: usize, out: usize): void {
  copy(HASH, account)
  store<u32>(HASH, 0, 20)
  store<u64>(HASH, 0, 24)
  toBytes(HASH, HASH)
  memory.copy(out, HASH + 12, 20)
}
