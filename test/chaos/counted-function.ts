/** Stands for a function of somebody else: does what it is asked, counts it by its idempotency key, and fails as it is told. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import type { FunctionFault } from './plan.ts'

/** One time that something was done. */
export interface Act {
  readonly name: string
  readonly key: string
  /** Amount of the deposit that it was about. */
  readonly amount: number
  readonly worker: number
  readonly startedAtMs: number
  /** Whether it was answered so that the caller knows of it. */
  isAnswered: boolean
}

/** How long the caller waits, in milliseconds; whoever hangs takes longer. */
export const patienceMs = 2_000

/** Functions behind one address; the worker that calls is a part of the path. */
export class CountedFunction {
  readonly acts: Act[] = []
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy())
  })
  fault: FunctionFault = 'none'

  /** Begins to serve. @returns its address */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return `http://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await text(request)) as { data: { amount: string } }
    const [, worker, name = ''] = (request.url ?? '').split('/')
    const { fault } = this
    if (fault === 'busy') {
      response.writeHead(503).end()
      return
    }
    const act: Act = {
      ...{ name, key: String(request.headers['idempotency-key']), worker: Number(worker) },
      ...{ amount: Number(body.data.amount), startedAtMs: Date.now(), isAnswered: false },
    }
    this.acts.push(act)
    if (fault === 'drops-after') {
      request.socket.destroy()
      return
    }
    if (fault === 'hangs') await pause(patienceMs * 1.5)
    if (fault === 'fails-after') {
      response.writeHead(500).end()
      return
    }
    act.isAnswered = fault === 'none'
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ isChecked: true, amount: body.data.amount }))
  }
}
