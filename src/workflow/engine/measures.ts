/** Counts what the engine does. */

import type { Metrics } from '../../base/metrics.ts'
import type { InstanceCounts } from '../workflow.ts'
import type { InstanceRow } from './instance-rows.ts'
import type { NewLine } from './journal.ts'

/** What of an engine is read when somebody looks. */
export interface EngineReadings {
  readonly counts: () => Promise<InstanceCounts>
  readonly definitions: () => number
  readonly openQuestions: () => Promise<number>
  /** Runs in memory, and those of them that do something. */
  readonly runs: () => { readonly held: number; readonly busy: number }
}

const buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 30, 120, 600]

/** Measures of one engine. */
export function engineMeasures(metrics: Metrics, readings: EngineReadings) {
  const prefix = 'quantumstream_workflow'
  const ended = metrics.counter(`${prefix}_instances_total`, 'Instances that ended', [
    ...['workflow', 'status'],
  ])
  const steps = metrics.counter(`${prefix}_steps_total`, 'Attempts of steps that ended', [
    ...['action', 'outcome'],
  ])
  const seconds = metrics.histogram(
    `${prefix}_step_seconds`,
    'Time of attempts of steps, until their result was to be written',
    buckets,
    ['action'],
  )
  const commits = metrics.counter(
    `${prefix}_journal_commits_total`,
    'Commits of instances: lines, waits and ends',
  )
  const one = (name: string, help: string, value: () => number | Promise<number>) =>
    metrics.observed(`${prefix}_${name}`, help, [], async () => [
      { value: await value(), labels: {} },
    ])
  const ends = [
    metrics.observed(`${prefix}_instances`, 'Instances by status', ['status'], async () =>
      Object.entries(await readings.counts()).map(([status, value]) => ({
        ...{ value, labels: { status } },
      })),
    ),
    one('definitions', 'Workflows that are deployed', readings.definitions),
    one('open_questions', 'Questions that wait for an answer', readings.openQuestions),
    one('runs', 'Instances in memory', () => readings.runs().held),
    one('busy_runs', 'Instances that do something now', () => readings.runs().busy),
  ]
  return {
    ended: ({ workflow, status }: InstanceRow) => ended.add(1, { workflow, status }),
    step({ action, kind, startedAtMs, atMs }: NewLine): void {
      steps.add(1, { action, outcome: kind })
      seconds.observe(Math.max(0, atMs - startedAtMs) / 1_000, { action })
    },
    committed: () => commits.add(),
    end: () => {
      for (const end of ends) end()
    },
  }
}

/** What an engine counts. */
export type EngineMeasures = ReturnType<typeof engineMeasures>
