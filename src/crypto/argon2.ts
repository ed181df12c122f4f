/** Computes argon2id, a hash that costs memory (RFC 9106). */

import { argon2Sync } from 'node:crypto'

/** What the hash costs, and of what it is. */
export interface Argon2idInput {
  readonly message: Uint8Array
  /** 8 bytes or more. */
  readonly salt: Uint8Array
  /** Times that memory is gone through. */
  readonly passes: number
  /** KiB, at least 8. */
  readonly memory: number
}

/** 32 bytes, in one lane. */
export function argon2id({ message, salt, passes, memory }: Argon2idInput): Uint8Array {
  const cost = { passes, memory, parallelism: 1, tagLength: 32 }
  return new Uint8Array(argon2Sync('argon2id', { message, nonce: salt, ...cost }))
}
