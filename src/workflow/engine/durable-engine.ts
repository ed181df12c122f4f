/** Runs workflows durably on an SQL store: the face of the engine's parts. */

import { randomUUID } from 'node:crypto'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { RunnableWorkflow } from '../durable-context.ts'
import {
  type InstanceChange,
  isOpen,
  type RunOptions,
  type WorkflowEngine,
  type WorkflowName,
} from '../workflow.ts'
import { ChangeTail } from './change-tail.ts'
import { type Claims, defaultLeaseMs, leasedClaims, soleClaims } from './claims.ts'
import { restoreConsumed } from './consumed-events.ts'
import { cancelInstance, pauseInstance, resumeInstance, retryInstance } from './controls.ts'
import { DefinitionWatch } from './definition-watch.ts'
import { Definitions } from './definitions.ts'
import type { EngineDependencies } from './engine-dependencies.ts'
import { deliverToInboxes } from './inboxes.ts'
import { InstanceTally, instanceDetail, listInstances } from './instance-lists.ts'
import { freshRow, insertionOf, instanceOf, lives, type NewInstance } from './instance-rows.ts'
import {
  advanceInstances,
  eventIdOf,
  type IntakeContext,
  retractInstances,
  startFreed,
  startTriggered,
} from './intake.ts'
import { Journal } from './journal.ts'
import { changeAndTell } from './lifecycle.ts'
import { type EngineMeasures, engineMeasures } from './measures.ts'
import { migrateInstance } from './migration.ts'
import { Outcomes } from './outcomes.ts'
import { maxBusy, Pump } from './pump.ts'
import { listQuestions, openQuestions, takeAnswer } from './questions.ts'
import { replayInstance } from './replay.ts'
import type { RunEnvironment } from './run-environment.ts'
import { wakeInTime } from './run-limits.ts'
import { type InstanceRuns, Runs, type RunsParts } from './runs.ts'
import { keepSchedule, scheduleAfter } from './schedules.ts'
import { Signals } from './signals.ts'

/** How often the ends of instances that others run are looked for, while somebody waits for them. */
const outcomesMs = 500

/** An engine over a database with `engineMigrations`. */
export function createDurableEngine(dependencies: EngineDependencies): WorkflowEngine {
  return new DurableEngine(dependencies)
}

class DurableEngine implements WorkflowEngine {
  readonly #with: EngineDependencies
  readonly #listeners = new Set<(change: InstanceChange) => void>()
  readonly #definitions: Definitions
  readonly #outcomes = new Outcomes()
  readonly #claims: Claims
  readonly #runs: InstanceRuns
  readonly #pump: Pump
  readonly #tally: InstanceTally
  readonly #signals: Signals
  readonly #watch: DefinitionWatch
  readonly #tail: ChangeTail
  readonly #isWorker: boolean
  readonly #measures: EngineMeasures
  #isActive = false
  /** Events may be free whose instance was undone: they may begin another one. */
  #hasFreed = true
  #cancelLook = () => {}

  constructor(dependencies: EngineDependencies) {
    this.#with = dependencies
    this.#isWorker = dependencies.isWorker ?? true
    const {
      sql,
      clock,
      metrics,
      minimumLife = 'finalized',
      leaseMs = defaultLeaseMs,
    } = dependencies
    this.#definitions = new Definitions(sql, dependencies.compile)
    this.#tally = new InstanceTally(sql, clock)
    this.#signals = new Signals(dependencies)
    this.#tail = new ChangeTail({ ...dependencies, tell: (change) => this.#tell(change) })
    this.#watch = new DefinitionWatch({ ...dependencies, definitions: this.#definitions })
    this.#claims =
      sql.dialect === 'sqlite'
        ? soleClaims(sql)
        : leasedClaims({ ...dependencies, leaseMs, lost: () => this.#beginAnew() })
    this.#measures = engineMeasures(metrics, {
      counts: () => this.counts(),
      definitions: () => this.workflows().length,
      openQuestions: () => openQuestions(sql),
      runs: () => ({ held: this.#runs.size, busy: this.#runs.busy }),
    })
    const { runs: runsOf = (parts: RunsParts) => new Runs(parts) } = dependencies
    this.#runs = runsOf({
      ...{ ...dependencies, observe: dependencies.observe, traces: dependencies.traces },
      ...{ enoughLife: lives.indexOf(minimumLife) },
      ...{ definitions: this.#definitions, outcomes: this.#outcomes, measures: this.#measures },
      owner: () => this.#claims.owner(),
      isHeard: () => this.#listeners.size > 0,
      tell: (change) => this.#tell(change),
      childOf: (...asked) => this.#childOf(...asked),
      afterEnd: scheduleAfter,
      ended: (instance) => dependencies.ended?.(instance) ?? [],
      wake: () => this.wake(),
      waits: (untilMs) => this.#pump.wakeAt(untilMs),
      left: (row) => {
        if (!isOpen(row)) this.#measures.ended(row)
        if (row.status === 'retracted') this.#hasFreed = true
        if (row.parentId !== undefined) this.#wakeOwner(row.parentId)
        else if (this.#hasFreed) this.wake()
        else this.#pump.hasRoom()
      },
    })
    this.#pump = new Pump({
      ...{ ...dependencies, claims: this.#claims },
      ...{ definitions: this.#definitions, runs: this.#runs },
      deliver: (session, event) => this.deliver(session, event),
      lookAround: () => this.#lookAround(),
      pollMs: () => this.#pollMs(),
      tellOthers: () => this.#signals.due(),
    })
  }

  async deploy(workflow: RunnableWorkflow, { isKept = false } = {}): Promise<void> {
    const nowMs = this.#with.clock.nowMs()
    await this.#definitions.deploy(workflow, { nowMs, isKept })
    await keepSchedule(this.#with.sql, workflow, nowMs)
    if (isKept) await this.#signals.definitions()
    this.#watch.tell()
    this.wake()
  }

  watchWorkflows(changed: () => void): () => void {
    return this.#watch.add(changed)
  }

  workflows(): readonly RunnableWorkflow[] {
    return [...this.#definitions.deployed()]
  }

  pinned: WorkflowEngine['pinned'] = () => this.#definitions.pinned()
  definition: WorkflowEngine['definition'] = (hash) => this.#definitions.byHash(hash)

  async run(workflow: WorkflowName, input: Json, options: RunOptions = {}): Promise<Json> {
    const id = idOf(options)
    const { promise, isFirst } = this.#outcomes.of(id)
    if (isFirst && !this.#runs.has(id)) {
      // Whoever asks hears of the failure by the outcome.
      this.#startNow(this.#newInstance(workflow, input, id)).catch((error: unknown) =>
        this.#outcomes.fail(id, error),
      )
    }
    return promise
  }

  begin: WorkflowEngine['begin'] = async (workflow, input, options = {}) => {
    const traceparent = this.#with.traces && options.traceparent
    const fresh = this.#newInstance(workflow, input, idOf(options))
    const row = { ...fresh, owner: null, traceparent }
    await this.#with.sql.write([insertionOf(row)])
    this.wake()
    return row.id
  }

  deliver: WorkflowEngine['deliver'] = async (session, event, life) => {
    const context = this.#intake()
    const { evaluate, nowMs } = context
    const ids = await startTriggered(session, event, { life, context })
    const [eventId, isChain] = [eventIdOf(event, life), life !== undefined]
    if (isChain) await restoreConsumed(session, eventId, nowMs)
    const delivery = { eventId, isChain, evaluate, nowMs }
    return [...ids, ...(await deliverToInboxes(session, event, delivery))]
  }

  #intake(): IntakeContext {
    const { evaluate, clock, traces, ended = () => [] } = this.#with
    const workflows = this.#definitions.deployed()
    return { workflows, evaluate, nowMs: clock.nowMs(), ended, traces }
  }

  advance: WorkflowEngine['advance'] = (session, eventIds, life) =>
    advanceInstances(session, eventIds, { life, nowMs: this.#with.clock.nowMs() })

  retract: WorkflowEngine['retract'] = (session, eventId) =>
    retractInstances(session, eventId, this.#with.clock.nowMs())

  wake(): void {
    if (this.#isWorker) this.#pump.wake()
    this.#signals.due()
  }

  async cancel(id: string, reason: string): Promise<void> {
    await cancelInstance(this.#with.sql, id, { reason, nowMs: this.#with.clock.nowMs() })
    this.wake()
  }

  async pause(id: string): Promise<void> {
    const { owner } = this.#runs
    const phase = 'suspended'
    await changeAndTell(this.#with, { id, phase }, (sql) => pauseInstance(sql, id, owner))
    await this.#runs.look(id)
  }

  async resume(id: string): Promise<void> {
    const nowMs = this.#with.clock.nowMs()
    const phase = 'resumed'
    await changeAndTell(this.#with, { id, phase }, (sql) => resumeInstance(sql, id, nowMs))
    this.wake()
  }

  async retry(id: string, fromStep?: string): Promise<void> {
    const about = { fromStep, nowMs: this.#with.clock.nowMs() }
    const phase = 'resumed'
    await changeAndTell(this.#with, { id, phase }, (sql) => retryInstance(sql, id, about))
    await this.#watch.look({ isTold: true })
    await this.#signals.definitions()
    this.wake()
  }

  migrate: WorkflowEngine['migrate'] = async (id, definitionHash) => {
    const nowMs = this.#with.clock.nowMs()
    const parts = { sql: this.#with.sql, definitions: this.#definitions, runs: this.#runs, nowMs }
    await migrateInstance(parts, id, definitionHash)
    this.wake()
  }

  replay: WorkflowEngine['replay'] = (id, definition) =>
    replayInstance({ sql: this.#with.sql, definitions: this.#definitions }, id, definition)

  questions: WorkflowEngine['questions'] = (query) => listQuestions(this.#with.sql, query)

  async answer(questionId: string, who: string, answer: Json): Promise<void> {
    const nowMs = this.#with.clock.nowMs()
    await this.#with.sql.transaction((session) =>
      takeAnswer(session, { id: questionId, who, answer, nowMs }),
    )
    this.wake()
  }

  get: WorkflowEngine['get'] = async (id) => {
    const found = await instanceDetail(this.#with.sql, id)
    const step = this.#runs.get(id)?.step
    return found?.status === 'running' && step !== undefined ? { ...found, step } : found
  }

  list: WorkflowEngine['list'] = (query) => listInstances(this.#with.sql, query)

  counts: WorkflowEngine['counts'] = () => this.#tally.counts()

  subscribe(listener: (change: InstanceChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async start(): Promise<void> {
    await this.#watch.start({ isShared: this.#with.sql.dialect === 'postgres' })
    this.#isActive = true
    this.#signals.listen({
      due: () => this.#pump.wake(),
      definitions: () => void this.#watch.look({ isTold: true }),
    })
    if (!this.#isWorker) return this.#tail.start()
    await this.#claims.start()
    await wakeInTime(this.#with.sql, this.#with.maxRunMs)
    this.#runs.open()
    this.#pump.start()
  }

  async stop(): Promise<void> {
    if (!this.#isActive) return
    this.#isActive = false
    this.#measures.end()
    this.#watch.stop()
    this.#tail.stop()
    this.#cancelLook()
    if (this.#isWorker) {
      await this.#pump.stop()
      await this.#runs.drain(this.#with.drainMs ?? 0)
      await this.#runs.stop()
      await this.#claims.stop()
      this.#signals.due()
    }
    await this.#signals.stop()
    const message = 'the engine has stopped; the instance goes on with its next start'
    for (const id of this.#outcomes.awaited()) {
      this.#outcomes.fail(id, new AppError({ code: 'workflow/stopped', message, retry: 'later' }))
    }
  }

  /** Where workers elsewhere run what somebody waits for here. */
  #lookLater(): void {
    if (this.#isWorker || !this.#isActive || this.#outcomes.awaited().length === 0) return
    this.#cancelLook()
    this.#cancelLook = this.#with.timer.after(outcomesMs, async () => {
      await this.#lookAround().catch(() => {})
      this.#lookLater()
    })
  }

  #pollMs(): number {
    if (this.#outcomes.awaited().some((id) => !this.#runs.has(id))) return outcomesMs
    return (this.#with.leaseMs ?? defaultLeaseMs) / 3
  }

  /** An instance that waits for another one may be with another worker. */
  #wakeOwner(id: string): void {
    if (this.#runs.has(id)) this.#pump.wake()
    else this.wake()
  }

  /** What it had is others' by now; it takes what is due as a new worker. */
  #beginAnew(): void {
    this.#runs.abandon()
    this.wake()
  }

  /** A run of its own if there is room, else what is due when there is. */
  async #startNow(row: NewInstance): Promise<void> {
    const workflow = await this.#definitions.byHash(row.definitionHash)
    if (workflow === undefined) throw new Error(`no definition ${row.definitionHash}`)
    const write = insertionOf(row)
    if (this.#isWorker && this.#isActive && this.#runs.busy < maxBusy) {
      const journal = new Journal(row.id)
      this.#runs.begin({ row: freshRow(row), journal, workflow, insertion: write })
      return
    }
    await this.#with.sql.write([insertionOf({ ...row, owner: null })])
    await this.#settleEnded(row.id)
    this.wake()
    this.#lookLater()
  }

  #newInstance(name: WorkflowName, input: Json, id: string): NewInstance {
    const { namespace, name: workflow, hash } = this.#definitions.named(name)
    return {
      ...{ id, namespace, workflow, definitionHash: hash, input, depth: 0, life: lives.length - 1 },
      ...{ eventId: undefined, parentId: undefined, traceparent: undefined },
      nowMs: this.#with.clock.nowMs(),
      owner: this.#isWorker ? this.#claims.owner() : null,
    }
  }

  #childOf: RunEnvironment['childOf'] = (run, child, id) => {
    const { name, namespace, version, input, awaited } = child
    const which = version === 'latest' ? { name, namespace } : { name, namespace, version }
    const parent = { parentId: awaited ? run.id : undefined, depth: run.row.depth + 1 }
    const traceparent = this.#with.traces?.ofInstance(run.row)
    return { ...this.#newInstance(which, input, id), ...parent, traceparent, owner: null }
  }

  /** Where others may have ended what somebody waits for here. */
  async #lookAround(): Promise<void> {
    if (this.#hasFreed) {
      this.#hasFreed = false
      try {
        if (await startFreed(this.#with.sql, this.#intake())) this.wake()
      } catch (error) {
        this.#hasFreed = true
        throw error
      }
    }
    if (this.#claims.owner() === null) return
    for (const id of this.#outcomes.awaited()) {
      if (this.#runs.get(id) === undefined) await this.#settleEnded(id)
    }
  }

  async #settleEnded(id: string): Promise<void> {
    const found = await this.#with.sql.get('SELECT * FROM instances WHERE id = ?', id)
    if (found === undefined) return this.#outcomes.failArchived(this.#with.sql, id)
    const row = instanceOf(found)
    if (!isOpen(row)) this.#outcomes.settle(row)
  }

  #tell(change: InstanceChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (error) {
        const { id: instance } = change.instance
        this.#with.logger.error('a subscriber failed', { instance, error: String(error) })
      }
    }
  }
}

/** @throws AppError `workflow/bad-input` */
function idOf({ id = randomUUID() }: RunOptions): string {
  if (id.length > 0 && id.length <= 200) return id
  const message = 'the id of an instance has 1 to 200 characters'
  throw new AppError({ code: 'workflow/bad-input', message })
}
