/** Describes what the interpreter of the language asks of whoever keeps the journal: the only way in which a workflow touches time, chance and the world. */

import type { Json } from '../base/json-rpc.ts'
import type { SqlWrite } from '../store/sql.ts'

/** Least life of the event that started an instance, which a step may wait for. */
export type AwaitedLife = 'pending' | 'confirmed' | 'safe' | 'finalized'

/** A CloudEvent 1.0 in structured JSON. */
export type CloudEvent = { readonly [attribute: string]: Json } & {
  readonly specversion: string
  readonly id: string
  readonly source: string
  readonly type: string
}

/** Who asks for an action, and how often it has been asked. */
export interface ActionContext {
  readonly instanceId: string
  /** JSON pointer of the task, such as `/do/1/pay`. */
  readonly step: string
  /** The same for each attempt of this action of this instance; 32 bytes as hex with 0x. */
  readonly idempotencyKey: `0x${string}`
  /** 1 for the first. */
  readonly attempt: number
  /** What those are told that it asks, where traces are kept: the W3C's `traceparent`. */
  readonly traceparent?: string | undefined
  /** Milliseconds since the epoch after which nobody waits for its result, as far as is known. */
  readonly deadlineMs?: number
  /** Fires when the action is to end: its time is over, its instance is cancelled, the program stops. */
  readonly signal: AbortSignal
  /**
   * Whether the instance is being undone, and this action is asked for the sake of what it may have done before: what has
   * begun is to be brought to its end, and nothing that has not is to begin.
   */
  readonly isEnding?: boolean
}

/**
 * What an action gives back. A thrown AppError with retry `later` is tried again after a pause, with `now` at once;
 * `never`, and a WorkflowError, go to the workflow as its error.
 */
export type ActionOutcome =
  | {
      readonly kind: 'done'
      readonly output: Json
      /** Written in the same commit as the journal's line, so exactly once; where the journal is no SQL, by itself. */
      readonly writes?: readonly SqlWrite[]
    }
  | {
      /** Cannot go on yet for a reason that people must see; asked again after `retryAfterMs`. */
      readonly kind: 'waiting'
      readonly reason: string
      readonly retryAfterMs: number
    }
  | {
      /** To be given where `isEnding` only: nothing was done under this key, and nothing will be. */
      readonly kind: 'untouched'
    }

/** Something done outside of the workflow, once its result is journaled never again. */
export interface Action {
  /** What is shown of it: `evm.send`, `http`, `set`. */
  readonly kind: string
  /** What it is given, for the journal's readers. */
  readonly input?: Json
  readonly retry?: RetryOptions
  readonly timeoutMs?: number
  /**
   * Whether it is undone when the instance is. Then its beginning is journaled, and once begun it is brought to its end
   * whatever becomes of the instance: what is not known to have happened cannot be undone.
   */
  readonly isUndone?: boolean
  run(context: ActionContext): Promise<ActionOutcome>
}

/** How failures that may pass are tried again. */
export interface RetryOptions {
  readonly attempts: number
  readonly delayMs: number
  readonly backoff: number
}

/** Where on a chain an event is looked for, beside the literal attributes. */
export interface ChainPlace {
  /** Names or addresses; the event is of one of them. */
  readonly contracts?: readonly string[]
  /** The event is of a contract that an event of these names in an argument. */
  readonly factory?: {
    readonly contracts: readonly string[]
    readonly event: string
    readonly argument: string
    /** By which events of what it made are known: a line of the attribute `madeby`. */
    readonly label: string
  }
  /** Indexed arguments: a value of each, or a list of which it is one. */
  readonly where?: { readonly [argument: string]: Json }
}

/** Which events a listening place takes: a part that can be looked up, and a part that is evaluated on the event. */
export interface EventWish {
  /** Literal attributes of the CloudEvent; `type` and `source` are looked up by index. */
  readonly attributes: Readonly<Record<string, string>>
  /** Where it is looked for, for events of chains. */
  readonly chain?: ChainPlace
  /** A jq expression on the whole event, by which it is taken or left; absent takes all. */
  readonly when?: string
  /** Correlation: a jq expression on the event, and the value that it must give. */
  readonly correlate?: readonly { readonly from: string; readonly expect: Json }[]
}

/** An approval or another answer that somebody gives from outside. */
export interface Question {
  readonly kind: 'approval' | 'signal'
  readonly title: string
  /** Who may answer; checked by the API's access rules. */
  readonly role?: string
  /** JSON Schema of the answer. */
  readonly form?: Json
  /** What is shown to whoever answers. */
  readonly data?: Json
  /** Least number of different people who must answer alike, default 1. */
  readonly answers?: number
  readonly deadlineMs?: number
}

/**
 * The durable context of one run of an instance. Every operation carries a `key` that is unique within the instance and
 * the same whenever the same definition is run on the same journal: the task's JSON pointer with iterations and attempts,
 * such as `/do/2/each/for/3/do/0/pay` or `/do/0/try#retry/2`. What the journal knows under a key is given from it, errors
 * too; so a definition's code may be run again from its start at any time, as after a crash or a long wait, and goes the
 * same way. Nothing may depend on the order in which branches happen to end, except by `race` and `all`.
 *
 * When an instance is cancelled or its event is retracted, each operation that the journal does not know throws
 * `Interrupted`; the interpreter then compensates by `sheltered`, and ends.
 */
export interface DurableContext {
  readonly instanceId: string
  /** When the instance began. */
  readonly startedAtMs: number
  /** Runs an action and journals its result before it is given. @throws WorkflowError what the action failed with */
  run(key: string, action: Action): Promise<Json>
  /** Sleeps durably from when it was first asked; 0 gives at once. */
  sleep(key: string, durationMs: number): Promise<void>
  /** The time, once. */
  now(key: string): Promise<number>
  /** A number from 0 up to 1, once. */
  random(key: string): Promise<number>
  /** Opens a durable inbox: from its commit on no event that fits is missed. Asking again gives the same one. */
  listen(key: string, wishes: readonly EventWish[]): Promise<Inbox>
  /** Gives an event to every listener and every trigger, once, in the same commit as the journal's line. */
  emit(key: string, event: CloudEvent): Promise<void>
  /** Starts another workflow; gives its output, or its instance's id at once where `awaited` is false. @throws WorkflowError of the child */
  child(key: string, child: ChildWorkflow): Promise<Json>
  /**
   * Waits until the event that started the instance has at least this life, before something of a task is done; at once where
   * no event did.
   *
   * @param key - of the task
   * @returns whether the event has it; not where something of the task was done before, and the event has come back with less since
   */
  reached(key: string, life: AwaitedLife): Promise<boolean>
  /** Asks people or programs; gives the answer. @throws WorkflowError of type timeout at the deadline */
  ask(key: string, question: Question): Promise<Json>
  /**
   * The branch that ends first, by what the journal says; the others are told to stop. An error ends the race too.
   *
   * @param until - key of a sleep in one of the branches, by whose end actions of the others are told to be done
   */
  race<T>(
    key: string,
    branches: readonly Branch<T>[],
    until?: string,
  ): Promise<{ index: number; value: T }>
  /** All branches; the first error stops the others and is thrown. */
  all<T>(key: string, branches: readonly Branch<T>[]): Promise<T[]>
  /** Tells readers where the instance is; not journaled. */
  at(step: string): void
  /**
   * To be awaited when a run has done everything, within what compensates: throws `Interrupted` if all of it is to be
   * undone, as for an instance that had ended when its event was retracted.
   */
  end(): Promise<void>
  /** Place of a key's result in the journal: 1, 2, 3 …; compensation runs from the highest down. */
  order(key: string): number | undefined
  /**
   * Place in the journal from which on an interrupted run undoes what it did; 0 for all. Above 0 where an event that it
   * took has left the chain: what it did before stays, and it goes on from there once the rest is undone.
   */
  readonly undoneFrom: number
  /**
   * The same journal, not interrupted by what interrupted this one; for compensation. Its keys begin with the key of the
   * step that is undone and `#compensate`, such as `/do/1/pay#compensate/do/0/refund`: when the event comes back, what
   * lies under the step's key is forgotten, and is run again.
   */
  readonly sheltered: DurableContext
}

/** A branch gets a context whose operations throw `Interrupted` when the branch is told to stop. */
export type Branch<T> = (context: DurableContext) => Promise<T>

/** A durable inbox. */
export interface Inbox {
  /** The next event, in the order of arrival; `key` is journaled with it. */
  next(key: string): Promise<CloudEvent>
  /** No more are kept for it. */
  close(): Promise<void>
}

/** Another workflow that is started. */
export interface ChildWorkflow {
  readonly namespace: string
  readonly name: string
  readonly version: string
  readonly input: Json
  readonly awaited: boolean
}

/** Why a run is to end; what it has done is compensated first. `timed-out` is the limit of the engine. */
export type InterruptReason = 'cancelled' | 'retracted' | 'branch-stopped' | 'timed-out'

/** Thrown by operations of a run that is to end. */
export class Interrupted extends Error {
  readonly reason: InterruptReason

  constructor(reason: InterruptReason) {
    super(`the run is interrupted: ${reason}`)
    this.reason = reason
  }
}

/** A definition that can be run; what the language compiles to. */
export interface RunnableWorkflow {
  readonly namespace: string
  readonly name: string
  readonly version: string
  readonly title: string
  /** SHA-256 of the canonical definition (RFC 8785), hex. */
  readonly hash: string
  /** The full definition, DSL 1.0.3, as JSON. */
  readonly document: Json
  /** As it was written, for people. */
  readonly source: string
  readonly trigger: Trigger
  /** What its `listen` tasks take, as far as the definition alone tells: literal attributes. */
  readonly listens?: readonly EventWish[]
  /** Runs it to its end. @throws WorkflowError uncaught, after compensation; Interrupted after compensation */
  run(context: DurableContext, input: Json): Promise<Json>
}

/** What starts instances. */
export interface Trigger {
  /** Events of which one, any or all start an instance; chain events name contract and signature in their attributes. */
  readonly on?: { readonly kind: 'one' | 'any' | 'all'; readonly wishes: readonly EventWish[] }
  readonly cron?: string
  readonly everyMs?: number
  /** Pause after an instance has ended. */
  readonly afterMs?: number
}
