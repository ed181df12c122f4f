/** Moves balances, destroys accounts, and runs the opcodes that look at accounts. */

import { add, clear, copy, fromBytes, isZero, less, setSmall, subtract } from '../words/u256'
import { codeOf, codeSize } from './code'
import { copyCodeOf } from './copies'
import { frame, refund, setFault, setRefund } from './frame'
import { hostEnter, hostLeave } from './host'
import { change32 } from './journal'
import {
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_CREATED,
  ACCOUNT_DESTROYED,
  CODE_DELEGATE,
  FAULT_STATIC,
  FRAME_ACCOUNT,
  FRAME_ADDRESS,
  FRAME_BYTES,
  FRAME_CALLER,
  FRAME_KIND,
  FRAME_STATIC,
  FRAME_VALUE,
  OK,
  rule,
  rule_clearsEmpty,
  rule_coldAccountExtra,
  rule_destroysOnlyNew,
  rule_selfDestructCold,
  rule_selfDestructNewAccount,
  rule_selfDestructRefund,
  TRACE,
} from './layout'
import {
  accountAt,
  exists,
  hasCode,
  isEmpty,
  isWarm,
  noteBalance,
  touch,
  transaction,
  warm,
} from './tables'

/** Whether an account has at least so much. */
export function holds(account: usize, value: usize): bool {
  return !less(account + ACCOUNT_BALANCE, value)
}

/** Adds a value to a balance; nothing added still touches. */
export function credit(account: usize, value: usize): void {
  noteBalance(account)
  add(account + ACCOUNT_BALANCE, account + ACCOUNT_BALANCE, value)
}

/** Takes a value that is there. */
export function debit(account: usize, value: usize): void {
  noteBalance(account)
  subtract(account + ACCOUNT_BALANCE, account + ACCOUNT_BALANCE, value)
}

/** What the first look at an account in a transaction costs more; it is warm afterwards. */
export function coldExtra(account: usize): i64 {
  if (rule(rule_coldAccountExtra) == 0 || isWarm(account)) return 0
  warm(account)
  return rule(rule_coldAccountExtra)
}

/** Whether value sent there makes a new account that must be paid for (EIP-150, 161). */
export function isDead(account: usize): bool {
  return rule(rule_clearsEmpty) ? !exists(account) || isEmpty(account) : !exists(account)
}

/** The account whose code runs for it, which EIP-7702 lets be another one; 0 when it is its own. */
export function delegateOf(account: usize): usize {
  if (!hasCode(account)) return 0
  const at = usize(load<u32>(codeOf(account), CODE_DELEGATE))
  if (at == 0) return 0
  return accountAt(addressIn(at))
}

const ADDRESS_BYTES: usize = memory.data(32, 16)
const ADDRESS_WORD: usize = memory.data(32, 16)

/** The word of the 20 bytes of an address. */
export function addressIn(bytes: usize): usize {
  memory.copy(ADDRESS_BYTES + 12, bytes, 20)
  fromBytes(ADDRESS_WORD, ADDRESS_BYTES)
  return ADDRESS_WORD
}

/** BALANCE: address → balance. */
export function balance(sp: usize, gas: i64): i64 {
  const account = accountAt(sp)
  const cost = coldExtra(account)
  if (cost > gas) return -1
  copy(sp, account + ACCOUNT_BALANCE)
  return cost
}

/** EXTCODESIZE: address → size. */
export function sizeOfCode(sp: usize, gas: i64): i64 {
  const account = accountAt(sp)
  const cost = coldExtra(account)
  if (cost > gas) return -1
  setSmall(sp, hasCode(account) ? u64(codeSize(account)) : 0)
  return cost
}

/** EXTCODEHASH: address → hash, 0 for what is not there (EIP-1052). */
export function hashOfCode(sp: usize, gas: i64): i64 {
  const account = accountAt(sp)
  const cost = coldExtra(account)
  if (cost > gas) return -1
  if (!exists(account) || isEmpty(account)) clear(sp)
  else fromBytes(sp, account + ACCOUNT_CODE_HASH)
  return cost
}

/** EXTCODECOPY: address, to, from, size. */
export function copyOtherCode(sp: usize, gas: i64): i64 {
  const account = accountAt(sp)
  const cost = coldExtra(account)
  if (cost > gas) return -1
  const copied = copyCodeOf(account, sp - 32, gas - cost)
  return copied < 0 ? -1 : cost + copied
}

/** SELFDESTRUCT: beneficiary (EIP-150, 161, 2929, 3529, 6780). */
export function selfDestruct(sp: usize, gas: i64): i64 {
  if (load<u32>(frame, FRAME_STATIC)) {
    setFault(FAULT_STATIC)
    return -1
  }
  const account = usize(load<u32>(frame, FRAME_ACCOUNT))
  const heir = accountAt(sp)
  const value = account + ACCOUNT_BALANCE
  let cost: i64 = 0
  if (rule(rule_selfDestructCold) && !isWarm(heir)) {
    cost = rule(rule_selfDestructCold)
    if (cost > gas) return -1
    warm(heir)
  }
  const pays = rule(rule_clearsEmpty) ? !isZero(value) : true
  if (pays && isDead(heir)) cost += rule(rule_selfDestructNewAccount)
  if (cost > gas) return -1
  if (load<u32>(account, ACCOUNT_DESTROYED) != transaction) {
    setRefund(refund + rule(rule_selfDestructRefund))
  }
  if (load<u32>(TRACE) & 1) tellInheritance(account, heir)
  const goes = !rule(rule_destroysOnlyNew) || load<u32>(account, ACCOUNT_CREATED) == transaction
  // To itself: what goes burns, what stays keeps its balance.
  if (heir != account) {
    credit(heir, value)
    noteBalance(account)
    clear(value)
  } else if (goes) {
    noteBalance(account)
    clear(value)
  }
  if (goes) {
    change32(account + ACCOUNT_DESTROYED, transaction)
    touch(account)
  }
  return cost
}

/** Tells the host of a SELFDESTRUCT as of a call that is over at once. */
function tellInheritance(account: usize, heir: usize): void {
  const record = frame + FRAME_BYTES
  memory.fill(record, 0, FRAME_BYTES)
  store<u32>(record, 0xff, FRAME_KIND)
  copy(record + FRAME_VALUE, account + ACCOUNT_BALANCE)
  copy(record + FRAME_CALLER, frame + FRAME_ADDRESS)
  copy(record + FRAME_ADDRESS, heir)
  store<u32>(record, 0, FRAME_ADDRESS + 20)
  store<u64>(record, 0, FRAME_ADDRESS + 24)
  hostEnter(record)
  hostLeave(OK, 0, 0, 0)
}
