/** Writes who a transaction without a signature is from, as development chains take it, and reads it again. */

import { fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import type { Address, Transaction, UnsignedTransaction } from './transaction.ts'

/** A transaction that bears its sender where the signature would be: no signature has an r of 0. */
export function impersonated(transaction: UnsignedTransaction, sender: Address): Transaction {
  return { ...transaction, yParity: 0, r: 0n, s: toBigInt(sender) }
}

/** Who such a transaction is from; nobody for one that is signed. */
export function impersonatedSender({ r, s }: Transaction): Address | undefined {
  return r === 0n && s < 1n << 160n ? padStart(fromBigInt(s), 20) : undefined
}
