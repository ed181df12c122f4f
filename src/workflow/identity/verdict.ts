/** Says what a check of an identity gives, and what it refuses to look at. */

import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { badInput } from '../evm/abi-json.ts'

/** Who it was, or why it was not. */
export type Verdict =
  | {
      readonly valid: true
      /** What signed: the key of an address, a contract, a public key, the issuer of a credential. */
      readonly kind: 'account' | 'contract' | 'public-key' | 'credential'
      readonly signer?: string
      readonly issuer?: string
      readonly claims?: Json
    }
  | { readonly valid: false; readonly reason: string }

/** A verdict that says no. */
export function invalid(reason: string): Verdict {
  return { valid: false, reason }
}

/** Whether a value is an object with members. */
export function isMembers(value: unknown): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Bytes as 0x text, at most so many. @throws AppError `workflow/bad-input` */
export function hexOf(value: Json | undefined, name: string, maxBytes: number): Hex {
  if (typeof value !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(value)) {
    throw badInput(`"${name}" must be bytes as 0x text`)
  }
  if (value.length / 2 - 1 > maxBytes) throw badInput(`"${name}" is longer than ${maxBytes} bytes`)
  return value as Hex
}
