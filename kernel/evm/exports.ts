/** Offers the kernel to its host: what may be called, and where things lie. */

import { dropBlocks } from './blocks'
import { dropCodes as dropBytes } from './code'
import { keccak256 } from '../keccak/sponge'
import { delegateOf } from './accounts'
import { hostNewCode } from './host'
import { forget } from './journal'
import { ARENA } from './layout'
import {
  clearCodeHash,
  forgetState,
  hasCode,
  setCodeHash,
  sweep,
  touch,
} from './tables'

export { credit, debit } from './accounts'
export { fullRegion } from './capacity'
export { fault, faultNeed, faultOp, faultWords, frame, refund, returnSize } from './frame'
export { run } from './interpreter'
export { revertTo } from './journal'
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

/** Forgets all code: other rules give it other blocks. */
export function dropCodes(): void {
  dropBytes()
  dropBlocks()
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
