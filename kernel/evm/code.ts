/** Keeps code by its hash, and creation code for the time that it runs, and knows where jumps may go. */

import { copy, equal } from '../words/u256'
import { FULL_CODES, full } from './capacity'
import { frame } from './frame'
import { hostCode, hostCodeSize } from './host'
import {
  ACCOUNT_BYTES,
  ACCOUNT_CODE,
  ACCOUNT_CODE_HASH,
  ACCOUNTS,
  CODE_DELEGATE,
  CODE_ENTRY_GENERATION,
  CODE_HASH,
  CODE_HEADER_BYTES,
  CODE_INDEX,
  CODE_JUMPS,
  CODE_LENGTH,
  CODE_PLACES,
  CODE_RAW,
  CODE_SERIAL,
  CODES,
  CODES_END,
  FRAME_CODE,
  FRAME_CODE_ACCOUNT,
  FRAME_CODE_GENERATION,
  rule,
  rule_delegations,
  SEED,
} from './layout'
import { accountsEnd } from './tables'
import { isMarked, markTargets, marksOf } from './targets'

/** Zeros behind the code, which a push at its end reads. */
// @ts-ignore: decorator
@inline
const PADDING: usize = 48
/** More codes than half of the index would make it slow. */
const MOST_CODES: u32 = CODE_PLACES >> 1

/** Codes grow up from the bottom; creation codes grow down from the top. */
let codesEnd: usize = CODES
export let creationsTop: usize = CODES_END
/** Counts how often all codes were dropped. */
export let codeGeneration: u32 = 1
let codeCount: u32 = 0
/** Number of the code that was kept last. */
let serial: u32 = 0

// @ts-ignore: decorator
@inline
function roomFor(length: u32): usize {
  return (CODE_HEADER_BYTES + usize(length) + PADDING + marksOf(length) + 127) & ~usize(63)
}

/** Forgets all codes but creation codes that run. */
export function dropCodes(): void {
  codeGeneration++
  codesEnd = CODES
  codeCount = 0
  for (let account = ACCOUNTS; account < accountsEnd; account += ACCOUNT_BYTES) {
    store<u32>(account, 0, ACCOUNT_CODE)
  }
}

/** Before a transaction: makes room while nothing runs. */
export function tidyCodes(): void {
  creationsTop = CODES_END
  if (codesEnd - CODES > ((CODES_END - CODES) >> 2) * 3) dropCodes()
}

/** The code of an account. */
export function codeOf(account: usize): usize {
  const known = usize(load<u32>(account, ACCOUNT_CODE))
  if (known && equal(known + CODE_HASH, account + ACCOUNT_CODE_HASH)) return known
  const code = codeWithHash(account + ACCOUNT_CODE_HASH)
  store<u32>(account, u32(code), ACCOUNT_CODE)
  return code
}

/** The code of the frame that runs, which may have been dropped since it began. */
export function ownCode(): usize {
  const account = usize(load<u32>(frame, FRAME_CODE_ACCOUNT))
  // Creation code lies where nothing is dropped.
  if (account && load<u32>(frame, FRAME_CODE_GENERATION) != codeGeneration) {
    store<u32>(frame, u32(codeOf(account)), FRAME_CODE)
    store<u32>(frame, codeGeneration, FRAME_CODE_GENERATION)
  }
  return usize(load<u32>(frame, FRAME_CODE))
}

function codeWithHash(hash: usize): usize {
  let place = u32(((load<u64>(hash) ^ load<u64>(SEED)) * 0x9e3779b97f4a7c15) >> 40) & (CODE_PLACES - 1)
  while (true) {
    const at = CODE_INDEX + (usize(place) << 3)
    if (load<u32>(at) != codeGeneration) break
    const code = usize(load<u32>(at, 4))
    if (equal(code + CODE_HASH, hash)) return code
    place = (place + 1) & (CODE_PLACES - 1)
  }
  const length = hostCodeSize(hash)
  const room = roomFor(length)
  if (codesEnd + room > creationsTop || codeCount == MOST_CODES) {
    if (codesEnd == CODES) full(FULL_CODES)
    dropCodes()
    return codeWithHash(hash)
  }
  const code = codesEnd
  codesEnd = code + room
  codeCount++
  if (length) hostCode(hash, code + CODE_HEADER_BYTES)
  describe(code, length)
  if (rule(rule_delegations) && isDelegation(code)) {
    store<u32>(code, load<u32>(code, CODE_RAW) + 3, CODE_DELEGATE)
  }
  copy(code + CODE_HASH, hash)
  const at = CODE_INDEX + (usize(place) << 3)
  store<u32>(at, codeGeneration)
  store<u32>(at, u32(code), 4)
  return code
}

/** Keeps code of a creation that is about to run; `leaveCreation` with the old top gives its room back. */
export function creationCode(bytes: usize, length: u32): usize {
  const room = roomFor(length)
  if (codesEnd + room > creationsTop) {
    dropCodes()
    if (codesEnd + room > creationsTop) full(FULL_CODES)
  }
  const code = creationsTop - room
  creationsTop = code
  memory.copy(code + CODE_HEADER_BYTES, bytes, length)
  describe(code, length)
  return code
}

export function leaveCreation(top: usize): void {
  creationsTop = top
}

/** Fills the header of code whose bytes stand behind it, and marks where jumps may go. */
function describe(code: usize, length: u32): void {
  const raw = code + CODE_HEADER_BYTES
  const marks = (raw + usize(length) + PADDING + 7) & ~usize(7)
  memory.fill(raw + usize(length), 0, PADDING)
  markTargets(raw, length, marks)
  store<u32>(code, length, CODE_LENGTH)
  store<u32>(code, u32(raw), CODE_RAW)
  store<u32>(code, u32(marks), CODE_JUMPS)
  store<u32>(code, ++serial, CODE_SERIAL)
  store<u32>(code, 0, CODE_ENTRY_GENERATION)
  store<u32>(code, 0, CODE_DELEGATE)
}

/** EIP-7702: 0xef0100 and an address. */
function isDelegation(code: usize): bool {
  const start = load<u32>(code + CODE_HEADER_BYTES) & 0xffffff
  return load<u32>(code, CODE_LENGTH) == 23 && start == 0x0001ef
}

/** Whether a jump may go to a place in code. */
export function isTarget(code: usize, pc: u32): bool {
  if (pc >= load<u32>(code, CODE_LENGTH)) return false
  return isMarked(usize(load<u32>(code, CODE_JUMPS)), pc)
}

/** Bytes of an account's code. */
export function codeSize(account: usize): u32 {
  return load<u32>(codeOf(account), CODE_LENGTH)
}
