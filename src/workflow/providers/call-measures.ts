/** Counts and times the calls of functions. */

import type { Metrics } from '../../base/metrics.ts'
import type { FunctionRun } from './function-runs.ts'
import type { GuardedCall } from './guarded-call.ts'

/** Measures of the calls of a registry. */
export interface CallMeasures {
  ended(run: Pick<FunctionRun, 'name' | 'provider' | 'ms' | 'outcome'>): void
  stop(): void
}

const buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60]
const states = { closed: 0, 'half-open': 1, open: 2 }

/** Makes the measures; the guards are those of the functions that were called. */
export function callMeasures(
  metrics: Metrics,
  guards: ReadonlyMap<string, GuardedCall>,
): CallMeasures {
  const calls = metrics.counter('quantumstream_function_calls_total', 'Calls of functions', [
    ...['function', 'provider', 'outcome'],
  ])
  const seconds = metrics.histogram(
    'quantumstream_function_seconds',
    'Time of calls of functions',
    buckets,
    ['function', 'provider'],
  )
  const read = (value: (one: GuardedCall) => number) => () =>
    [...guards].map(([name, one]) => ({ value: value(one), labels: { function: name } }))
  const ends = [
    metrics.observed(
      'quantumstream_function_circuit',
      'Whether a function is asked: 0 it is, 1 it is tried, 2 it is not',
      ['function'],
      read(({ circuit }) => states[circuit.state]),
    ),
    metrics.observed(
      'quantumstream_function_waiting',
      'Calls that wait because others of the function run',
      ['function'],
      read(({ slots }) => slots.waiting),
    ),
  ]
  return {
    ended({ name, provider, ms, outcome }) {
      // Names of functions that are not there come from anybody.
      const labels = { function: outcome === 'no-function' ? '' : name, provider }
      calls.add(1, { ...labels, outcome })
      seconds.observe(ms / 1_000, labels)
    },
    stop() {
      for (const end of ends) end()
    },
  }
}
