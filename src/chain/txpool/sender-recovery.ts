/** Finds who signed transactions, away from the main thread where that is quicker. */

import { Recent } from '../../base/recent.ts'
import type { Hardfork } from '../ledger/fork-rules.ts'
import type { Address, Transaction } from '../ledger/transaction.ts'
import {
  type SignedMessage,
  signedDelegation,
  signedTransaction,
  transactionHash,
} from '../ledger/transaction-codec.ts'
import type { RecoveryCrew } from './recovery/crew.ts'
import type { IncomingTransaction, Signers } from './txpool.ts'

/** Finds signers. Answers come in the order in which was asked. */
export interface SenderRecovery {
  /** Who signed a transaction and its delegations. */
  signersOf(incoming: Pick<IncomingTransaction, 'transaction' | 'id'>): Promise<Signers>
  /** Who signed the transactions of a block; `undefined` where nobody can have. */
  sendersOf(
    transactions: readonly Transaction[],
    hardfork: Hardfork,
  ): Promise<readonly (Address | undefined)[]>
}

/** Senders remembered by transaction hash. */
const maxRemembered = 32_768

/** Recovers with threads that others may use, too; who signed what is remembered here. */
export function createSenderRecovery(crew: Pick<RecoveryCrew, 'recover'>): SenderRecovery {
  const known = new Recent<string, Address>(maxRemembered)
  const recover = (message: SignedMessage | undefined) => message && crew.recover(message)
  const senderOf = async (transaction: Transaction, id: string, hardfork?: Hardfork) => {
    const remembered = known.get(id)
    if (remembered) return remembered
    const sender = await recover(signedTransaction(transaction, hardfork))
    if (sender === undefined) return undefined
    known.set(id, sender)
    return sender
  }
  return {
    async signersOf({ transaction, id }) {
      if (transaction.type !== 4)
        return { sender: await senderOf(transaction, id), authorities: [] }
      const { authorizations } = transaction
      const authorities = authorizations.map((one) => recover(signedDelegation(one)))
      const sender = await senderOf(transaction, id)
      return { sender, authorities: await Promise.all(authorities) }
    },
    sendersOf: (transactions, hardfork) =>
      Promise.all(transactions.map((one) => senderOf(one, transactionHash(one).toHex(), hardfork))),
  }
}
