/** Has instances run by a Restate cluster: rows that are due are told to it, and it asks this process to run them. */

import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import {
  createEndpointHandler,
  createWorkflowHandler,
  createWorkflowSharedHandler,
  type WorkflowContext,
  type WorkflowSharedContext,
  workflow,
} from '@restatedev/restate-sdk'
import { AppError } from '../../../base/app-error.ts'
import type { Json } from '../../../base/json-rpc.ts'
import type { SqlWrite } from '../../../store/sql.ts'
import { isOpen } from '../../workflow.ts'
import { instanceOf, jsonOf } from '../instance-rows.ts'
import type { RunParts } from '../run.ts'
import type { InstanceRuns, RunsParts } from '../runs.ts'
import { hear, runInstance, type Told } from './instance-handler.ts'

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

/** Runs of an engine on a cluster. */
export class RestateRuns implements InstanceRuns {
  readonly #options: RestateOptions
  readonly #with: RunsParts
  readonly #telling = new Set<string>()
  readonly #sessions = new Set<ServerHttp2Session>()
  #server: Http2Server | undefined
  #isActive = false

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
    if (this.#telling.has(id) || !this.#isActive) return
    this.#telling.add(id)
    try {
      await this.#tell(id)
    } catch (error) {
      await this.#postpone(id, error)
    } finally {
      this.#telling.delete(id)
    }
  }

  async #tell(id: string): Promise<void> {
    const { sql, outcomes } = this.#with
    const found = await sql.get('SELECT * FROM instances WHERE id = ?', id)
    if (found === undefined) return outcomes.failArchived(sql, id)
    const row = instanceOf(found)
    if (!isOpen(row)) outcomes.settle(row)
    // The id of an instance follows from its event: the cluster starts it once.
    if (isOpen(row)) await this.#send(id, 'run', {})
    const { events, seqs } = await this.#events(id)
    const told: Told = {
      ...{
        life: row.life,
        interrupt: row.interrupt ?? null,
        isRunning: ['running', 'waiting'].includes(row.status),
      },
      ...{ events, answers: await this.#answers(id), children: await this.#children(id) },
    }
    await this.#send(id, 'tell', told as unknown as Json)
    const done = 'UPDATE instances SET wake_at_ms = NULL, owner = NULL WHERE id = ? AND nudge = ?'
    await sql.write([
      { sql: done, values: [id, row.nudge] },
      ...seqs.map((seq) => ({
        sql: 'UPDATE messages SET event = NULL WHERE seq = ?',
        values: [seq],
      })),
    ])
  }

  /** Events that were not told yet, each with its number in its inbox, which stays its own. */
  async #events(id: string) {
    const waiting = `FROM messages WHERE instance_id = ? AND event IS NOT NULL`
    const rows = await this.#with.sql.transaction(async (session) => {
      const fresh = await session.all(
        `SELECT seq, inbox ${waiting} AND number IS NULL ORDER BY seq LIMIT 1000`,
        id,
      )
      for (const { seq = 0, inbox = '' } of fresh) {
        await session.run(
          `UPDATE messages SET number = (SELECT coalesce(max(number), 0) + 1 FROM messages
            WHERE instance_id = ? AND inbox = ?) WHERE seq = ?`,
          ...[id, inbox, seq],
        )
      }
      return session.all(
        `SELECT seq, inbox, number, event ${waiting} AND number IS NOT NULL ORDER BY seq LIMIT 1000`,
        id,
      )
    })
    const events = rows.map(({ inbox, number, event }) => ({
      ...{ inbox: String(inbox), number: Number(number) },
      event: jsonOf(event) ?? null,
    }))
    return { events, seqs: rows.map(({ seq }) => Number(seq)) }
  }

  async #answers(id: string) {
    const rows = await this.#with.sql.all(
      `SELECT id, answer FROM questions WHERE instance_id = ? AND status = 'answered'`,
      id,
    )
    return rows.map((row) => ({ id: String(row.id), value: jsonOf(row.answer) ?? null }))
  }

  async #children(id: string) {
    const rows = await this.#with.sql.all(
      `SELECT * FROM instances WHERE parent_id = ? AND status IN ('completed', 'failed', 'cancelled', 'retracted')`,
      id,
    )
    return rows.map(instanceOf).map(({ id: child, status, output, problem }) => ({
      ...{ id: child, status },
      ...(output === undefined ? {} : { output }),
      ...(problem === undefined ? {} : { problem }),
    }))
  }

  /** Sends without waiting for an outcome. @throws AppError `workflow/restate-away` */
  async #send(id: string, handler: string, body: Json): Promise<void> {
    const { ingress, service = 'quantumstream' } = this.#options
    const url = `${ingress}/${service}/${encodeURIComponent(id)}/${handler}/send`
    // A workflow that was started before answers 409: it has what it needs.
    await post(url, body, [409])
  }

  async #postpone(id: string, error: unknown): Promise<void> {
    const { sql, clock, logger, timer } = this.#with
    logger.warn('Restate could not be told of an instance', { instance: id, error: String(error) })
    const postponed = 'UPDATE instances SET wake_at_ms = ? WHERE id = ? AND wake_at_ms IS NOT NULL'
    await sql.run(postponed, clock.nowMs() + restMs, id).catch(() => {})
    timer.after(restMs, () => this.#with.wake())
  }

  async #listen(): Promise<void> {
    const server = createServer(
      createEndpointHandler({ services: [this.#service()], logger: () => {} }),
    )
    server.on('session', (session) => {
      this.#sessions.add(session)
      session.on('close', () => this.#sessions.delete(session))
      session.on('error', () => {})
    })
    this.#server = server
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    }).catch((error: unknown) => {
      const message = `the endpoint for Restate cannot listen on ${host}:${port}`
      this.#with.logger.error(message, { error: String(error) })
    })
  }

  #service() {
    const run = createWorkflowHandler(async (context: WorkflowContext) => {
      await runInstance(context, this.#with)
    })
    const tell = createWorkflowSharedHandler((context: WorkflowSharedContext, told: Told) =>
      hear(context, told),
    )
    return workflow({
      name: this.#options.service ?? 'quantumstream',
      handlers: { run, tell },
      options: {
        // Actions may take as long as the engine lets them; only then is an attempt given up.
        ...{ inactivityTimeout: { minutes: 1 }, abortTimeout: { minutes: 15 } },
        retryPolicy: { initialInterval: 100, exponentiationFactor: 2, maxInterval: 5_000 },
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
        return this.#with.wake()
      } catch (error) {
        this.#with.logger.warn('Restate does not take this process', { uri, error: String(error) })
        await new Promise<void>((resolve) => this.#with.timer.after(restMs, resolve))
      }
    }
  }

  async renew(): Promise<void> {
    throw new AppError({
      code: 'workflow/not-on-restate',
      message: 'runs on Restate are not renewed',
    })
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
