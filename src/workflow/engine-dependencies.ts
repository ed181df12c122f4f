/** Describes what the workflow engine needs of the world. */

import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { SqlStore, SqlWrite } from '../store/sql.ts'
import type { Instance, StepFunction } from './workflow.ts'

/** Boundaries of a step: before its function is called, after it returned, after its result is on disk. */
export type StepPoint = 'started' | 'performed' | 'journaled'

/** What the engine needs of the world. */
export interface EngineDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  /** 0 to 1, for the jitter of retries. */
  readonly random: () => number
  /** By the name that `call` uses. */
  readonly functions: Readonly<Record<string, StepFunction>>
  /** What is written in the transaction that completes, fails or cancels an instance. */
  readonly ended?: (instance: Instance) => readonly SqlWrite[]
  /** Called at each boundary of each step. */
  readonly observe?: (point: StepPoint, instanceId: string, step: string) => void
}
