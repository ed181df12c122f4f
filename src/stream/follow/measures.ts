/** Counts what listeners see. */

import type { Metrics } from '../../base/metrics.ts'
import type { StreamEvent } from '../stream.ts'

/** What of a listener is read when somebody looks. */
export interface ListenerReadings {
  readonly finalized: () => number | undefined
  readonly openAlarms: () => number
}

/** What a listener of one chain tells about itself. */
export function listenerMeasures(metrics: Metrics, chain: string) {
  const reorganisations = metrics.counter(
    'quantumstream_stream_reorganisations_total',
    'Times that blocks left the chain',
    ['chain'],
  )
  const events = metrics.counter('quantumstream_stream_events_total', 'Events stored, by state', [
    'chain',
    'state',
  ])
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
  const history = metrics.gauge(
    'quantumstream_stream_history_blocks_left',
    'Blocks of the history that are still to be read beside the following',
    ['chain'],
  )
  const violated = metrics.counter(
    'quantumstream_stream_finality_violations_total',
    'Reorganisations that took finalized events from the chain',
    ['chain'],
  )
  return {
    /** Lets it be read, until what it gives is called. */
    observe({ finalized, openAlarms }: ListenerReadings): () => void {
      const one = (name: string, help: string, read: () => number | undefined) =>
        metrics.observed(`quantumstream_stream_${name}`, help, ['chain'], () => {
          const value = read()
          return value === undefined ? [] : [{ value, labels: { chain } }]
        })
      const ends = [
        one('finalized', 'Last block whose events are finalized', finalized),
        one('open_alarms', 'Alarms that nobody has acknowledged', openAlarms),
      ]
      return () => {
        for (const end of ends) end()
      }
    },
    left: (blocks: number) => history.set(blocks, { chain }),
    finalityViolated: () => violated.add(1, { chain }),
    stored(changed: readonly StreamEvent[]): void {
      const counts = new Map<string, number>()
      for (const { state } of changed) counts.set(state, (counts.get(state) ?? 0) + 1)
      for (const [state, count] of counts) events.add(count, { chain, state })
    },
    reorganised(blocks: number): void {
      reorganisations.add(1, { chain })
      left.add(blocks, { chain })
    },
    reached(checkpointNow: number, headNow: number): void {
      checkpoint.set(checkpointNow, { chain })
      head.set(headNow, { chain })
    },
  }
}
