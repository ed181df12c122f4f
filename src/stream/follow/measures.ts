/** Counts what listeners see. */

import type { Metrics } from '../../base/metrics.ts'
import type { StreamEvent } from '../stream.ts'

/** What a listener of one chain tells about itself. */
export function listenerMeasures(metrics: Metrics, chain: string) {
  const events = metrics.counter('quantumstream_stream_events_total', 'Events stored, by state', [
    'chain',
    'state',
  ])
  const malformed = metrics.counter(
    'quantumstream_stream_malformed_logs_total',
    'Logs that do not fit their event',
    ['chain'],
  )
  const left = metrics.counter(
    'quantumstream_stream_left_blocks_total',
    'Blocks that left the chain',
    ['chain'],
  )
  const checkpoint = metrics.gauge(
    'quantumstream_stream_checkpoint',
    'Last block whose events are stored',
    ['chain'],
  )
  const head = metrics.gauge('quantumstream_stream_head', "Head of the listener's endpoint", [
    'chain',
  ])
  const violated = metrics.counter(
    'quantumstream_stream_finality_violations_total',
    'Reorganisations that took finalized events from the chain',
    ['chain'],
  )
  return {
    finalityViolated: () => violated.add(1, { chain }),
    stored(changed: readonly StreamEvent[]): void {
      for (const { state } of changed) events.add(1, { chain, state })
    },
    malformed: () => malformed.add(1, { chain }),
    reorganised: (blocks: number) => left.add(blocks, { chain }),
    reached(checkpointNow: number, headNow: number): void {
      checkpoint.set(checkpointNow, { chain })
      head.set(headNow, { chain })
    },
  }
}
