/** Counts what goes through a queue. */

import type { Metrics } from '../../base/metrics.ts'

/** Measures of one queue; `ageMs` is that of its oldest message. */
export function queueMeasures(metrics: Metrics, queue: string, ageMs: () => Promise<number>) {
  const messages = metrics.gauge(
    'quantumstream_queue_messages',
    'Messages of a queue that wait for their turn or are out, and that were given up',
    ['queue', 'state'],
  )
  const deliveries = metrics.counter(
    'quantumstream_queue_deliveries_total',
    'Times that messages were given out, by how that ended',
    ['queue', 'outcome'],
  )
  metrics.observed(
    'quantumstream_queue_oldest_seconds',
    'Age of the oldest message that is not done',
    ['queue'],
    async () => [{ value: (await ageMs()) / 1_000, labels: { queue } }],
  )
  return {
    counted(counts: { readonly depth: number; readonly out: number; readonly dead: number }) {
      messages.set(counts.depth, { queue, state: 'open' })
      messages.set(counts.out, { queue, state: 'out' })
      messages.set(counts.dead, { queue, state: 'dead' })
    },
    ended: (outcome: 'done' | 'failed' | 'dead') => deliveries.add(1, { queue, outcome }),
  }
}

/** What a queue counts. */
export type QueueMeasures = ReturnType<typeof queueMeasures>
