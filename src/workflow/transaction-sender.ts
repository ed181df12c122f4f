/** Makes senders, which sign and send the transactions of one key on one chain, each once for its idempotency key. */

import type { Hex } from '../base/bytes.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { SqlSession } from '../store/sql.ts'
import { Lane } from './sender/lane.ts'
import * as store from './sender/sent-store.ts'
import type {
  SenderDependencies,
  SenderOptions,
  SentState,
  SentTransaction,
  TransactionSender,
} from './sent-transaction.ts'

/** Tables of the sender. */
export const { senderMigrations } = store

/** A sender for one key on one chain. */
export function createTransactionSender(
  options: SenderOptions,
  dependencies: SenderDependencies,
): TransactionSender {
  return new Lane(options, dependencies)
}

/** One page of what senders have sent, newest first. @throws AppError `store/bad-cursor` */
export function listSentTransactions(
  sql: SqlSession,
  query: PageQuery & { readonly lane?: string | undefined; readonly state?: SentState | undefined },
): Promise<Page<SentTransaction>> {
  return store.listSent(sql, query)
}

/** One transaction of whichever lane, by its idempotency key. */
export function findSentTransaction(
  sql: SqlSession,
  idempotencyKey: Hex,
): Promise<SentTransaction | undefined> {
  return store.findSent(sql, idempotencyKey)
}
