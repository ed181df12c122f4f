/** Runs the opcodes that read and write storage: what each costs, or -1 when it fails. */

import { clear, copy, equal, isZero } from '../words/u256'
import { frame, refund, setFault, setRefund } from './frame'
import { noteWord } from './journal'
import {
  FAULT_SENTRY,
  FAULT_STATIC,
  FRAME_ACCOUNT,
  FRAME_STATIC,
  rule,
  rule_coldSlotExtra,
  rule_netMetering,
  rule_sstoreClearRefund,
  rule_sstoreColdExtra,
  rule_sstoreNoop,
  rule_sstoreReset,
  rule_sstoreSentry,
  rule_sstoreSet,
  SLOT_ORIGINAL,
  SLOT_VALUE,
  SLOT_WARM,
} from './layout'
import { keepOriginal, setSlot, slotAt, transaction, transientAt, warmSlot } from './tables'

// @ts-ignore: decorator
@inline
function own(): usize {
  return usize(load<u32>(frame, FRAME_ACCOUNT))
}

/** SLOAD: key → value. The price of a warm one is in its block's. */
export function loadSlot(sp: usize, gas: i64): i64 {
  const slot = slotAt(own(), sp)
  let cost: i64 = 0
  if (load<u32>(slot, SLOT_WARM) != transaction) {
    cost = rule(rule_coldSlotExtra)
    if (cost > gas) return -1
    warmSlot(slot)
  }
  copy(sp, slot + SLOT_VALUE)
  return cost
}

/** SSTORE: key, value. */
export function storeSlot(sp: usize, gas: i64): i64 {
  if (load<u32>(frame, FRAME_STATIC)) {
    setFault(FAULT_STATIC)
    return -1
  }
  if (gas <= rule(rule_sstoreSentry) && rule(rule_sstoreSentry)) {
    setFault(FAULT_SENTRY)
    return -1
  }
  const account = own()
  const slot = slotAt(account, sp)
  const value = sp - 32
  let cost: i64 = 0
  if (load<u32>(slot, SLOT_WARM) != transaction) {
    cost = rule(rule_sstoreColdExtra)
    if (cost) warmSlot(slot)
  }
  keepOriginal(slot)
  cost += rule(rule_netMetering) ? netCost(slot, value, cost, gas) : plainCost(slot, value, cost, gas)
  if (cost > gas) return -1
  if (!equal(slot + SLOT_VALUE, value)) setSlot(account, slot, value)
  return cost
}

/** Before EIP-1283 only the present value counts. */
function plainCost(slot: usize, value: usize, before: i64, gas: i64): i64 {
  const current = slot + SLOT_VALUE
  const sets = isZero(current) && !isZero(value)
  const cost = rule(sets ? rule_sstoreSet : rule_sstoreReset)
  if (before + cost > gas) return cost
  if (!isZero(current) && isZero(value)) setRefund(refund + rule(rule_sstoreClearRefund))
  return cost
}

/** EIP-2200, with the prices of EIP-2929 and EIP-3529 where the rules have them. */
function netCost(slot: usize, value: usize, before: i64, gas: i64): i64 {
  const current = slot + SLOT_VALUE
  const original = slot + SLOT_ORIGINAL
  const noop = rule(rule_sstoreNoop)
  if (equal(current, value)) return noop
  const clears = rule(rule_sstoreClearRefund)
  if (equal(original, current)) {
    const cost = rule(isZero(original) ? rule_sstoreSet : rule_sstoreReset)
    if (before + cost > gas) return cost
    if (!isZero(original) && isZero(value)) setRefund(refund + clears)
    return cost
  }
  if (before + noop > gas) return noop
  let back: i64 = 0
  if (!isZero(original)) {
    if (isZero(current)) back -= clears
    else if (isZero(value)) back += clears
  }
  if (equal(original, value)) {
    back += rule(isZero(original) ? rule_sstoreSet : rule_sstoreReset) - noop
  }
  setRefund(refund + back)
  return noop
}

/** TLOAD: key → value. */
export function loadTransient(sp: usize): void {
  const value = transientAt(own(), sp, false)
  if (value) copy(sp, value)
  else clear(sp)
}

/** TSTORE: key, value. */
export function storeTransient(sp: usize): i64 {
  if (load<u32>(frame, FRAME_STATIC)) {
    setFault(FAULT_STATIC)
    return -1
  }
  const place = transientAt(own(), sp, true)
  noteWord(place)
  copy(place, sp - 32)
  return 0
}
