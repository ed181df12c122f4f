/** Keeps decoded code by its hash, and decodes creation code for the time that it runs. */

import { copy, equal } from '../words/u256'
import { FULL_CODES, full } from './capacity'
import { decode } from './decode'
import { hostCodeSize } from './host'
import {
  ACCOUNT_BYTES,
  ACCOUNT_CODE,
  ACCOUNT_CODE_HASH,
  ACCOUNTS,
  CODE_HASH,
  CODE_INDEX,
  CODE_LENGTH,
  CODE_PLACES,
  CODES,
  CODES_END,
} from './layout'
import { accountsEnd } from './tables'

/** Room that decoding of code takes at most. */
// @ts-ignore: decorator
@inline
function roomFor(length: u32): usize {
  return 1024 + usize(length) * 56
}

/** Codes grow up from the bottom; creation codes grow down from the top. */
let codesEnd: usize = CODES
export let creationsTop: usize = CODES_END
/** Counts how often all codes were dropped. */
export let codeGeneration: u32 = 1

/** Forgets all codes but creation codes that run. */
export function dropCodes(): void {
  codeGeneration++
  codesEnd = CODES
  for (let account = ACCOUNTS; account < accountsEnd; account += ACCOUNT_BYTES) {
    store<u32>(account, 0, ACCOUNT_CODE)
  }
}

/** Before a transaction: makes room while nothing runs. */
export function tidyCodes(): void {
  creationsTop = CODES_END
  if (codesEnd - CODES > ((CODES_END - CODES) >> 2) * 3) dropCodes()
}

/** The decoded code of an account. */
export function codeOf(account: usize): usize {
  const known = usize(load<u32>(account, ACCOUNT_CODE))
  if (known && equal(known + CODE_HASH, account + ACCOUNT_CODE_HASH)) return known
  const code = codeWithHash(account + ACCOUNT_CODE_HASH)
  store<u32>(account, u32(code), ACCOUNT_CODE)
  return code
}

function codeWithHash(hash: usize): usize {
  let place = u32(load<u64>(hash)) & (CODE_PLACES - 1)
  while (true) {
    const at = CODE_INDEX + (usize(place) << 3)
    if (load<u32>(at) != codeGeneration) break
    const code = usize(load<u32>(at, 4))
    if (equal(code + CODE_HASH, hash)) return code
    place = (place + 1) & (CODE_PLACES - 1)
  }
  const length = hostCodeSize(hash)
  if (codesEnd + roomFor(length) > creationsTop) {
    if (codesEnd == CODES) full(FULL_CODES)
    dropCodes()
    return codeWithHash(hash)
  }
  const code = codesEnd
  codesEnd = decode(code, length, hash)
  copy(code + CODE_HASH, hash)
  const at = CODE_INDEX + (usize(place) << 3)
  store<u32>(at, codeGeneration)
  store<u32>(at, u32(code), 4)
  return code
}

/** Decodes code of a creation that is about to run; `leaveCreation` with the old top gives its room back. */
export function creationCode(bytes: usize, length: u32): usize {
  const room = roomFor(length)
  if (codesEnd + room > creationsTop) {
    dropCodes()
    if (codesEnd + room > creationsTop) full(FULL_CODES)
  }
  const code = (creationsTop - room) & ~usize(15)
  decode(code, length, 0, bytes)
  creationsTop = code
  return code
}

export function leaveCreation(top: usize): void {
  creationsTop = top
}

/** Bytes of an account's code. */
export function codeSize(account: usize): u32 {
  return load<u32>(codeOf(account), CODE_LENGTH)
}
