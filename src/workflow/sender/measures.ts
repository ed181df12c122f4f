/** Names the measures of a lane. */

import type { Metrics } from '../../base/metrics.ts'

/** What of a lane is read when somebody looks. */
export interface LaneReadings {
  readonly open: () => number
  readonly waiting: () => number
  /** Of the oldest that is signed and not in a block; 0 where there is none. */
  readonly oldestMs: () => number
  readonly problem: () => string | undefined
}

/** Measures of one lane. */
export function laneMeasures(metrics: Metrics, lane: string, readings: LaneReadings) {
  const prefix = 'quantumstream_sender'
  const labels = { lane }
  const counter = (name: string, help: string) => {
    const one = metrics.counter(`${prefix}_${name}_total`, help, ['lane'])
    return () => one.add(1, labels)
  }
  const reading = (name: string, help: string, value: () => number) =>
    metrics.observed(`${prefix}_${name}`, help, ['lane'], () => [{ value: value(), labels }])
  const ends = [
    reading('open', 'Transactions signed and not in a block', readings.open),
    reading('waiting', 'Requests that wait for their turn', readings.waiting),
    reading(
      'oldest_seconds',
      'Age of the oldest transaction that is not in a block',
      () => readings.oldestMs() / 1_000,
    ),
    reading('troubled', 'Whether the last look at the chain failed', () =>
      readings.problem() === undefined ? 0 : 1,
    ),
  ]
  return {
    signed: counter('signed', 'Signings of transactions, raised ones among them'),
    raised: counter('raised', 'Transactions that were signed again for a higher fee'),
    refused: counter('refused', 'Refusals of nodes, but for those that say they know it'),
    reverted: counter('reverted', 'Transactions that failed in their block'),
    mined: counter('mined', 'Transactions seen in a block'),
    reorganised: counter('reorganised', 'Transactions whose block left the chain'),
    end: () => {
      for (const end of ends) end()
    },
  }
}

/** What a lane counts. */
export type LaneMeasures = ReturnType<typeof laneMeasures>
