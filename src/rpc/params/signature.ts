/** Reads signatures over transactions as one value. */

import { toBigInt } from '../../base/bytes.ts'
import type { Signature } from '../../chain/ledger/transaction.ts'
import { type Parser, unexpected } from './parser.ts'
import { bytes } from './values.ts'

/** 65 bytes: r, s, and which of two keys it was, as 0 or 1, or 27 or 28. */
export const signature: Parser<Signature> = (value, path) => {
  const given = bytes(value, path)
  const last = given[64] ?? 255
  const yParity = last >= 27 ? last - 27 : last
  if (given.length !== 65 || yParity > 1) {
    throw unexpected(value, path, 'a signature of 65 bytes (r, s, and 0, 1, 27 or 28)')
  }
  return { yParity, r: toBigInt(given.subarray(0, 32)), s: toBigInt(given.subarray(32, 64)) }
}
