/** Writes addresses with the checksum of EIP-55. */

import type { Address } from '../../chain/ledger/transaction.ts'
import { keccak256 } from '../../crypto/keccak.ts'

/** An address in hex whose upper-case digits are its checksum. */
export function checksumAddress(address: Address): string {
  const digits = address.toHex()
  const mark = keccak256(new TextEncoder().encode(digits)).toHex()
  const written = Array.from(digits, (digit, at) =>
    Number.parseInt(mark[at] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit,
  )
  return `0x${written.join('')}`
}
