/** Gives the spans of transactions: until they are in a block, and until that block is final. */

import { derivedWithin, readTraceparent, type Span, type Tracer } from '../../base/tracing.ts'
import type { SentOutcome, SentTransaction } from '../sent-transaction.ts'

/** A span for one that was seen in a block, or whose block became final; none for what nobody traces. */
export function traceSent(
  tracer: Tracer | undefined,
  sent: SentTransaction,
  to: { readonly state: 'mined' | 'final'; readonly outcome: SentOutcome; readonly atMs: number },
): void {
  if (tracer === undefined) return
  const parent = readTraceparent(sent.request.traceparent)
  if (parent === undefined) return
  const { idempotencyKey, lane, nonce, versions, createdAtMs } = sent
  const { hash, blockNumber, blockHash, gasUsed, succeeded } = to.outcome
  const mined = derivedWithin(parent, 'transaction', idempotencyKey)
  const attributes = {
    ...{ 'quantumstream.lane': lane, 'quantumstream.nonce': nonce },
    ...{ 'quantumstream.transaction.hash': hash, 'quantumstream.block.number': blockNumber },
    ...{ 'quantumstream.block.hash': blockHash, 'quantumstream.gas_used': gasUsed },
    'quantumstream.signings': versions.length,
  }
  const times = { startMs: createdAtMs, endMs: to.atMs }
  const span: Span =
    to.state === 'mined'
      ? {
          ...{ context: mined, parentId: parent.spanId, name: 'transaction', kind: 'client' },
          ...{ ...times, attributes },
          ...(succeeded ? {} : { error: 'the transaction was reverted' }),
        }
      : {
          context: derivedWithin(parent, 'transaction', idempotencyKey, 'final', blockHash),
          ...{ parentId: mined.spanId, name: 'transaction final', kind: 'internal' },
          ...{ ...times, attributes },
        }
  tracer.add(span)
}
