/** Holds blob transactions to rules of their own, as geth's blob pool does (EIP-4844). */

import type { IncomingTransaction } from '../txpool.ts'
import { refusal } from './refusal.ts'
import type { SenderQueue, Waiting } from './sender-queue.ts'

/** Most blob transactions of one sender. */
const maxPerSender = 16
/** Asks that a transaction with blobs brings them, with proofs of the form that the rules want; @throws AppError */
export function checkSidecar(
  { transaction, sidecar }: Pick<IncomingTransaction, 'transaction' | 'sidecar'>,
  hasCells: boolean,
): void {
  if (transaction.type !== 3) return
  if (sidecar === undefined) throw refusal('blobs', 'missing sidecar in blob transaction')
  const wanted = hasCells ? 1 : 0
  if (sidecar.version === wanted) return
  throw refusal('blobs', `unexpected sidecar version, want: ${wanted}, got: ${sidecar.version}`)
}

/** Keeps blob transactions and others of a sender apart, few, and without gaps; @throws AppError */
export function checkBlobSender({ transaction }: Waiting, queue: SenderQueue, isNew: boolean) {
  const { last } = queue
  const hasBlobs = transaction.type === 3
  if (last && (last.transaction.type === 3) !== hasBlobs) {
    throw refusal('reserved', 'address already reserved', 'later')
  }
  if (!hasBlobs || !isNew) return
  const next = queue.nonce + BigInt(queue.size)
  if (transaction.nonce > next) {
    throw refusal(
      'nonce-too-high',
      `nonce too high: tx nonce ${transaction.nonce}, gapped nonce ${next}`,
    )
  }
  if (queue.size >= maxPerSender) {
    const message = `account limit exceeded: pooled ${queue.size} txs`
    throw refusal('full', message, 'later')
  }
}
