/** Encodes the leaves of a state for snapshots: one form each, whoever writes it. */

import { AppError } from '../../../base/app-error.ts'

/** What a leaf holds: an account's key, place of its slots 8 bytes, nonce 8, balance 32, code hash; a slot's key and value. */
export const [accountBytes, slotBytes] = [112, 64]
/** Places of the fields in an account. */
const [nonceAt, balanceAt, codeAt] = [40, 48, 80]

/**
 * First byte of an account: length of the nonce, then these flags; `end` alone ends the accounts. Second byte: length of the
 * balance. Then key, nonce, balance, code hash if it has code; numbers are little-endian without zeros at the end.
 */
export const flags = { nonce: 0x0f, code: 0x10, slots: 0x20, end: 0xff } as const
/** Bytes of the longest account, and of the longest slot: length of its value, key, value. */
export const [mostAccountBytes, mostSlotBytes] = [2 + 32 + 8 + 32 + 32, 1 + 32 + 32]

/** Writes an account to `to` at a place, and gives the place behind it. */
export function writeAccount(
  account: Uint8Array,
  to: Uint8Array,
  { at, hasCode, hasSlots }: { at: number; hasCode: boolean; hasSlots: boolean },
): number {
  const nonce = lengthOf(account, nonceAt, 8)
  const balance = lengthOf(account, balanceAt, 32)
  to[at] = nonce | (hasCode ? flags.code : 0) | (hasSlots ? flags.slots : 0)
  to[at + 1] = balance
  let end = copy(account.subarray(0, 32), to, at + 2)
  end = copy(account.subarray(nonceAt, nonceAt + nonce), to, end)
  end = copy(account.subarray(balanceAt, balanceAt + balance), to, end)
  return hasCode ? copy(codeHashOf(account), to, end) : end
}

/** Bytes of the account that begins here; needs its first two. */
export function accountLength(from: Uint8Array, at: number): number {
  const head = from[at] as number
  const [nonce, balance] = [head & flags.nonce, from[at + 1] as number]
  if (head > (flags.nonce | flags.code | flags.slots) || nonce > 8 || balance > 32) {
    throw badSnapshot('an account has another form')
  }
  return 2 + 32 + nonce + balance + (head & flags.code ? 32 : 0)
}

/** Reads an account into the form of leaves; `emptyCode` is the hash of one without code. */
export function readAccount(
  from: Uint8Array,
  at: number,
  { account, emptyCode }: { readonly account: Uint8Array; readonly emptyCode: Uint8Array },
): void {
  const head = from[at] as number
  const [nonce, balance] = [head & flags.nonce, from[at + 1] as number]
  account.fill(0, 32)
  let place = at + 2
  account.set(from.subarray(place, place + 32))
  place += 32
  account.set(from.subarray(place, place + nonce), nonceAt)
  place += nonce
  account.set(from.subarray(place, place + balance), balanceAt)
  place += balance
  const isShort = lengthOf(account, nonceAt, 8) === nonce
  if (!isShort || lengthOf(account, balanceAt, 32) !== balance) {
    throw badSnapshot('a number has more than one form')
  }
  if (head & flags.code) account.set(from.subarray(place, place + 32), codeAt)
  else account.set(emptyCode, codeAt)
}

/** The hash of an account's code. */
export function codeHashOf(account: Uint8Array): Uint8Array {
  return account.subarray(codeAt, codeAt + 32)
}

/** Writes a slot. */
export function writeSlot(slot: Uint8Array, to: Uint8Array, at: number): number {
  const value = lengthOf(slot, 32, 32)
  to[at] = value
  return copy(slot.subarray(0, 32 + value), to, at + 1)
}

/** Bytes of the slot that begins here; 0 if slots end here. */
export function slotLength(from: Uint8Array, at: number): number {
  const value = from[at] as number
  if (value > 32) throw badSnapshot('a slot has another form')
  return value === 0 ? 0 : 1 + 32 + value
}

/** Reads a slot into the form of leaves. */
export function readSlot(from: Uint8Array, at: number, slot: Uint8Array): void {
  const value = from[at] as number
  slot.fill(0, 32)
  slot.set(from.subarray(at + 1, at + 33 + value))
  if (lengthOf(slot, 32, 32) !== value) throw badSnapshot('a number has more than one form')
}

/** A snapshot that is not as it should be: whoever gave it lied. */
export function badSnapshot(detail: string): AppError {
  const message = `the snapshot of the state does not hold: ${detail}`
  return new AppError({ code: 'state/bad-snapshot', message })
}

/** Bytes of a number without the zeros at its end. */
function lengthOf(bytes: Uint8Array, at: number, most: number): number {
  let length = most
  while (length > 0 && bytes[at + length - 1] === 0) length -= 1
  return length
}

/** Copies some bytes to a place and gives the place behind them. */
function copy(some: Uint8Array, to: Uint8Array, place: number): number {
  to.set(some, place)
  return place + some.length
}
