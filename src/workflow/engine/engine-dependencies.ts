/** Describes what the engine needs of the world. */

import type { Clock, Timer } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { SqlStore, SqlWrite } from '../../store/sql.ts'
import type { AwaitedLife, RunnableWorkflow } from '../durable-context.ts'
import type { StepTraces } from '../step-traces.ts'
import type { Instance, LifecycleStep, StepPoint, TaskStep } from '../workflow.ts'
import type { Evaluate } from './event-match.ts'
import type { InstanceRuns, RunsParts } from './runs.ts'

/** What the engine needs of the world. */
export interface EngineDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  /** 0 to 1. */
  readonly random: () => number
  /** Compiles a stored definition. @throws AppError `workflow/bad-definition` */
  readonly compile: (document: Json) => RunnableWorkflow
  /** Evaluates a filter on an event. */
  readonly evaluate: Evaluate
  /** Who runs instances instead of this process by itself. */
  readonly runs?: ((parts: RunsParts) => InstanceRuns) | undefined
  /** Whether instances are run; otherwise they are started, changed and shown for workers elsewhere. */
  readonly isWorker?: boolean
  /** How long a worker of several is believed to live that says nothing; default 15,000. */
  readonly leaseMs?: number
  /** Longest wait at a stop for what is under way, before it is told to end; default 0. */
  readonly drainMs?: number
  /** The life of events that is enough for every step; `finalized` unless set lower. */
  readonly minimumLife?: AwaitedLife
  /** Longest time from the beginning of an instance to its end; without it, there is none. */
  readonly maxRunMs?: number | undefined
  /** What others write in the commit that ends an instance. */
  readonly ended?: ((instance: Instance) => readonly SqlWrite[]) | undefined
  /** What others write in the commit by which an instance starts, is suspended or resumed, or a task ends; absent where nobody asks. */
  readonly lifecycle?:
    | ((instance: Instance, step: LifecycleStep | TaskStep) => readonly SqlWrite[])
    | undefined
  /** Present where traces are kept. */
  readonly traces?: StepTraces | undefined
  /** Called at each boundary of each action. */
  readonly observe?: ((point: StepPoint, instanceId: string, step: string) => void) | undefined
}
