/** Offers the kernel to its host: what may be called, and where things lie. */

import { keccak256 } from '../keccak/sponge'
import { add, subtract } from '../words/u256'
import { delegateOf } from './accounts'
import { hostNewCode } from './host'
import { forget, journalEnd, revertTo } from './journal'
import { ACCOUNT_BALANCE, ARENA } from './layout'
import {
  clearCodeHash,
  forgetState,
  hasCode,
  noteBalance,
  setCodeHash,
  sweep,
  touch,
} from './tables'

export { fullRegion } from './capacity'
export { dropCodes } from './code'
export { fault, frame, memoryBase, memorySize, refund, returnSize } from './frame'
export { run } from './interpreter'
export { journalEnd } from './journal'
export * from './layout'
export { logCount, logsMade } from './logs'
export { beginCall, beginCreate, beginTransaction } from './messages'
export {
  accountAt,
  accountsEnd,
  beginBlock,
  dirtyAccounts,
  dirtySlots,
  NO_PRECOMPILE,
  setNonce,
  setPrecompile,
  setSlot,
  slotAt,
  slotsEnd,
  transaction,
  warm,
  warmSlot,
  wipeStorage,
  written,
} from './tables'

/** Forgets the state, but not the code, which is found by its hash. */
export function reset(): void {
  if (usize(memory.size()) << 16 < ARENA) unreachable()
  forgetState()
}

/** Adds to a balance; nothing added touches. */
export function credit(account: usize, value: usize): void {
  noteBalance(account)
  add(account + ACCOUNT_BALANCE, account + ACCOUNT_BALANCE, value)
}

/** Takes from a balance what is there. */
export function debit(account: usize, value: usize): void {
  noteBalance(account)
  subtract(account + ACCOUNT_BALANCE, account + ACCOUNT_BALANCE, value)
}

const DELEGATION: usize = memory.data(32, 16)
const HASH: usize = memory.data(32, 16)

/** Whether an account may get a delegation: it has no code, or has one already (EIP-7702). */
export function mayDelegate(account: usize): bool {
  return !hasCode(account) || delegateOf(account) != 0
}

/** Points an account to the code at the address of 20 bytes at `address`, or, at 0, to none. */
export function delegate(account: usize, address: usize): void {
  touch(account)
  if (address == 0) {
    clearCodeHash(account)
    return
  }
  store<u32>(DELEGATION, 0x0001ef)
  memory.copy(DELEGATION + 3, address, 20)
  keccak256(DELEGATION, 23, HASH)
  hostNewCode(HASH, DELEGATION, 23)
  setCodeHash(account, HASH)
}

/** Ends a transaction whose changes stay. */
export function commit(): void {
  sweep()
  forget()
}

/** Where the journal stands, to go back to. */
export function mark(): usize {
  return journalEnd
}

export function revert(to: usize): void {
  revertTo(to)
}
