/** Describes what the parts of the compiler give each other. */

import type { Json } from '../../base/json-rpc.ts'
import type { ActionContext, ActionOutcome, EventWish } from '../durable-context.ts'
import type { Problem as DslProblem } from '../workflow-error.ts'
import type { ElsewherePart } from './elsewhere.ts'
import type { Expressions } from './expressions.ts'
import type { Members, Place, Problem } from './places.ts'
import type { Data, Frame, Result, Scope, TaskResult } from './runtime.ts'
import type { SecretSource } from './secrets.ts'

/** What a `call` runs: `http`, `evm.send`; given the evaluated `with`. */
export type ActionFunction = (input: Json, context: ActionContext) => Promise<ActionOutcome>

/** Functions by name. */
export type FunctionTable = Readonly<Record<string, ActionFunction>>

/** What became of a task in this run; one that the journal gives back is told again. */
export type TaskObservation =
  | { readonly kind: 'completed'; readonly output: Json }
  | { readonly kind: 'failed'; readonly problem: DslProblem }
  | { readonly kind: 'cancelled' }

/** What definitions are read with. */
export interface LanguageOptions {
  /** Looked up when a step runs: one that is not there lets the step wait. */
  readonly functions: FunctionTable
  /** Refuses a call of a function that is not there; for the deploying of a definition. */
  readonly deploying?: boolean
  readonly secrets?: SecretSource
  /** Told of what is to be got from elsewhere; without it nothing may be there. */
  readonly elsewhere?: (part: ElsewherePart) => void
  /** The task that a reference such as `log:1.0.0@default` or a URI names; nothing is fetched. */
  readonly catalog?: (reference: string) => Json | undefined
  /** Told the end of each task by its JSON pointer. */
  readonly observe?: (pointer: string, observation: TaskObservation) => void
  /** For `$runtime`. */
  readonly runtime?: { readonly name: string; readonly version: string }
}

/** What a task does, between its filters; the key is that of its visit. */
export type Body = (scope: Scope, key: string) => Promise<TaskResult> | TaskResult

/** A task that can be run on raw input. */
export type Execute = (frame: Frame, raw: Data, key: string) => Promise<TaskResult>

/** A list of tasks that can be run; the key is that of the list. */
export type ExecuteList = (frame: Frame, raw: Data, key: string) => Promise<Result>

/** Compiles the definition that it belongs to. */
export interface Compiler {
  readonly options: LanguageOptions
  readonly expressions: Expressions
  readonly problems: Problem[]
  /** What its `listen` tasks take: literal attributes. */
  readonly listens: EventWish[]
  /** `use` of the definition. */
  readonly use: Members
  list(entries: Json, place: Place): ExecuteList
  task(entry: NamedTask, place: Place): Execute
  /** The function that `use.functions` or the catalog has by this name; compiled once. */
  custom(name: string, place: Place): Execute | undefined
  duration(value: Json, place: Place): (data: Data, scope: Scope) => number
}

/** A task with its name. */
export interface NamedTask {
  readonly name: string
  readonly definition: Members
  /** Tasks of extensions and of compensation are not extended. */
  readonly plain?: boolean
  /** Compiles what lies within it, where that is not the definition's own compiler. */
  readonly compiler?: Compiler
}
