/** Runs one instance from the step it is at until it ends, waits, or is told to stop. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { CompiledWorkflow, Step } from './definition.ts'
import type { EngineDependencies } from './engine-dependencies.ts'
import { InstanceJournal } from './instance-journal.ts'
import { findInstance, progressOf, type StoredInstance } from './instance-store.ts'
import { keptJson, keptReason } from './kept-json.ts'
import { afterFailure, waitOf } from './retry-policy.ts'
import { callWithin } from './step-call.ts'
import { branch, dataOf, idempotencyKeyOf, isOpen, lineOf } from './step-data.ts'
import type { InstanceChange, StepOutcome } from './workflow.ts'

/** A definition that was stored, or why it cannot be used. */
export type StoredDefinition =
  | { readonly kind: 'usable'; readonly workflow: CompiledWorkflow }
  | { readonly kind: 'unusable'; readonly reason: string }

/** What a run needs. */
export interface RunContext extends EngineDependencies {
  definition(hash: string): Promise<StoredDefinition>
  tell(change: InstanceChange): Promise<void>
}

/** Steps that one instance may run, which ends a loop. */
const maxExecutedSteps = 1_000
/** Largest journal, in bytes; the step that exceeds it is the last. */
const maxJournalBytes = 16 * 1024 * 1024
/** How long an instance waits for a function or a definition that only another start of the program can bring. */
const lookAgainMs = 30_000

/** What a step is asked, for its lines. */
interface Asked {
  readonly step: Step
  readonly attempt: number
  readonly input: Json | undefined
}

interface Performed {
  readonly outcome: StepOutcome
  readonly next: string | undefined
}

/** One run of an instance in this process. */
export class InstanceRun {
  readonly #id: string
  readonly #with: RunContext
  readonly #journal: InstanceJournal
  readonly #interrupt = new AbortController()
  readonly #abandon = new AbortController()
  #results = new Map<string, Json>()
  #executed = 0

  constructor(id: string, context: RunContext) {
    this.#id = id
    this.#with = context
    this.#journal = new InstanceJournal(id, context)
  }

  /** Asks the step under way to end, and ends the run after it; what it gives nonetheless is kept. */
  interrupt(): void {
    this.#interrupt.abort()
  }

  /** Ends the run though the step under way does not end. */
  abandon(): void {
    this.#interrupt.abort()
    this.#abandon.abort()
  }

  /** Runs steps until there is nothing more to do now. Errors are those of the database. */
  async whole(): Promise<void> {
    const instance = await findInstance(this.#with.sql, this.#id)
    if (instance === undefined || !isOpen(instance)) return
    const definition = await this.#with.definition(instance.definitionHash)
    if (definition.kind === 'unusable') return this.#cannotGoOn(instance, definition.reason)
    const { steps } = definition.workflow
    let step = steps.get(instance.step ?? '')
    if (step === undefined) {
      const reason = `the definition has no step "${instance.step}"`
      return this.#cannotGoOn(instance, reason)
    }
    const { executed, results, journalBytes } = await progressOf(this.#with.sql, this.#id)
    this.#executed = executed
    this.#results = results
    this.#journal.open(instance, journalBytes)
    while (step !== undefined && !this.#interrupt.signal.aborted) {
      const next: string | undefined = await this.#step(step)
      step = next === undefined ? undefined : steps.get(next)
      // SQLite answers at once, so that a thousand steps would be one turn of the event loop.
      await nextTurn()
    }
  }

  /** Runs one step and gives the name of the one to run now; none at the end, or when there is a pause. */
  async #step(step: Step): Promise<string | undefined> {
    const { instance } = this.#journal
    const attempt = instance.attempts + 1
    let data: Json
    let input: Json | undefined
    try {
      this.#mustBeWithinLimits()
      data = dataOf(instance, this.#results)
      input = inputOf(step, data)
    } catch (error) {
      return this.#fails({ step, attempt, input: undefined }, error)
    }
    const asked = { step, attempt, input }
    if (instance.status === 'running' && !(await this.#starts(asked))) return undefined
    this.#with.observe?.('started', this.#id, step.name)
    let performed: Performed
    try {
      performed = await this.#perform(asked, data)
    } catch (error) {
      // Whatever it says, it was told to end: it is asked again, if at all.
      return this.#interrupt.signal.aborted ? undefined : this.#fails(asked, error)
    }
    this.#with.observe?.('performed', this.#id, step.name)
    if (performed.outcome.kind === 'waiting') return this.#waits(asked, performed.outcome)
    return this.#completes(asked, performed.outcome, performed.next)
  }

  async #perform({ step, attempt, input }: Asked, data: Json): Promise<Performed> {
    const { name, task, next } = step
    if (task.kind === 'set') return { outcome: kept(task.value(data), name), next }
    if (task.kind === 'switch') {
      const taken = branch(task, step, data)
      return { outcome: kept(taken.output, name), next: taken.next }
    }
    const { functions, timer } = this.#with
    const call = Object.hasOwn(functions, task.function) ? functions[task.function] : undefined
    if (call === undefined) {
      const reason = `the function "${task.function}" is not there in this start of the program`
      return { outcome: { kind: 'waiting', reason, retryAfterMs: lookAgainMs }, next }
    }
    const visit = this.#results.has(name) ? this.#executed + 1 : 0
    const idempotencyKey = idempotencyKeyOf(this.#id, name, visit)
    const about = { instanceId: this.#id, step: name, idempotencyKey, attempt }
    const bounds = {
      ...{ step: name, timer },
      ...{ interrupt: this.#interrupt.signal, abandon: this.#abandon.signal },
    }
    const outcome = await callWithin(
      async (signal) => call(input ?? null, { ...about, signal }),
      bounds,
    )
    if (outcome.kind === 'waiting') return { outcome, next }
    return { outcome: { ...outcome, ...kept(outcome.output, name) }, next }
  }

  #starts({ step, attempt, input }: Asked): Promise<boolean> {
    const { attempts } = this.#journal.instance
    return this.#journal.write({
      line: { ...lineOf(step.name, attempt), kind: 'started', input },
      update: { status: 'running', step: step.name, reason: undefined, attempts },
    })
  }

  /** Journals a result, with what the function writes along; gives the step to run now. */
  async #completes(
    asked: Asked,
    { output, commit }: Extract<StepOutcome, { kind: 'done' }>,
    next: string | undefined,
  ): Promise<string | undefined> {
    const { step, attempt, input } = asked
    const ends = next === undefined
    const written = await this.#journal.writeResult({
      line: { ...lineOf(step.name, attempt), kind: 'completed', input, output },
      update: {
        ...{ status: ends ? 'completed' : 'running', step: next, reason: undefined, attempts: 0 },
        ...(ends ? { output } : {}),
      },
      commit,
    })
    if (written.kind === 'refused') return this.#fails(asked, written.error)
    this.#with.observe?.('journaled', this.#id, step.name)
    this.#executed += 1
    this.#results.set(step.name, output)
    return written.kind === 'open' ? next : undefined
  }

  async #waits(
    { step, attempt, input }: Asked,
    { reason: given, retryAfterMs }: Extract<StepOutcome, { kind: 'waiting' }>,
  ): Promise<undefined> {
    const { attempts } = this.#journal.instance
    const reason = keptReason(given)
    const wakeAtMs = this.#with.clock.nowMs() + waitOf(retryAfterMs)
    await this.#journal.writeWait({
      line: { ...lineOf(step.name, attempt), kind: 'waiting', input, error: reason },
      update: { status: 'waiting', step: step.name, reason, attempts, wakeAtMs },
    })
  }

  async #fails({ step, attempt, input }: Asked, error: unknown): Promise<undefined> {
    const { clock, random } = this.#with
    const verdict = afterFailure(error, attempt, { retry: step.retry, random: random() })
    const reason = keptReason(error)
    const line = { ...lineOf(step.name, attempt), kind: verdict.kind, input, error: reason }
    const update = { step: step.name, reason, attempts: attempt }
    if (verdict.kind === 'failed') {
      await this.#journal.write({ line, update: { ...update, status: 'failed' } })
    } else {
      const wakeAtMs = clock.nowMs() + verdict.pauseMs
      await this.#journal.write({ line, update: { ...update, status: 'running', wakeAtMs } })
    }
  }

  /** Lets an instance wait whose definition is of no use; another version of the program may know it. */
  async #cannotGoOn(instance: StoredInstance, problem: string): Promise<void> {
    const { step = '', attempts } = instance
    const reason = keptReason(problem)
    const wakeAtMs = this.#with.clock.nowMs() + lookAgainMs
    this.#journal.open(instance, 0)
    await this.#journal.writeWait({
      line: { ...lineOf(step, attempts + 1), kind: 'waiting', error: reason },
      update: { status: 'waiting', step: instance.step, reason, attempts, wakeAtMs },
    })
  }

  #mustBeWithinLimits(): void {
    const { bytes } = this.#journal
    if (this.#executed >= maxExecutedSteps) {
      const message = `the instance has run ${maxExecutedSteps} steps, which is the limit`
      throw new AppError({ code: 'workflow/too-many-steps', message })
    }
    if (bytes > maxJournalBytes) {
      const message = `the instance has ${bytes} bytes in its journal, over the limit of ${maxJournalBytes} bytes`
      throw new AppError({ code: 'workflow/journal-too-large', message })
    }
  }
}

/** The input of a call, once it is known to be kept. */
function inputOf({ name, task }: Step, data: Json): Json | undefined {
  if (task.kind !== 'call') return undefined
  const input = task.input(data)
  keptJson(input, `the input of "${name}"`)
  return input
}

/** A result as it will be read back, so that a step sees the same before and after a restart. */
function kept(output: Json, step: string): { readonly kind: 'done'; readonly output: Json } {
  return { kind: 'done', output: JSON.parse(keptJson(output, `the result of "${step}"`)) as Json }
}
