/** Runs workflows durably: each step's result is on disk before the next step starts. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Json } from '../base/json-rpc.ts'
import type { SqlSession } from '../store/sql.ts'
import { Announcements, type NotedLine } from './announcements.ts'
import { contractMigrations } from './contract-book.ts'
import { type CompiledWorkflow, compileWorkflow } from './definition.ts'
import type { EngineDependencies } from './engine-dependencies.ts'
import { cancelInstances, startInstance } from './instance-intake.ts'
import { InstanceRun, type StoredDefinition } from './instance-run.ts'
import {
  dueInstances,
  engineMigrations,
  findInstance,
  instanceDetail,
  listInstances,
  nextWake,
  postpone,
  writeEnd,
} from './instance-store.ts'
import { keptReason } from './kept-json.ts'
import { senderMigrations } from './transaction-sender.ts'
import type {
  DeployedWorkflow,
  InstanceChange,
  InstanceStatus,
  WorkflowEngine,
} from './workflow.ts'

/** Tables of this room. */
export const workflowMigrations = [...engineMigrations, ...senderMigrations, ...contractMigrations]

/** Instances that run at the same time. */
const maxRunning = 64
/** Pause after the database failed, of the engine or of the instance that met it. */
const restMs = 1_000
/** Longest sleep of the engine; timers of the machine cannot count much further than 24 days. */
const longestSleepMs = 3_600_000
/** How long a stop waits for functions that do not listen to their signal. */
const maxStopMs = 5_000

/** An engine over a database with `workflowMigrations`. */
export function createWorkflowEngine(dependencies: EngineDependencies): WorkflowEngine {
  return new Engine(dependencies)
}

interface Running {
  readonly run: InstanceRun
  readonly done: Promise<void>
}

class Engine implements WorkflowEngine {
  readonly #with: EngineDependencies
  readonly #deployed = new Map<string, CompiledWorkflow>()
  /** Definitions by hash, of running instances too. */
  readonly #compiled = new Map<string, CompiledWorkflow>()
  readonly #running = new Map<string, Running>()
  readonly #announcements: Announcements
  #active = false
  /** After the database failed: nothing is looked at. */
  #resting = false
  #pumpWanted = false
  #pumping: Promise<void> = Promise.resolve()
  #cancelWake = () => {}
  #cancelRest = () => {}

  constructor(dependencies: EngineDependencies) {
    this.#with = dependencies
    this.#announcements = new Announcements({
      ...{ sql: dependencies.sql, logger: dependencies.logger },
      cancelled: (id) => this.#running.get(id)?.run.interrupt(),
    })
    const [name, help] = ['quantumstream_workflow_instances_total', 'Instances that ended']
    const finished = dependencies.metrics.counter(name, help, ['workflow', 'status'])
    this.#announcements.subscribe(({ instance: { status, workflow } }) => {
      if (['completed', 'failed', 'cancelled'].includes(status)) {
        finished.add(1, { workflow, status })
      }
    })
  }

  async deploy(definition: Json): Promise<DeployedWorkflow> {
    const compiled = compileWorkflow(definition, Object.keys(this.#with.functions))
    const { name, hash } = compiled.deployed
    await this.#with.sql.run(
      'INSERT INTO definitions VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING',
      ...[hash, name, JSON.stringify(definition)],
    )
    this.#deployed.set(name, compiled)
    this.#compiled.set(hash, compiled)
    return compiled.deployed
  }

  workflows(): readonly DeployedWorkflow[] {
    return [...this.#deployed.values()].map(({ deployed }) => deployed)
  }

  startFor: WorkflowEngine['startFor'] = async (session, event) => {
    const ids: string[] = []
    const nowMs = this.#with.clock.nowMs()
    for (const workflow of this.#deployed.values()) {
      if (workflow.eventName !== event.name) continue
      const started = await startInstance(session, workflow, { event, nowMs })
      if (started === undefined) continue
      ids.push(started.id)
      if (started.line) await this.#noteEnd(session, started.line)
    }
    return ids
  }

  cancelFor: WorkflowEngine['cancelFor'] = async (session, eventId, reason) => {
    const nowMs = this.#with.clock.nowMs()
    for (const line of await cancelInstances(session, eventId, { reason, nowMs })) {
      await this.#noteEnd(session, line)
    }
  }

  async #noteEnd(session: SqlSession, line: NotedLine): Promise<void> {
    this.#announcements.note(line)
    const instance = await findInstance(session, line.id)
    if (instance) await writeEnd(session, instance, this.#with.ended)
  }

  wake(): void {
    if (!this.#active || this.#resting || this.#pumpWanted) return
    this.#pumpWanted = true
    this.#pumping = this.#pumping.then(async () => {
      this.#pumpWanted = false
      await this.#pump().catch((error: unknown) => this.#rest(error))
    })
  }

  get: WorkflowEngine['get'] = (id) => instanceDetail(this.#with.sql, id)

  list: WorkflowEngine['list'] = (query) => listInstances(this.#with.sql, query)

  async counts(): Promise<Readonly<Record<InstanceStatus, number>>> {
    const rows = await this.#with.sql.all(
      'SELECT status, count(*) AS n FROM instances GROUP BY status',
    )
    const none = { running: 0, waiting: 0, completed: 0, failed: 0, cancelled: 0 }
    return { ...none, ...Object.fromEntries(rows.map(({ status, n }) => [status, n])) }
  }

  subscribe(listener: (change: InstanceChange) => void): () => void {
    return this.#announcements.subscribe(listener)
  }

  async start(): Promise<void> {
    this.#active = true
    this.#resting = false
    this.wake()
  }

  async stop(): Promise<void> {
    this.#active = false
    this.#cancelWake()
    this.#cancelRest()
    for (const { run } of this.#running.values()) run.interrupt()
    const cancelAlarm = this.#with.timer.after(maxStopMs, () => {
      for (const [instance, { run }] of this.#running) {
        this.#with.logger.warn('a step did not end when it was told to', { instance })
        run.abandon()
      }
    })
    await this.#pumping
    await Promise.all([...this.#running.values()].map(({ done }) => done))
    cancelAlarm()
  }

  /** Tells what was committed, starts what is due as far as there is room, and sets the alarm for what is not. */
  async #pump(): Promise<void> {
    if (!this.#active || this.#resting) return
    await this.#announcements.flush()
    const { sql, clock } = this.#with
    const nowMs = clock.nowMs()
    for (const id of await dueInstances(sql, nowMs, maxRunning * 2)) {
      if (!this.#active || this.#running.size >= maxRunning) return
      if (!this.#running.has(id)) this.#begin(id)
    }
    const next = await nextWake(sql, nowMs)
    if (next !== undefined) this.#wakeIn(Math.min(longestSleepMs, Math.max(1, next - nowMs)))
  }

  #begin(id: string): void {
    const run = new InstanceRun(id, {
      ...this.#with,
      definition: (hash) => this.#definition(hash),
      tell: (change) => this.#announcements.tell(change),
    })
    const done = run
      .whole()
      .catch((error: unknown) => this.#putOff(id, error))
      // Sockets and timers come between two runs, whatever the instance does.
      .then(() => nextTurn())
      .then(() => {
        this.#running.delete(id)
        this.wake()
      })
    this.#running.set(id, { run, done })
  }

  /** An instance that could not be read or written is not due for a while: others come first. */
  async #putOff(id: string, error: unknown): Promise<void> {
    this.#with.logger.error('an instance stopped', { instance: id, error: String(error) })
    const wakeAtMs = this.#with.clock.nowMs() + restMs
    const { sql } = this.#with
    await postpone(sql, id, { reason: keptReason(error), wakeAtMs }).catch((second: unknown) =>
      this.#rest(second),
    )
  }

  /** The definition that an instance began with. */
  async #definition(hash: string): Promise<StoredDefinition> {
    const known = this.#compiled.get(hash)
    if (known) return { kind: 'usable', workflow: known }
    const row = await this.#with.sql.get('SELECT text FROM definitions WHERE hash = ?', hash)
    try {
      const workflow = compileWorkflow(JSON.parse(String(row?.text ?? 'null')) as Json)
      this.#compiled.set(hash, workflow)
      return { kind: 'usable', workflow }
    } catch (error) {
      return { kind: 'unusable', reason: `its definition cannot be used: ${keptReason(error)}` }
    }
  }

  #rest(error: unknown): void {
    this.#with.logger.error('the database of workflows failed', { error: String(error) })
    if (!this.#active || this.#resting) return
    this.#resting = true
    this.#cancelRest = this.#with.timer.after(restMs, () => {
      this.#resting = false
      this.wake()
    })
  }

  #wakeIn(delayMs: number): void {
    this.#cancelWake()
    if (this.#active) this.#cancelWake = this.#with.timer.after(delayMs, () => this.wake())
  }
}
