/** Describes workflows, their instances and the engine that runs them. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { SqlSession } from '../store/sql.ts'
import type {
  ActionContext,
  ActionOutcome,
  AwaitedLife,
  CloudEvent,
  Question,
  RunnableWorkflow,
} from './durable-context.ts'
import type { Problem } from './workflow-error.ts'

export type InstanceStatus =
  | 'running'
  | 'waiting'
  | 'paused'
  | 'compensating'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'retracted'

/** Statuses after which an instance does nothing more by itself. */
const endings: readonly InstanceStatus[] = ['completed', 'failed', 'cancelled', 'retracted']

/** Whether an instance still has something to do. */
export function isOpen({ status }: { readonly status: InstanceStatus }): boolean {
  return !endings.includes(status)
}

/** Boundaries of an action: before it is called, after it has ended, after its result is on disk. */
export type StepPoint = 'started' | 'performed' | 'journaled'

/** One run of a workflow. */
export interface Instance {
  readonly id: string
  readonly namespace: string
  readonly workflow: string
  readonly definitionHash: string
  readonly status: InstanceStatus
  /** The step that runs or waits, as a JSON pointer. */
  readonly step: string | undefined
  /** Why it waits or failed, for people. */
  readonly reason: string | undefined
  /** The event that started it; absent where somebody, a schedule or another instance did. */
  readonly eventId: string | undefined
  /** The instance that started it as its child. */
  readonly parentId: string | undefined
  /** Where its trace goes on from, as the W3C's `traceparent`; absent where it begins one, or nothing is traced. */
  readonly traceparent: string | undefined
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** What the workflow gave, once completed. */
  readonly output: Json | undefined
  /** What it failed with. */
  readonly problem: Problem | undefined
  /** Whether something that it had done was undone. */
  readonly compensated: boolean
}

/** One line of an instance's journal. A `started` line is told only; all others are on disk before anything follows. */
export interface JournalEntry {
  /** 1, 2, 3 … within the instance; 0 for what is told only. */
  readonly seq: number
  /** Key of the operation: the JSON pointer of its task, with iterations. */
  readonly step: string
  readonly kind:
    | 'started'
    | 'completed'
    | 'waiting'
    | 'retrying'
    | 'failed'
    | 'cancelled'
    | 'retracted'
  /** What it is: `evm.send`, `http`, `sleep`. */
  readonly action: string
  readonly attempt: number
  readonly startedAtMs: number
  readonly atMs: number
  readonly input: Json | undefined
  readonly output: Json | undefined
  readonly error: string | undefined
  /** It was undone, or a retry from a step set it aside; what follows is not built on it. */
  readonly dropped: boolean
}

/** An instance with what it was given and its journal. */
export interface InstanceDetail extends Instance {
  readonly input: Json
  readonly journal: readonly JournalEntry[]
}

/** What an engine tells while it works, after it is on disk. */
export interface InstanceChange {
  readonly instance: Instance
  readonly entry: JournalEntry
}

/** What a list of instances is asked for. */
export interface InstanceQuery extends PageQuery {
  readonly workflow?: string | undefined
  readonly status?: InstanceStatus | undefined
  readonly eventId?: string | undefined
}

/** A question that waits for people or programs, or was answered. */
export interface AskedQuestion extends Question {
  readonly id: string
  readonly instanceId: string
  readonly step: string
  readonly status: 'open' | 'answered' | 'expired' | 'closed'
  readonly askedAtMs: number
  readonly deadlineAtMs: number | undefined
  /** Who answered what, and when: the audit. */
  readonly given: readonly { readonly who: string; readonly answer: Json; readonly atMs: number }[]
}

/** Where a run goes on a journal without doing anything outside. */
export interface ReplayReport {
  /** What the run asked for and the journal did not know: what it would do next. */
  readonly next: readonly {
    readonly step: string
    readonly action: string
    readonly input?: Json
  }[]
  /** Lines that the run did not ask for, or asked for as something else. */
  readonly differences: readonly {
    readonly step: string
    readonly journaled: string
    readonly asked: string | undefined
  }[]
  /** How the run ended, if it did. */
  readonly output?: Json
  readonly problem?: Problem
}

/** A number for each status. */
export type InstanceCounts = Readonly<Record<InstanceStatus, number>>

/** Steps in the life of an instance that does not end by them. */
export type LifecyclePhase = 'started' | 'suspended' | 'resumed'

/** Where an instance has come to, for those who are told in the commit that says so. */
export interface LifecycleStep {
  readonly phase: LifecyclePhase
  readonly atMs: number
  /** Of its definition, where it has started. */
  readonly version?: string
}

/** What became of a task that calls or runs something, for those who are told in the commit of its journal's line. */
export interface TaskStep {
  /** Tried again, failed for good, done. */
  readonly phase: 'retried' | 'faulted' | 'completed'
  /** JSON pointer of the task in its definition. */
  readonly task: string
  /** Number of the line. */
  readonly seq: number
  readonly atMs: number
  /** What was given, before the task's own `output.as`. */
  readonly output?: Json | undefined
  readonly problem?: Problem | undefined
}

/** Runs workflows durably. */
export interface WorkflowEngine {
  /**
   * Makes a definition the one that new events start; instances keep the one they began with. Where it `isKept`, later
   * starts of the program know it without being told.
   */
  deploy(workflow: RunnableWorkflow, options?: { readonly isKept?: boolean }): Promise<void>
  /** The newest of each name. */
  workflows(): readonly RunnableWorkflow[]
  /** Those that are not deployed any more and that open instances go on by, as far as is known since the last deployment. */
  pinned(): readonly RunnableWorkflow[]
  /** One that was deployed, by its hash. @throws AppError where it cannot be compiled any more */
  definition(hash: string): Promise<RunnableWorkflow | undefined>
  /** Calls back after other definitions are deployed, here or by another process; gives what ends that. */
  watchWorkflows(changed: () => void): () => void
  /**
   * Starts an instance, or attaches to the one with this id; resolves when it has ended, durably.
   *
   * @throws WorkflowError what the instance failed with; AppError `workflow/not-deployed`
   */
  run(workflow: WorkflowName, input: Json, options?: RunOptions): Promise<Json>
  /** The same without waiting for its end; gives the instance's id once it is on disk. */
  begin(workflow: WorkflowName, input: Json, options?: RunOptions): Promise<string>
  /**
   * Gives an event to every trigger and every inbox that waits for it, in the caller's SQL transaction: the
   * exactly-once point. An event that was given before starts nothing again; one that had been retracted lets its
   * instances go on. `wake` after the commit.
   *
   * @param life - where the event stands in a chain; absent for events that cannot be retracted
   * @returns ids of the instances that were written, then of those that listen to it
   */
  deliver(session: SqlSession, event: CloudEvent, life?: AwaitedLife): Promise<readonly string[]>
  /** Events have come further, all as far, in the caller's transaction. */
  advance(session: SqlSession, eventIds: readonly string[], life: AwaitedLife): Promise<void>
  /** The event has left the chain: its instances undo what they did, also those that have ended. */
  retract(session: SqlSession, eventId: string): Promise<void>
  /** Tells the engine that a transaction which gave it something has been committed. */
  wake(): void
  /** @throws AppError `workflow/no-instance`, `workflow/wrong-status` */
  cancel(id: string, reason: string): Promise<void>
  pause(id: string): Promise<void>
  resume(id: string): Promise<void>
  /** Sets aside the journal from a step on, the first failed one unless named, and goes on from there. */
  retry(id: string, fromStep?: string): Promise<void>
  /**
   * Lets an instance that waits or is paused go on by another definition of its workflow.
   *
   * @throws AppError `workflow/cannot-migrate` with the first difference, `workflow/wrong-status`, `workflow/not-deployed`
   */
  migrate(id: string, definitionHash: string): Promise<void>
  /** Runs an instance again on its journal, by its own or another definition or hash of one, with no effect outside. */
  replay(id: string, definition?: string | RunnableWorkflow): Promise<ReplayReport>
  questions(
    query: PageQuery & { readonly status?: AskedQuestion['status'] },
  ): Promise<Page<AskedQuestion>>
  /** @throws AppError `workflow/no-question`, `workflow/question-closed`, `workflow/bad-answer` */
  answer(questionId: string, who: string, answer: Json): Promise<void>
  get(id: string): Promise<InstanceDetail | undefined>
  /** Newest first. */
  list(query: InstanceQuery): Promise<Page<Instance>>
  counts(): Promise<InstanceCounts>
  subscribe(listener: (change: InstanceChange) => void): () => void
  start(): Promise<void>
  /** Resolves when nothing runs any more; what was under way is asked again at the next start. */
  stop(): Promise<void>
}

/** Which workflow; the newest deployed one of that name where no version is given. */
export interface WorkflowName {
  readonly name: string
  readonly namespace?: string
  readonly version?: string
}

/** Says that a name alone does not tell which of these is meant: `workflow/ambiguous-name`. */
export function ambiguousName(
  name: string,
  all: readonly { readonly namespace: string }[],
): AppError {
  const spaces = all.map(({ namespace }) => namespace).join(', ')
  const message = `several namespaces have a workflow "${name}": say which one is meant (${spaces})`
  return new AppError({ code: 'workflow/ambiguous-name', message })
}

/** How an instance is started. */
export interface RunOptions {
  /** The same id is the same instance; by chance unless given. At most 200 characters. */
  readonly id?: string
  /** Of whoever asks, where traces are kept. */
  readonly traceparent?: string | undefined
}

/** What a `call` of the language runs, on its evaluated input. */
export type StepFunction = (input: Json, context: ActionContext) => Promise<ActionOutcome>

/**
 * The name of a task by the key of one of its lines: `pay` of `/do/1/pay#visit/2`. What a function of `use.functions` does
 * goes by the name of the task that calls it.
 */
export function taskName(step: string): string {
  const names = step.replace(visit, '').split('/')
  const last = names.at(-1) ?? step
  const caller = names.slice(0, -1).join('/').replace(visit, '').split('/').at(-1) ?? ''
  return last === 'function' && !/^\d*$/.test(caller) ? caller : last
}

const visit = /#[\w-]+(\/\d+)*$/
