/** Gives tests of notifications a database, servers, and time that they move. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { systemTimer } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { SqlStore } from '../../store/sql.ts'
import { createGuardedHttp } from '../../workflow/guarded-http.ts'
import type { StepFunction } from '../../workflow/workflow.ts'
import type { Notifications } from '../notification.ts'
import { createNotifications, readNotificationOptions } from '../notifications.ts'
import { sinkDatabase } from './sink-world.ts'

type Test = { after(run: () => Promise<void> | void): void }

/** Notifications on a database of their own. */
export interface NotifyWorld {
  readonly notifications: Notifications
  readonly sql: SqlStore
  /** Moves the clock. */
  pass(ms: number): void
  /** Moves the clock; what is due then has been tried when it resolves. */
  passWhole(ms: number): Promise<void>
  /** Another program on the same database. */
  again(): Promise<Notifications>
  /** Completes a step as the engine does: its writes in one transaction with the journal. */
  complete(name: string, input: Json, n?: number): Promise<Json>
}

/** Makes a world that ends with the test; its sender runs. */
export async function notifyWorld(
  t: Test,
  section: Json = {},
  templates: readonly Json[] = [],
): Promise<NotifyWorld> {
  const sql = await sinkDatabase(t)
  let nowMs = Date.now()
  const http = createGuardedHttp({ allowHosts: ['127.0.0.0/8'] })
  const timer = { after: (ms: number, run: () => void) => systemTimer.after(Math.min(ms, 2), run) }
  const world = { logger: silentLogger, metrics: noMetrics, timer, clock: { nowMs: () => nowMs } }
  const make = async () => {
    const options = readNotificationOptions(section)
    const made = createNotifications(options, { ...world, sql, http, templates })
    t.after(() => made.stop())
    await made.start()
    return made
  }
  t.after(() => http.stop())
  const notifications = await make()
  /** The sender tells what is new at the beginning of each look: the second time one look is whole. */
  const look = async () => {
    const marker = { to: 'look', subject: 'look', body: 'look' }
    const heard = new Promise<void>((resolve) => {
      const end = notifications.subscribe(({ to }) => {
        if (to !== 'look') return
        end()
        resolve()
      })
    })
    await notifications.order({ channel: 'outbox', ...marker })
    await heard
  }
  const pass = (ms: number) => {
    nowMs += ms
    notifications.wake()
  }
  return {
    ...{ notifications, sql, pass, again: make },
    async passWhole(ms) {
      pass(ms)
      for (let time = 0; time < 2; time += 1) await look()
    },
    async complete(name, input, n = 1) {
      const step = notifications.functions[name] as StepFunction
      const outcome = await step(input, contextOf(n))
      assert.equal(outcome.kind, 'done')
      await sql.write(outcome.writes ?? [])
      notifications.wake()
      return outcome.output
    },
  }
}

/** The context of the n-th step of the instance `i1`. */
export function contextOf(n: number) {
  return {
    ...{ instanceId: 'i1', step: 's', attempt: 1, signal: new AbortController().signal },
    idempotencyKey: `0x${String(n).padEnd(64, '0')}` as const,
  }
}

/** Listens on a free port until the test ends. */
export async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A request as a stand-in sees it. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What a stand-in answers. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A server that answers as it is told; gives its origin. A stand-in that throws answers 400 with the reason. */
export async function standIn(t: Test, answer: (asked: Asked) => Answer): Promise<string> {
  const server = createHttpServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url: path = '', headers } = request
    let told: Answer
    try {
      told = answer({ method, path, headers, body: Buffer.concat(chunks) })
    } catch (error) {
      told = { status: 400, body: JSON.stringify({ description: String(error) }) }
    }
    response.writeHead(told.status, told.headers).end(told.body)
  })
  return `http://127.0.0.1:${await listening(t, server)}`
}
