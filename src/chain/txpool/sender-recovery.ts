/** Finds who signed transactions, away from the main thread where that is quicker. */

import { availableParallelism } from 'node:os'
import type { Logger } from '../../base/logger.ts'
import { Recent } from '../../base/recent.ts'
import { signatureBackend } from '../../crypto/secp256k1.ts'
import type { Hardfork } from '../ledger/fork-rules.ts'
import type { Address, Transaction } from '../ledger/transaction.ts'
import {
  type SignedMessage,
  signedDelegation,
  signedTransaction,
  transactionHash,
} from '../ledger/transaction-codec.ts'
import { RecoveryCrew } from './recovery/crew.ts'
import type { IncomingTransaction, Signers } from './txpool.ts'

/** How many threads help, and who hears of one that fails. */
export interface SenderRecoveryOptions {
  /** By default one less than there are processors, and at most 8; 0 recovers in the main thread. */
  readonly threads?: number
  readonly logger: Logger
}

/** Finds signers. Answers come in the order in which was asked. */
export interface SenderRecovery {
  /** Who signed a transaction and its delegations. */
  signersOf(incoming: Pick<IncomingTransaction, 'transaction' | 'id'>): Promise<Signers>
  /** Who signed the transactions of a block; `undefined` where nobody can have. */
  sendersOf(
    transactions: readonly Transaction[],
    hardfork: Hardfork,
  ): Promise<readonly (Address | undefined)[]>
  stop(): Promise<void>
}

/** Senders remembered by transaction hash. */
const maxRemembered = 32_768

/** Threads start when there is enough to do for them. */
export function createSenderRecovery({ threads, logger }: SenderRecoveryOptions): SenderRecovery {
  const size = threads ?? Math.min(availableParallelism() - 1, 8)
  const crew = new RecoveryCrew(size, (error) =>
    logger.warn('a thread for signatures ended; the work goes on without it', { error }),
  )
  if (signatureBackend === 'portable') {
    logger.warn(
      'the native secp256k1 library does not load here: signatures take some 40 times as long, about 3 ms each',
    )
  }
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
    stop: () => crew.stop(),
  }
}
