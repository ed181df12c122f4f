/** Runs one instance from the step it is at until it ends, waits, or is told to stop. */

import { createHash } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import { toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { keccak256 } from '../crypto/keccak.ts'
import type { SqlSession } from '../store/sql.ts'
import type { CompiledWorkflow, Step } from './definition.ts'
import type { EngineDependencies } from './engine-dependencies.ts'
import {
  addEntry,
  findInstance,
  type InstanceUpdate,
  journalOf,
  type StoredInstance,
  updateInstance,
} from './instance-store.ts'
import type { InstanceChange, JournalEntry, StepOutcome } from './workflow.ts'

/** What a run needs. */
export interface RunContext extends EngineDependencies {
  definition(hash: string): Promise<CompiledWorkflow>
  tell(change: InstanceChange): void
}

/** Steps that one instance may run, which ends a loop. */
const maxExecutedSteps = 1_000
/** Largest result of a step, in bytes of JSON. */
const maxOutputBytes = 256 * 1024
/** Longest run of a step's function. */
const maxStepMs = 600_000
const [firstRetryMs, longestRetryMs] = [250, 60_000]

type Line = Omit<JournalEntry, 'seq' | 'atMs'>

/** One run of an instance in this process. */
export class InstanceRun {
  readonly #id: string
  readonly #with: RunContext
  readonly #stop = new AbortController()

  constructor(id: string, context: RunContext) {
    this.#id = id
    this.#with = context
  }

  /** Ends the run at the next boundary; the step under way is asked again later. */
  abort(): void {
    this.#stop.abort()
  }

  /** Runs steps until there is nothing more to do now. */
  async whole(): Promise<void> {
    const found = await findInstance(this.#with.sql, this.#id)
    if (found?.step === undefined || !isOpen(found)) return
    const workflow = await this.#with.definition(found.definitionHash)
    const journal = await journalOf(this.#with.sql, this.#id)
    const completed = journal.filter(({ kind }) => kind === 'completed')
    const results = new Map(completed.map(({ step, output }) => [step, output ?? null]))
    let step = workflow.steps.get(found.step)
    let attempts = found.attempts
    let executed = completed.length
    while (step !== undefined && !this.#stop.signal.aborted) {
      executed += 1
      const next = await this.#step(workflow, { step, results, attempts, executed })
      if (next === 'pause') return
      step = next
      attempts = 0
    }
  }

  /** Runs one step; what follows it, nothing at the end, or a pause. */
  async #step(
    workflow: CompiledWorkflow,
    { step, results, attempts, executed }: Turn,
  ): Promise<Step | undefined | 'pause'> {
    const instance = await findInstance(this.#with.sql, this.#id)
    if (instance === undefined || !isOpen(instance)) return 'pause'
    const attempt = attempts + 1
    let input: Json | undefined
    try {
      if (executed > maxExecutedSteps) {
        const message = `the instance has run ${maxExecutedSteps} steps, which is the limit`
        throw new AppError({ code: 'workflow/too-many-steps', message })
      }
      const data = dataOf(instance, results)
      input = step.task.kind === 'call' ? step.task.input(data) : undefined
      if (instance.status === 'running') await this.#started(instance, { step, attempt, input })
      this.#with.observe?.('started', this.#id, step.name)
      const visit = results.has(step.name) ? executed : 0
      const { outcome, next } = await this.#perform(step, data, { input, attempt, visit })
      this.#with.observe?.('performed', this.#id, step.name)
      if (outcome.kind === 'waiting') {
        await this.#waits(instance, { step, attempt, input }, outcome)
        return 'pause'
      }
      checkSize(outcome.output, step.name)
      const following = await this.#completed(instance, { step, attempt, input, outcome, next })
      this.#with.observe?.('journaled', this.#id, step.name)
      results.set(step.name, outcome.output)
      return following === undefined ? undefined : workflow.steps.get(following)
    } catch (error) {
      if (this.#stop.signal.aborted) return 'pause'
      await this.#failed(instance, { step, attempt, input }, error)
      return 'pause'
    }
  }

  async #perform(
    { name, task, next }: Step,
    data: Json,
    { input, attempt, visit }: { input: Json | undefined; attempt: number; visit: number },
  ): Promise<{ outcome: StepOutcome; next: string | undefined }> {
    if (task.kind === 'set') return { outcome: { kind: 'done', output: task.value(data) }, next }
    if (task.kind === 'switch') {
      const taken = task.cases.find(({ when }) => when === undefined || isTrue(when(data)))
      const output = { case: taken?.name ?? null }
      return { outcome: { kind: 'done', output }, next: taken ? taken.goesTo : next }
    }
    const call = this.#with.functions[task.function]
    if (call === undefined) {
      const message = `the function "${task.function}" is not there any more`
      throw new AppError({ code: 'workflow/unknown-function', message })
    }
    const idempotencyKey =
      `0x${createHash('sha256').update(`${this.#id}\n${name}\n${visit}`).digest('hex')}` as const
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(maxStepMs)])
    const context = { instanceId: this.#id, step: name, idempotencyKey, attempt, signal }
    return { outcome: await call(input ?? null, context), next }
  }

  #started(instance: StoredInstance, { step, attempt, input }: Asked): Promise<boolean> {
    const line: Line = { ...lineOf(step, attempt), kind: 'started', input }
    const update = {
      status: 'running',
      step: step.name,
      reason: undefined,
      attempts: attempt,
    } as const
    return this.#write(instance, line, update)
  }

  /** Journals a result, with what the function writes along; gives the step that follows. */
  async #completed(
    instance: StoredInstance,
    { step, attempt, input, outcome, next }: Asked & { outcome: Done; next: string | undefined },
  ): Promise<string | undefined> {
    const line: Line = {
      ...lineOf(step, attempt),
      kind: 'completed',
      input,
      output: outcome.output,
    }
    const ends = next === undefined
    const update = {
      status: ends ? 'completed' : 'running',
      step: next,
      reason: undefined,
      attempts: 0,
      ...(ends ? { output: outcome.output } : {}),
    } as const
    const stillOpen = await this.#write(instance, line, update, outcome.commit)
    return stillOpen ? next : undefined
  }

  async #waits(
    instance: StoredInstance,
    { step, attempt, input }: Asked,
    { reason, retryAfterMs }: Extract<StepOutcome, { kind: 'waiting' }>,
  ): Promise<void> {
    const wakeAtMs = this.#with.clock.nowMs() + retryAfterMs
    const update = {
      status: 'waiting',
      step: step.name,
      reason,
      attempts: attempt,
      wakeAtMs,
    } as const
    const line: Line = { ...lineOf(step, attempt), kind: 'waiting', input, error: reason }
    // One line for a reason, however often it is asked.
    const isNew = instance.status !== 'waiting' || instance.reason !== reason
    await this.#write(instance, isNew ? line : undefined, update)
  }

  async #failed(
    instance: StoredInstance,
    { step, attempt, input }: Asked,
    error: unknown,
  ): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error)
    const final =
      (error instanceof AppError && error.retry === 'never') || attempt >= step.maxAttempts
    const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempt - 1, 16))
    const wakeAtMs = this.#with.clock.nowMs() + Math.round(wait * (0.5 + this.#with.random() / 2))
    const line: Line = {
      ...lineOf(step, attempt),
      ...{ kind: final ? 'failed' : 'retrying', input, error: reason },
    }
    const status = final ? 'failed' : 'running'
    await this.#write(instance, line, {
      status,
      step: step.name,
      reason,
      attempts: attempt,
      wakeAtMs,
    })
  }

  /**
   * Writes a line and the instance in one transaction; whether the instance is still open. One that was cancelled
   * meanwhile keeps its status, and the line that says what happened.
   */
  async #write(
    before: StoredInstance,
    line: Line | undefined,
    update: Omit<InstanceUpdate, 'wakeAtMs'> & { readonly wakeAtMs?: number },
    commit?: (session: SqlSession) => Promise<void>,
  ): Promise<boolean> {
    const nowMs = this.#with.clock.nowMs()
    const written = await this.#with.sql.transaction(async (session) => {
      const current = await findInstance(session, before.id)
      const open = current !== undefined && isOpen(current)
      await commit?.(session)
      const entry = line && (await addEntry(session, before.id, { ...line, atMs: nowMs }))
      if (open) await updateInstance(session, before.id, { wakeAtMs: nowMs, ...update, nowMs })
      return { open, entry, instance: (await findInstance(session, before.id)) ?? before }
    })
    const { open, entry, instance } = written
    if (entry) this.#with.tell({ instance, entry })
    return open
  }
}

type Done = Extract<StepOutcome, { kind: 'done' }>

interface Asked {
  readonly step: Step
  readonly attempt: number
  readonly input: Json | undefined
}

interface Turn {
  readonly step: Step
  readonly results: Map<string, Json>
  readonly attempts: number
  readonly executed: number
}

function lineOf({ name }: Step, attempt: number) {
  return { step: name, attempt, input: undefined, output: undefined, error: undefined }
}

function isOpen({ status }: { readonly status: string }): boolean {
  return status === 'running' || status === 'waiting'
}

function isTrue(value: Json): boolean {
  return value !== null && value !== false
}

/** What expressions see: the event with a reference of 32 bytes, the results so far, and the instance. */
function dataOf(instance: StoredInstance, results: ReadonlyMap<string, Json>): Json {
  const reference = toHex(keccak256(new TextEncoder().encode(instance.eventId)))
  return {
    event: { ...(instance.input as object), reference },
    steps: Object.fromEntries(results),
    instance: { id: instance.id, workflow: instance.workflow },
  }
}

function checkSize(output: Json, step: string): void {
  const { length } = JSON.stringify(output ?? null)
  if (length <= maxOutputBytes) return
  const message = `the result of "${step}" has ${length} bytes, over the limit of ${maxOutputBytes}`
  throw new AppError({ code: 'workflow/output-too-large', message })
}
