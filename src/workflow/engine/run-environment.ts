/** Describes what a run needs of its engine. */

import type { Clock, Timer } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Logger } from '../../base/logger.ts'
import type { SqlStore, SqlWrite } from '../../store/sql.ts'
import type { ChildWorkflow, DurableContext, RunnableWorkflow } from '../durable-context.ts'
import type { StepTraces } from '../step-traces.ts'
import type {
  Instance,
  InstanceChange,
  JournalEntry,
  LifecycleStep,
  StepPoint,
  TaskStep,
} from '../workflow.ts'
import type { InstanceRow, NewInstance } from './instance-rows.ts'
import type { Journal, NewLine } from './journal.ts'
import type { Judged, Judging } from './judged.ts'
import type { EngineMeasures } from './measures.ts'
import type { OutsideCalls } from './outside-calls.ts'
import type { Scope } from './scope.ts'
import type { Wait } from './waits.ts'

/** A run as its operations see it. */
export interface LiveRun {
  readonly with: RunEnvironment
  readonly id: string
  readonly row: InstanceRow
  readonly journal: Journal
  readonly workflow: RunnableWorkflow
  /** What compensation runs in. */
  readonly shelter: Scope
  /** Failures of actions whose own writes were refused, by step; each is looked at once. */
  readonly refusals: Map<string, unknown>
  /** Whether it has opened inboxes, and asked questions: then something is to be cleared at its end. */
  listens: boolean
  asks: boolean
  /** The step that it is at. */
  step: string | undefined
  /** Nothing that it does is looked at any more. */
  readonly isGone: boolean
  /** Whether it undoes what it did. */
  readonly isInterrupted: boolean
  /** Place in the journal from which on it undoes what it did; 0 for all. */
  readonly undoneFrom: number
  /** Lets an operation through that the journal does not know. @throws Interrupted, WorkflowError for limits */
  admit(scope: Scope): Promise<void>
  /** Counts an operation that is under way while `work` runs. */
  busy<T>(work: () => Promise<T>): Promise<T>
  /** Adds a line, which is on disk before anything that follows from it is done. */
  line(line: NewLine, given?: LineExtras): void
  /** Tells what is not journaled. */
  tell(entry: JournalEntry): void
  /** Writes along with the next line, or soon. */
  add(...writes: readonly SqlWrite[]): void
  /** Resolves when all that was added is on disk; never, if it cannot be written. */
  flush(): Promise<void>
  /** Waits until `look` finds it over, and gives what it is over with. @throws Interrupted */
  wait<Value, Found>(wait: Wait<Value, Found>): Promise<Value>
  /** What may be another thing the next time, asked once for a key: what it gave is journaled where a run is replayed. */
  once<T>(key: string, give: (clock: Clock) => T | Promise<T>): Promise<T>
  /** An attempt of an action, made once; what came of it is journaled where a run is replayed. */
  attempt(key: string, judge: (judging: Judging) => Promise<Judged>): Promise<Judged>
  /** Calls back when the run is dropped; gives what takes that off. */
  onDrop(stop: () => void): () => void
  /** Its calls of the world. */
  readonly outside: OutsideCalls
}

/** The values of a line, and what is written with it. */
export interface LineExtras {
  readonly output?: Json
  readonly input?: Json
  readonly along?: readonly SqlWrite[]
}

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
  /** Longest time from the beginning of an instance to its end; without it, there is none. */
  readonly maxRunMs?: number | undefined
  /** The context of a run, or of one of its branches. */
  context(run: LiveRun, scope: Scope): DurableContext
  /** Who writes, where several workers share a database; `null` where there is only one. */
  owner(): number | null
  /** Present where traces are kept. */
  readonly traces: StepTraces | undefined
  readonly measures: Pick<EngineMeasures, 'step' | 'committed'>
  readonly observe: ((point: StepPoint, instanceId: string, step: string) => void) | undefined
  /** Whether anybody listens to what is told. */
  isHeard(): boolean
  tell(change: InstanceChange): void
  /** The instance of a child, and what it is known by. @throws AppError `workflow/not-deployed` */
  childOf(run: LiveRun, child: ChildWorkflow, id: string): NewInstance
  /** What is written when an instance of this workflow has ended. */
  afterEnd(workflow: RunnableWorkflow, nowMs: number): readonly SqlWrite[]
  /** What others write in the commit that ends an instance. */
  ended(instance: Instance): readonly SqlWrite[]
  /** What others write in the commit by which an instance starts, or a task ends; absent where nobody asks. */
  readonly lifecycle?:
    | ((instance: Instance, step: LifecycleStep | TaskStep) => readonly SqlWrite[])
    | undefined
  /** Something was written that concerns other instances. */
  wake(): void
}
