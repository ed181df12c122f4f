/** Runs workflows durably: each step's result is on disk before the next step starts. */

import { createHash } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { type CompiledWorkflow, compileWorkflow } from './definition.ts'
import type { EngineDependencies } from './engine-dependencies.ts'
import { InstanceRun, type RunContext } from './instance-run.ts'
import {
  dueInstances,
  engineMigrations,
  instanceDetail,
  listInstances,
  nextWake,
} from './instance-store.ts'
import { senderMigrations } from './sender-store.ts'
import type {
  DeployedWorkflow,
  InstanceChange,
  InstanceStatus,
  WorkflowEngine,
} from './workflow.ts'

/** Tables of this room. */
export const workflowMigrations = [...engineMigrations, ...senderMigrations]

/** Instances that run at the same time. */
const maxRunning = 64
/** Largest data of an event, in bytes of JSON. */
const maxInputBytes = 256 * 1024

/** An engine over a database with `workflowMigrations`. */
export function createWorkflowEngine(dependencies: EngineDependencies): WorkflowEngine {
  return new Engine(dependencies)
}

class Engine implements WorkflowEngine {
  readonly #with: EngineDependencies
  readonly #deployed = new Map<string, CompiledWorkflow>()
  /** Definitions by hash, of running instances too. */
  readonly #compiled = new Map<string, CompiledWorkflow>()
  readonly #running = new Map<string, { readonly run: InstanceRun; readonly done: Promise<void> }>()
  readonly #listeners = new Set<(change: InstanceChange) => void>()
  readonly #finished
  #active = false
  #pumping: Promise<void> = Promise.resolve()
  #cancelWake = () => {}

  constructor(dependencies: EngineDependencies) {
    this.#with = dependencies
    this.#finished = dependencies.metrics.counter(
      ...([
        'quantumstream_workflow_instances_total',
        'Instances that ended',
        ['workflow', 'status'],
      ] as const),
    )
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
    const text = JSON.stringify(event.data)
    if (text.length > maxInputBytes) {
      const message = `event ${event.id} has ${text.length} bytes of data, over the limit of ${maxInputBytes}`
      throw new AppError({ code: 'workflow/event-too-large', message })
    }
    const started: string[] = []
    const nowMs = this.#with.clock.nowMs()
    for (const { deployed, eventName, first } of this.#deployed.values()) {
      if (eventName !== event.name) continue
      const id = createHash('sha256')
        .update(`${deployed.name}\n${event.id}`)
        .digest('hex')
        .slice(0, 32)
      const inserted = await session.run(
        `INSERT INTO instances (id, workflow, definition_hash, status, step, event_id, input, wake_at_ms,
          created_at_ms, updated_at_ms) VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?)
        ON CONFLICT (workflow, event_id) DO UPDATE SET status = 'running', reason = NULL, wake_at_ms = excluded.wake_at_ms,
          updated_at_ms = excluded.updated_at_ms WHERE instances.status = 'cancelled'`,
        ...[id, deployed.name, deployed.hash, first, event.id, text, nowMs, nowMs, nowMs],
      )
      if (inserted > 0) started.push(id)
    }
    return started
  }

  cancelFor: WorkflowEngine['cancelFor'] = async (session, eventId, reason) => {
    const nowMs = this.#with.clock.nowMs()
    await session.run(
      `UPDATE instances SET status = 'cancelled', reason = ?, updated_at_ms = ?
        WHERE event_id = ? AND status IN ('running', 'waiting')`,
      ...[reason, nowMs, eventId],
    )
  }

  wake(): void {
    if (!this.#active) return
    this.#pumping = this.#pumping
      .then(() => this.#pump())
      .catch((error: unknown) => {
        this.#with.logger.error('instances could not be read', { error: String(error) })
        this.#wakeIn(1_000)
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
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async start(): Promise<void> {
    this.#active = true
    this.wake()
  }

  async stop(): Promise<void> {
    this.#active = false
    this.#cancelWake()
    await this.#pumping
    for (const { run } of this.#running.values()) run.abort()
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  /** Starts what is due, as far as there is room, and sets the alarm for what is not. */
  async #pump(): Promise<void> {
    if (!this.#active) return
    const { sql, clock } = this.#with
    const nowMs = clock.nowMs()
    for (const id of await dueInstances(sql, nowMs, maxRunning * 2)) {
      if (this.#running.size >= maxRunning) return
      if (!this.#running.has(id)) this.#begin(id)
    }
    const next = await nextWake(sql, nowMs)
    if (next !== undefined) this.#wakeIn(Math.max(1, next - nowMs))
  }

  #begin(id: string): void {
    const run = new InstanceRun(id, this.#context())
    const done = run.whole().catch((error: unknown) => {
      this.#with.logger.error('an instance stopped', { instance: id, error: String(error) })
      this.#wakeIn(1_000)
    })
    const ended = done.then(() => {
      this.#running.delete(id)
      this.wake()
    })
    this.#running.set(id, { run, done: ended })
  }

  #context(): RunContext {
    return {
      ...this.#with,
      definition: (hash) => this.#definition(hash),
      tell: (change) => {
        const { status, workflow } = change.instance
        if (['completed', 'failed', 'cancelled'].includes(status)) {
          this.#finished.add(1, { workflow, status })
        }
        for (const listener of this.#listeners) listener(change)
      },
    }
  }

  /** The definition that an instance began with. */
  async #definition(hash: string): Promise<CompiledWorkflow> {
    const known = this.#compiled.get(hash)
    if (known) return known
    const row = await this.#with.sql.get('SELECT text FROM definitions WHERE hash = ?', hash)
    const definition = JSON.parse(String(row?.text ?? 'null')) as Json
    const compiled = compileWorkflow(definition, Object.keys(this.#with.functions))
    this.#compiled.set(hash, compiled)
    return compiled
  }

  #wakeIn(delayMs: number): void {
    this.#cancelWake()
    if (this.#active) this.#cancelWake = this.#with.timer.after(delayMs, () => this.wake())
  }
}
