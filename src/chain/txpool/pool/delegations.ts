/** Limits what accounts with delegated code may have waiting, since others can spend for them (EIP-7702). */

import type { Address } from '../../ledger/transaction.ts'
import { refusal } from './refusal.ts'
import type { SenderQueue, Waiting } from './sender-queue.ts'

/** Counts the delegations that wait, by who signed them. */
export class Delegations {
  readonly #counts = new Map<string, number>()

  keep({ authorities }: Waiting): void {
    for (const one of authorities) this.#count(one, 1)
  }

  remove({ authorities }: Waiting): void {
    for (const one of authorities) this.#count(one, -1)
  }

  /**
   * Allows one transaction in flight to an account that has delegated or is about to, and a delegation only by
   * accounts with at most one waiting, as geth does.
   *
   * @throws AppError `txpool/delegated`
   */
  check(
    entry: Waiting,
    queue: SenderQueue,
    queueOf: (authority: Address) => SenderQueue | undefined,
  ): void {
    if (queue.hasCode || this.#counts.has(queue.name)) checkInFlight(entry, queue)
    for (const authority of entry.authorities) {
      if ((queueOf(authority)?.size ?? 0) > 1) {
        throw refusal('delegated', 'authority already reserved', 'later')
      }
    }
  }

  #count(authority: Address, change: number): void {
    const name = authority.toHex()
    const count = (this.#counts.get(name) ?? 0) + change
    if (count > 0) this.#counts.set(name, count)
    else this.#counts.delete(name)
  }
}

function checkInFlight({ transaction }: Waiting, queue: SenderQueue): void {
  if (queue.readyCount === 0) {
    if (transaction.nonce === queue.nonce) return
    throw refusal('delegated', 'gapped-nonce tx from delegated accounts')
  }
  if (transaction.nonce - queue.nonce < BigInt(queue.readyCount)) return
  const message = 'in-flight transaction limit reached for delegated accounts'
  throw refusal('delegated', message, 'later')
}
