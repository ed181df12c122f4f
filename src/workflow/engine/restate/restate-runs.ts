/** Has instances run by a Restate cluster: rows that are due are told to it, and it asks this process to run them. */

import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import {
  createEndpointHandler,
  createWorkflowHandler,
  type WorkflowContext,
  workflow,
} from '@restatedev/restate-sdk'
import { AppError } from '../../../base/app-error.ts'
import type { Json } from '../../../base/json-rpc.ts'
import type { SqlWrite } from '../../../store/sql.ts'
import { isOpen } from '../../workflow.ts'
import { instanceOf } from '../instance-rows.ts'
import type { RunParts } from '../run.ts'
import type { InstanceRuns, RunsParts } from '../runs.ts'
import { type Invocation, runInstance } from './instance-handler.ts'
import { leavingOf } from './invocation-rows.ts'

/** Where the cluster is, and where it finds this process. */
export interface RestateOptions {
  /** URL of its ingress. */
  readonly ingress: string
  /** URL of its admin API, with which this process is registered. */
  readonly admin: string
  /** Name of the service; several nodes of one database share it. Default `quantumstream`. */
  readonly service?: string
  /** Where the endpoint of this process listens; port 0 takes a free one. */
  readonly host: string
  readonly port: number
  /** URL under which the cluster reaches the endpoint; by default host and port. */
  readonly endpoint?: string
}

/** Pause after the cluster did not answer. */
const restMs = 1_000
const requestMs = 30_000
/** How long an invocation may take to look, or to end, and how often that is looked for. */
const leavingMs = 10_000
const lookMs = 20

/** Runs of an engine on a cluster. */
export class RestateRuns implements InstanceRuns {
  readonly #options: RestateOptions
  readonly #with: RunsParts
  readonly #telling = new Set<string>()
  /** Instances that were due once more while they were told. */
  readonly #missed = new Set<string>()
  readonly #sessions = new Set<ServerHttp2Session>()
  #server: Http2Server | undefined
  #isActive = false
  /** Before that the cluster does not know what to do with an instance. */
  #isRegistered = false

  constructor(options: RestateOptions, parts: RunsParts) {
    this.#options = options
    this.#with = parts
  }

  readonly owner = null

  get busy(): number {
    return this.#telling.size
  }

  get size(): number {
    return this.#telling.size
  }

  get(): undefined {
    return undefined
  }

  has(id: string): boolean {
    return this.#telling.has(id)
  }

  nextWaitMs(): undefined {
    return undefined
  }

  /** Listens, and registers this process with the cluster; both are tried again until they work. */
  open(): void {
    this.#isActive = true
    void this.#listen().then(() => this.#register())
  }

  begin({ row, insertion }: RunParts): void {
    const writes = insertion === undefined ? [] : [insertion]
    this.#begin(row.id, writes).catch((error: unknown) => this.#with.outcomes.fail(row.id, error))
  }

  async #begin(id: string, writes: readonly SqlWrite[]): Promise<void> {
    const { sql, outcomes, wake } = this.#with
    await sql.write(writes)
    const found = await sql.get('SELECT * FROM instances WHERE id = ?', id)
    if (found === undefined) return outcomes.failArchived(sql, id)
    const row = instanceOf(found)
    if (isOpen(row)) wake()
    else outcomes.settle(row)
  }

  /** Tells the cluster of an instance that is due. */
  async take(id: string): Promise<void> {
    if (!this.#isRegistered || !this.#isActive) return
    if (!this.#claim(id)) {
      this.#missed.add(id)
      return
    }
    try {
      await this.#tell(id)
    } catch (error) {
      await this.#postpone(id, error)
    } finally {
      this.#release(id)
    }
  }

  async #tell(id: string): Promise<void> {
    const { sql, outcomes } = this.#with
    const found = await sql.get('SELECT * FROM instances WHERE id = ?', id)
    if (found === undefined) return outcomes.failArchived(sql, id)
    const row = instanceOf(found)
    if (!isOpen(row)) outcomes.settle(row)
    const isDue = row.interrupt !== undefined || (isOpen(row) && row.status !== 'paused')
    const number = Number(found.invocation)
    if (found.awakeable !== null) {
      await this.#resolve(String(found.awakeable), 'look')
      if (await this.#isOver({ id, number })) await this.#passOn({ id, number })
    } else if (isDue) await this.#send({ id, number })
    await sql.run(
      'UPDATE instances SET wake_at_ms = NULL, owner = NULL WHERE id = ? AND nudge = ? AND invocation = ?',
      ...[id, row.nudge, number],
    )
  }

  /** Has its invocation look at what was changed: it has when this resolves, unless the cluster is away. */
  async look(id: string): Promise<void> {
    const { sql, clock, wake } = this.#with
    const due = 'UPDATE instances SET wake_at_ms = ? WHERE id = ? AND awakeable IS NOT NULL'
    if ((await sql.run(due, clock.nowMs(), id)) === 0) return
    const { awakeable } = (await this.#ears(id)) ?? {}
    wake()
    await this.#until(async () => (await this.#ears(id))?.awakeable !== awakeable)
  }

  /** Has the invocation of an instance end, changes the instance, and lets the next one begin. */
  async renew(id: string, change: () => Promise<void>): Promise<void> {
    const { sql, clock, wake } = this.#with
    // Who is told of it at this moment would be told to look, not to leave.
    if (!(await this.#until(async () => this.#claim(id)))) throw notResting(id)
    try {
      await this.#leaveIt(id)
      await change()
    } finally {
      this.#release(id)
      const due = `UPDATE instances SET wake_at_ms = ?, status = CASE WHEN status = 'waiting' THEN 'running' ELSE status END
        WHERE id = ? AND wake_at_ms IS NOT NULL`
      await sql.run(due, clock.nowMs(), id)
      wake()
    }
  }

  /** Keeps others of this process from telling of an instance; false while one does. */
  #claim(id: string): boolean {
    if (this.#telling.has(id)) return false
    this.#telling.add(id)
    return true
  }

  /** What was due again meanwhile, nobody has told. */
  #release(id: string): void {
    this.#telling.delete(id)
    if (this.#missed.delete(id)) this.#with.wake()
  }

  async #leaveIt(id: string): Promise<void> {
    const before = await this.#ears(id)
    let told: unknown = null
    const hasLeft = async () => {
      const { invocation, awakeable } = (await this.#ears(id)) ?? {}
      if (invocation !== before?.invocation || typeof awakeable !== 'string') return true
      // Told to look by somebody else, it has another ear.
      if (awakeable !== told) await this.#resolve(awakeable, 'leave')
      told = awakeable
      return false
    }
    if (!(await this.#until(hasLeft))) throw notResting(id)
  }

  /** Whether an invocation has ended, whoever ended it. */
  async #isOver(invocation: Invocation): Promise<boolean> {
    const { ingress, service = 'quantumstream' } = this.#options
    const url = `${ingress}/restate/workflow/${service}/${keyOf(invocation)}/output`
    const response = await fetch(url, { signal: AbortSignal.timeout(requestMs) })
    const text = await response.text()
    // What the ingress says by itself is that it goes on, or that there is trouble.
    return response.ok || response.status === 404 || text.includes('"source":"invocation"')
  }

  /** Leaves an instance to its next invocation; one that has ended by itself has done so. */
  async #passOn(invocation: Invocation): Promise<void> {
    const { sql, clock, wake } = this.#with
    const passing = leavingOf(invocation, clock.nowMs())
    if ((await sql.run(passing.sql, ...passing.values)) === 1) wake()
  }

  /** The invocation that an instance is with, and how it is told. */
  #ears(id: string) {
    return this.#with.sql.get('SELECT invocation, awakeable FROM instances WHERE id = ?', id)
  }

  /** Whether something has come about within the time that an invocation may take. */
  async #until(isSo: () => Promise<boolean>): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < leavingMs; waitedMs += lookMs) {
      if (await isSo()) return true
      await pause(lookMs)
    }
    return false
  }

  /** Has an invocation of its own run an instance, without waiting for an outcome; one that was begun before goes on. */
  async #send(invocation: Invocation): Promise<void> {
    const { ingress, service = 'quantumstream' } = this.#options
    await post(`${ingress}/${service}/${keyOf(invocation)}/run/send`, { ...invocation }, [409])
  }

  /** Tells an invocation; one that has ended meanwhile need not know. */
  async #resolve(awakeable: string, what: 'look' | 'leave'): Promise<void> {
    await post(`${this.#options.ingress}/restate/awakeables/${awakeable}/resolve`, what, [404, 409])
  }

  async #postpone(id: string, error: unknown): Promise<void> {
    const { sql, clock, logger, timer } = this.#with
    logger.warn('Restate could not be told of an instance', { instance: id, error: String(error) })
    const postponed = 'UPDATE instances SET wake_at_ms = ? WHERE id = ? AND wake_at_ms IS NOT NULL'
    await sql.run(postponed, clock.nowMs() + restMs, id).catch(() => {})
    timer.after(restMs, () => this.#with.wake())
  }

  /** A port that somebody else has, as the last run of this program, may be free soon. */
  async #listen(): Promise<void> {
    const { host, port } = this.#options
    while (this.#isActive) {
      const server = this.#endpoint()
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject)
          server.listen(port, host, resolve)
        })
        if (this.#isActive) this.#server = server
        else server.close()
        return
      } catch (error) {
        const message = `the endpoint for Restate cannot listen on ${host}:${port}`
        this.#with.logger.warn(message, { error: String(error) })
        await this.#rest()
      }
    }
  }

  #endpoint(): Http2Server {
    const services = [this.#service()]
    const server = createServer(createEndpointHandler({ services, logger: () => {} }))
    server.on('session', (session) => {
      this.#sessions.add(session)
      session.on('close', () => this.#sessions.delete(session))
      session.on('error', () => {})
    })
    return server
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => this.#with.timer.after(restMs, resolve))
  }

  #service() {
    const run = createWorkflowHandler((context: WorkflowContext, invocation: Invocation) =>
      runInstance(context, invocation, this.#with),
    )
    return workflow({
      name: this.#options.service ?? 'quantumstream',
      handlers: { run },
      options: {
        // Actions may take as long as the engine lets them; only then is an attempt given up.
        ...{ inactivityTimeout: { minutes: 1 }, abortTimeout: { minutes: 15 } },
        retryPolicy: {
          ...{ initialInterval: 100, exponentiationFactor: 2, maxInterval: 5_000 },
          // A process may be away for long.
          maxAttempts: 1_000_000_000,
        },
      },
    })
  }

  async #register(): Promise<void> {
    const { host, admin } = this.#options
    while (this.#isActive) {
      const { port } = (this.#server?.address() ?? { port: 0 }) as AddressInfo
      const uri = this.#options.endpoint ?? `http://${host}:${port}`
      try {
        await post(`${admin}/deployments`, { uri, force: true }, [])
        this.#with.logger.info('registered with Restate', { uri })
        this.#isRegistered = true
        return this.#with.wake()
      } catch (error) {
        this.#with.logger.warn('Restate does not take this process', { uri, error: String(error) })
        await this.#rest()
      }
    }
  }

  async drain(): Promise<void> {}

  /** What is under way is asked again by the cluster, here after the next start or of another process. */
  async stop(): Promise<void> {
    this.#isActive = false
    for (const session of this.#sessions) session.destroy()
    const server = this.#server
    this.#server = undefined
    if (server?.listening) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  abandon(): void {}
}

function notResting(id: string): AppError {
  const message = `instance "${id}" does not come to rest: pause it first`
  return new AppError({ code: 'workflow/wrong-status', message, retry: 'later' })
}

function keyOf({ id, number }: Invocation): string {
  return encodeURIComponent(`${id}~${number}`)
}

async function post(url: string, body: Json, alsoFine: readonly number[]): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(requestMs),
  })
  const text = await response.text()
  if (response.ok || alsoFine.includes(response.status)) return
  const message = `${url} answered ${response.status}: ${text.slice(0, 500)}`
  throw new AppError({ code: 'workflow/restate-away', message, retry: 'later' })
}
