/** Describes what a run needs of its engine. */

import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { SqlStore, SqlWrite } from '../../store/sql.ts'
import type { ChildWorkflow, RunnableWorkflow } from '../durable-context.ts'
import type { InstanceChange } from '../durable-workflow.ts'
import type { NewInstance } from './instance-rows.ts'
import type { Run } from './run.ts'

/** Boundaries of an action: before it is called, after it has ended, after its result is on disk. */
export type StepPoint = 'started' | 'performed' | 'journaled'

/** What runs share. */
export interface RunEnvironment {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  /** 0 to 1. */
  readonly random: () => number
  /** Index in `lives` that is enough for every step, however much it asks for. */
  readonly enoughLife: number
  /** Who writes, where several workers share a database; `null` where there is only one. */
  owner(): number | null
  readonly observe: ((point: StepPoint, instanceId: string, step: string) => void) | undefined
  /** Whether anybody listens to what is told. */
  isHeard(): boolean
  tell(change: InstanceChange): void
  /** The run waits, and need not stay in memory. */
  parked(run: Run): void
  /** The run goes on. */
  resumed(run: Run): void
  /** The run has ended, durably; or it is paused, and goes on as another run. */
  ended(run: Run): void
  /** What the run did could not be written; it does nothing more. `refused` are actions whose own writes were along. */
  broken(run: Run, error: unknown, refused: readonly string[]): void
  /** Its event came back while the run undid what it had done: it begins again, with what was not undone. */
  goesOn(run: Run): Promise<void>
  /** The instance of a child, and what it is known by. @throws AppError `workflow/not-deployed` */
  childOf(run: Run, child: ChildWorkflow, id: string): NewInstance
  /** What is written when an instance of this workflow has ended. */
  afterEnd(workflow: RunnableWorkflow, nowMs: number): readonly SqlWrite[]
  /** Something was written that concerns other instances. */
  wake(): void
}
