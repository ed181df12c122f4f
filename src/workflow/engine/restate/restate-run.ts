/** One run of an instance in an invocation of Restate: what its definition asks becomes operations of the invocation. */

import { RestatePromise, type WorkflowContext } from '@restatedev/restate-sdk'
import type { Json } from '../../../base/json-rpc.ts'
import { type Action, Interrupted, type RunnableWorkflow } from '../../durable-context.ts'
import type { Problem } from '../../workflow-error.ts'
import type { InstanceRow } from '../instance-rows.ts'
import { errorOf, type Journal, type NewLine } from '../journal.ts'
import { OutsideCalls } from '../outside-calls.ts'
import type { LineExtras, LiveRun, RunEnvironment } from '../run-environment.ts'
import { Scope } from '../scope.ts'
import type { Driver } from './driver.ts'
import { type AttemptResult, attemptOnce } from './restate-action.ts'
import type { RestateJournal } from './restate-journal.ts'

/** What a run is made of. */
export interface RestateRunParts {
  readonly with: RunEnvironment
  readonly context: WorkflowContext
  readonly driver: Driver
  readonly row: InstanceRow
  readonly workflow: RunnableWorkflow
  readonly journal: RestateJournal
  /** How often the instance was begun anew before: what is told to it is told to this run by this number. */
  readonly generation: number
  /** Numbers of the events that were taken from each inbox. */
  readonly taken: Map<string, Set<number>>
}

/** One run. */
export class RestateRun implements LiveRun {
  readonly with: RunEnvironment
  readonly row: InstanceRow
  readonly workflow: RunnableWorkflow
  readonly root = new Scope()
  readonly shelter = new Scope()
  readonly refusals = new Map<string, unknown>()
  readonly outside = new OutsideCalls()
  readonly isGone = false
  readonly undoneFrom = 0
  listens = false
  asks = false
  step: string | undefined
  /** Why it waits, for people. */
  reason: string | undefined
  readonly #parts: RestateRunParts

  constructor(parts: RestateRunParts) {
    this.#parts = parts
    this.with = parts.with
    this.row = parts.row
    this.workflow = parts.workflow
  }

  get id(): string {
    return this.row.id
  }

  get journal(): Journal {
    return this.#parts.journal.journal
  }

  get isInterrupted(): boolean {
    return this.root.reason !== undefined
  }

  /** The name of something that is told to this run only. */
  named(name: string): string {
    return `${this.#parts.generation}/${name}`
  }

  takenOf(inbox: string): Set<number> {
    const taken = this.#parts.taken.get(inbox) ?? new Set()
    this.#parts.taken.set(inbox, taken)
    return taken
  }

  /** Does something once, and gives what it gave. @throws Interrupted */
  once(scope: Scope, key: string, act: () => Json | Promise<Json>): Promise<Json> {
    return this.#operation(scope, () => this.#parts.context.run(key, async () => act()))
  }

  sleep(scope: Scope, key: string, durationMs: number): Promise<void> {
    return this.#operation(scope, () => this.#parts.context.sleep(durationMs, key))
  }

  /** What others bring under a name; `undefined` where they do not in time. @throws Interrupted */
  promise<T>(scope: Scope, name: string): Promise<T>
  promise<T>(scope: Scope, name: string, withinMs: number | undefined): Promise<T | undefined>
  promise<T>(scope: Scope, name: string, withinMs?: number): Promise<T | undefined> {
    const { context } = this.#parts
    return this.#operation<T | undefined>(scope, () => {
      const promise = context.promise<T>(name).get()
      if (withinMs === undefined) return promise
      const late = context.sleep(withinMs, `${name} in time`).map((): undefined => undefined)
      return RestatePromise.race([promise, late]) as RestatePromise<T | undefined>
    })
  }

  /** Attempts an action. @throws Interrupted */
  attempt(
    {
      key,
      step,
      attempt,
    }: { readonly key: string; readonly step: string; readonly attempt: number },
    action: Action,
    { scope, outer }: { readonly scope: Scope; readonly outer: Scope },
  ): Promise<AttemptResult> {
    const { context, with: world } = this.#parts
    const idempotencyKey = this.journal.idempotencyKeyOf(step)
    const act = () =>
      attemptOnce({
        ...{ key: step, action, scope, sql: world.sql, nowMs: () => world.clock.nowMs() },
        over: context.request().attemptCompletedSignal,
        about: {
          ...{ instanceId: this.id, step, idempotencyKey, attempt },
          isEnding: outer.reason !== undefined,
        },
      })
    return this.#operation(scope, () => context.run(key, act))
  }

  #operation<T>(scope: Scope, issue: () => RestatePromise<T>): Promise<T> {
    if (scope.reason !== undefined) return Promise.reject(new Interrupted(scope.reason))
    const { done, leave } = this.#parts.driver.ask(issue)
    return new Promise((resolve, reject) => {
      const off = scope.onStop((reason) => {
        leave()
        reject(new Interrupted(reason))
      })
      done.then(
        (value) => {
          off()
          resolve(value)
        },
        (error: unknown) => {
          off()
          reject(error)
        },
      )
    })
  }

  line(line: NewLine, given?: LineExtras): void {
    this.#parts.journal.line(line, given?.output)
  }

  /** A line of what is no action. */
  note(step: string, action: string, output: Json): void {
    const atMs = this.with.clock.nowMs()
    const at = { attempt: 1, startedAtMs: atMs, atMs }
    this.line(
      { step, kind: 'completed', action, ...at, output: JSON.stringify(output) },
      { output },
    )
  }

  /** A line of what is no action and has failed. @throws WorkflowError */
  failed(step: string, action: string, problem: Problem): never {
    const atMs = this.with.clock.nowMs()
    const at = { attempt: 1, startedAtMs: atMs, atMs }
    this.line({ step, kind: 'failed', action, ...at, error: JSON.stringify(problem) })
    throw errorOf(problem)
  }

  // What the parts of an engine over SQL ask of a run, and Restate sees to by itself.
  async admit(scope: Scope): Promise<void> {
    scope.check()
  }

  busy<T>(work: () => Promise<T>): Promise<T> {
    return work()
  }

  tell(): void {}
  add(): void {}
  async flush(): Promise<void> {}
  onDrop(): () => void {
    return () => {}
  }

  async wait(): Promise<void> {
    throw new Error('a run on Restate waits by operations of its invocation')
  }
}
