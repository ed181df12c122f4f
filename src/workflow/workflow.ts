/** Describes workflows, their instances and the functions that their steps call. */

import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { SqlSession } from '../store/sql.ts'

/** One step as the console draws it. */
export interface StepOutline {
  readonly name: string
  /** `switch`, `set`, or the function that is called, such as `evm.send`. */
  readonly kind: string
  /** Steps that may follow, with the condition under which they do; none ends the workflow. */
  readonly next: readonly { readonly step: string; readonly when?: string | undefined }[]
}

/** A workflow that runs. */
export interface DeployedWorkflow {
  readonly name: string
  readonly title: string
  /** keccak-256 or SHA-256 of the canonical definition, hex; running instances keep theirs. */
  readonly hash: string
  readonly event: string
  readonly steps: readonly StepOutline[]
  /** As it was written. */
  readonly definition: Json
}

export type InstanceStatus = 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'

/** One run of a workflow. */
export interface Instance {
  readonly id: string
  readonly workflow: string
  readonly definitionHash: string
  readonly status: InstanceStatus
  /** The step that runs or waits. */
  readonly step: string | undefined
  /** Why it waits or failed, for people. */
  readonly reason: string | undefined
  /** The event that started it. */
  readonly eventId: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** Of the last step, once completed. */
  readonly output: Json | undefined
}

/** One line of an instance's journal; a `completed` line is on disk before the next step starts. */
export interface JournalEntry {
  /** 1, 2, 3 … within the instance. */
  readonly seq: number
  readonly step: string
  readonly kind: 'started' | 'completed' | 'waiting' | 'retrying' | 'failed' | 'cancelled'
  readonly attempt: number
  readonly atMs: number
  readonly input: Json | undefined
  readonly output: Json | undefined
  readonly error: string | undefined
}

/** An instance with its event's data and its journal. */
export interface InstanceDetail extends Instance {
  readonly input: Json
  readonly journal: readonly JournalEntry[]
}

/** What an engine tells while it works, after it is on disk. */
export interface InstanceChange {
  readonly instance: Instance
  readonly entry: JournalEntry
}

/** Who asks a step function, and how often it has been asked. */
export interface StepContext {
  readonly instanceId: string
  readonly step: string
  /** The same for each attempt of this step of this instance; 32 bytes as hex with 0x. */
  readonly idempotencyKey: `0x${string}`
  /** 1 for the first. */
  readonly attempt: number
  /** Fires when the step is to end: after 10 minutes, when its instance is cancelled, when the program stops. */
  readonly signal: AbortSignal
}

/**
 * What a step function gives back. A thrown AppError with retry `later` is tried again after a pause, with `now` at
 * once, `never` fails the instance; any other error is tried again.
 */
export type StepOutcome =
  | {
      readonly kind: 'done'
      readonly output: Json
      /**
       * Runs in the SQL transaction that journals the output: what it writes is written exactly once. What it throws
       * is a failure of the step, unless it is the database's own (`store/…`).
       */
      readonly commit?: (session: SqlSession) => Promise<void>
    }
  | {
      /** Cannot go on yet for a reason that people must see; asked again after `retryAfterMs`. */
      readonly kind: 'waiting'
      readonly reason: string
      readonly retryAfterMs: number
    }

/** What a `call` of the language runs. */
export type StepFunction = (input: Json, context: StepContext) => Promise<StepOutcome>

/** Runs workflows durably. */
export interface WorkflowEngine {
  /** Checks a definition and makes it the one that new events start. @throws AppError `workflow/bad-definition` */
  deploy(definition: Json): Promise<DeployedWorkflow>
  workflows(): readonly DeployedWorkflow[]
  /**
   * Starts an instance of each workflow that waits for this event, in the caller's SQL transaction; an
   * instance that the same event started before is left alone (a cancelled one goes on where it was). An event whose
   * data cannot be kept gives an instance that has failed.
   *
   * @returns ids of the instances that were written
   */
  startFor(
    session: SqlSession,
    event: { readonly id: string; readonly name: string; readonly data: Json },
  ): Promise<readonly string[]>
  /**
   * Cancels the unfinished instances that this event started, in the caller's SQL transaction. After `wake`, subscribers
   * are told and steps under way are interrupted; the result of one that ends nonetheless is kept, and completes the
   * instance if it was the last.
   */
  cancelFor(session: SqlSession, eventId: string, reason: string): Promise<void>
  /** Tells the engine that a transaction which started or cancelled something has been committed. */
  wake(): void
  get(id: string): Promise<InstanceDetail | undefined>
  /** Newest first. */
  list(
    query: PageQuery & {
      readonly workflow?: string | undefined
      readonly status?: InstanceStatus | undefined
      readonly eventId?: string | undefined
    },
  ): Promise<Page<Instance>>
  counts(): Promise<Readonly<Record<InstanceStatus, number>>>
  subscribe(listener: (change: InstanceChange) => void): () => void
  start(): Promise<void>
  /**
   * Resolves when no step runs any more; what was under way is asked again at the next start. A function that does not
   * heed its signal is left after 5 seconds: what it still does is not seen.
   */
  stop(): Promise<void>
}
