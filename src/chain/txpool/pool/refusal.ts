/** Makes the errors of the pool. */

import { AppError, type Retry } from '../../../base/app-error.ts'
import { toHex } from '../../../base/bytes.ts'
import type { PooledTransaction } from '../txpool.ts'

/** A refused transaction. */
export function refusal(what: string, message: string, retry: Retry = 'never'): AppError {
  return new AppError({ code: `txpool/${what}`, message, retry })
}

/** A pool without room for a transaction that pays no more than the worst paying one that waits. */
export function full(worst: PooledTransaction | undefined): AppError {
  const least = worst ? `; ${nameOf(worst)} pays least of those that wait` : ''
  return refusal('full', `txpool is full${least}; send it later, or with a higher fee`, 'later')
}

/** Names a transaction for people. */
export function nameOf({ hash, sender, transaction }: PooledTransaction): string {
  return `transaction ${toHex(hash)} (nonce ${transaction.nonce} of ${toHex(sender)})`
}
