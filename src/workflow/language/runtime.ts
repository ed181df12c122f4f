/** Holds what a run of a workflow carries from task to task: data, context, variables, and where it stands. */

import type { Json } from '../../base/json-rpc.ts'
import type { JsonInput } from '../../stream/jq.ts'
import type { AwaitedLife, DurableContext } from '../durable-context.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { Secrets } from './secrets.ts'

/** What flows between tasks; exact integers of events may stand in it. */
export type Data = JsonInput

/** The end of the workflow, with its output. */
export class Ended {
  readonly output: Data

  constructor(output: Data) {
    this.output = output
  }
}

/** A task's output with the directive that says what follows, where the task itself decides it. */
export class Directed {
  readonly output: Data
  readonly directive: string

  constructor(output: Data, directive: string) {
    this.output = output
    this.directive = directive
  }
}

/** What a list of tasks gives. */
export type Result = Data | Ended

/** What a task gives. */
export type TaskResult = Result | Directed

/** Tasks that one run may visit; a loop that is longer ends with an error. */
const maxVisits = 10_000
/** Deepest nesting of tasks within a run, functions included. */
const maxNesting = 64

/** One run of an instance. */
export interface Run {
  readonly instanceId: string
  readonly startedAtMs: number
  /** The definition, for `$workflow.definition`. */
  readonly definition: Json
  /** The raw input, for `$workflow.input`. */
  readonly input: Data
  readonly runtime: Json
  readonly secrets: Secrets
  visits: number
}

/** A completed task that can be undone. */
export interface Undo {
  readonly key: string
  readonly pointer: string
  undo(durable: DurableContext, error: Json): Promise<void>
}

/** What sequential tasks share: the context that they export to, and what has been done. */
export interface Strand {
  context: Data
  /** The life of the starting event that has been awaited so far. */
  life: AwaitedLife | undefined
  /** What tasks that had begun have awaited, and the event has no more since it came back: what has not begun awaits it. */
  owedLife?: AwaitedLife | undefined
  readonly undo: Undo[]
}

/** Where a task runs. */
export interface Frame {
  readonly run: Run
  readonly durable: DurableContext
  readonly strand: Strand
  /** Variables of loops, of caught errors. */
  readonly locals: Readonly<Record<string, Data>>
  readonly depth: number
  /** Compensation runs whatever becomes of the event: it awaits no life. */
  readonly compensating: boolean
  /** The task that an extension extends, for the extension's own tasks. */
  readonly extended?: Scope
}

/** What is fixed of a task. */
export interface TaskFacts {
  readonly name: string
  readonly pointer: string
  readonly definition: Json
}

/** What expressions of one visit of a task may see. */
export interface Scope {
  readonly frame: Frame
  readonly task: TaskFacts | undefined
  /** Before `input.from`. */
  readonly rawInput: Data
  /** After `input.from`. */
  input: Data
  rawOutput: Data | undefined
  output: Data | undefined
  startedAtMs: number | undefined
  authorization: Data | undefined
}

/** A scope in which nothing has happened yet. */
export function scopeOf(frame: Frame, task: TaskFacts | undefined, rawInput: Data): Scope {
  const none = { rawOutput: undefined, output: undefined }
  return {
    ...{ frame, task, rawInput, input: null, ...none },
    ...{ startedAtMs: undefined, authorization: undefined },
  }
}

/** Counts a visit of a task. @throws WorkflowError `runtime` at the limit, which it names */
export function countVisit({ run, depth }: Frame): void {
  run.visits += 1
  if (run.visits > maxVisits) {
    throw overLimit(
      `the instance has run ${maxVisits} tasks, which is the limit; does it go in circles?`,
    )
  }
  if (depth > maxNesting) {
    throw overLimit(
      `tasks are nested deeper than ${maxNesting}, which is the limit; does a function call itself?`,
    )
  }
}

/** The error of a limit that is exceeded. */
export function overLimit(detail: string): WorkflowError {
  return new WorkflowError({ type: 'runtime', title: 'Limit exceeded', detail })
}

/** A moment as expressions see it. */
export function dateTimeOf(ms: number): Json {
  return {
    iso8601: new Date(ms).toISOString(),
    epoch: { seconds: Math.floor(ms / 1000), milliseconds: ms },
  }
}

/** The value of an argument or a variable. */
export function argumentOf(scope: Scope, name: string): Data {
  const { frame } = scope
  if (Object.hasOwn(frame.locals, name)) return frame.locals[name] as Data
  if (name === 'context') return frame.strand.context
  if (name === 'input') return scope.input
  if (name === 'output') return scope.output ?? null
  if (name === 'secrets') return frame.run.secrets.values()
  if (name === 'authorization') return scope.authorization ?? null
  if (name === 'runtime') return frame.run.runtime
  if (name === 'task') return taskOf(frame.extended ?? scope)
  if (name === 'workflow') return workflowOf(frame.run)
  return null
}

function workflowOf({ instanceId: id, definition, input, startedAtMs }: Run): Data {
  return { id, definition, input, startedAt: dateTimeOf(startedAtMs) }
}

function taskOf({ task, rawInput, rawOutput, startedAtMs }: Scope): Data {
  if (task === undefined) return null
  const { name, pointer: reference, definition } = task
  return {
    // Examples of the specification read members of the definition from the descriptor itself.
    ...(definition as object),
    ...{ name, reference, definition, input: rawInput, output: rawOutput ?? null },
    startedAt: startedAtMs === undefined ? null : dateTimeOf(startedAtMs),
  }
}

/** Data as plain JSON, exact integers as decimal text; the same object where it has none. */
export function plainJson(data: Data): Json {
  return hasExact(data) ? (written(data) as Json) : (data as Json)
}

function hasExact(data: Data): boolean {
  if (typeof data === 'bigint') return true
  if (typeof data !== 'object' || data === null) return false
  for (const one of Array.isArray(data) ? data : Object.values(data)) {
    if (hasExact(one as Data)) return true
  }
  return false
}

function written(data: Data): Data {
  if (typeof data === 'bigint') return String(data)
  if (typeof data !== 'object' || data === null) return data
  if (Array.isArray(data)) return data.map(written)
  return Object.fromEntries(Object.entries(data).map(([name, one]) => [name, written(one as Data)]))
}
