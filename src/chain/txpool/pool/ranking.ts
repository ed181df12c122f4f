/** Compares waiting transactions: which goes first when room is needed, and what may replace another. */

import { refusal } from './refusal.ts'
import type { SenderQueue, Waiting } from './sender-queue.ts'

/** A replacement pays this many percent more; with blobs as much again. */
const [replacementPercent, blobReplacementPercent] = [10n, 100n]

/** Whether a sender's last transaction goes before another's: those with a gap first, then the cheaper, then the later. */
export function isWorse(a: SenderQueue, b: SenderQueue): boolean {
  const [first, second] = [a.last, b.last]
  if (!first || !second) return first === undefined
  if (a.hasGap !== b.hasGap) return a.hasGap
  if (first.fee !== second.fee) return first.fee < second.fee
  return first.tip === second.tip ? first.arrival > second.arrival : first.tip < second.tip
}

/** Whether the last transaction of the worst sender gives way: never one that can run to one that cannot. */
export function givesWay(worst: SenderQueue, entry: Waiting, queue: SenderQueue): boolean {
  const isReady = entry.transaction.nonce <= queue.nonce + BigInt(queue.readyCount)
  if (worst.hasGap === isReady) return isReady
  const { fee = 0n, tip = 0n } = worst.last ?? {}
  return entry.fee === fee ? entry.tip > tip : entry.fee > fee
}

/** Asks that a replacement pays enough more; @throws AppError `txpool/replacement-underpriced` */
export function checkReplacement(entry: Waiting, old: Waiting): void {
  const percent = entry.transaction.type === 3 ? blobReplacementPercent : replacementPercent
  const raised = (was: bigint) => (was * (100n + percent) + 99n) / 100n
  const [fee, oldFee] = [blobFeeOf(entry), blobFeeOf(old)]
  if (entry.fee >= raised(old.fee) && entry.tip >= raised(old.tip) && fee >= raised(oldFee)) return
  throw refusal('replacement-underpriced', 'replacement transaction underpriced')
}

function blobFeeOf({ transaction }: Waiting): bigint {
  return transaction.type === 3 ? transaction.maxFeePerBlobGas : 0n
}
