/** Serves JSON-RPC of a chain as an endpoint that lags, lies, drops, is slow or limits, as it is told. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../src/base/app-error.ts'
import type { Json } from '../../src/base/json-rpc.ts'
import type { Chance } from '../fuzz/chance.ts'
import type { ChaosChain } from './chaos-chain.ts'
import type { EndpointFault } from './plan.ts'

/** Faults by which an endpoint lies; of several endpoints one lies at a time, or nobody could tell who. */
const lies = new Set<EndpointFault['kind']>(['hides', 'forges', 'left-behind'])

interface Request {
  readonly id: Json
  readonly method: string
  readonly params?: readonly Json[]
}

interface EndpointParts {
  readonly chance: Chance
  /** Whether it hides some logs of a block; else all of it or none. */
  readonly hidesParts: boolean
}

/** A running endpoint. */
export class FaultyEndpoint {
  readonly #chain: ChaosChain
  readonly #chance: Chance
  readonly #hidesParts: boolean
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy())
  })
  fault: EndpointFault = { kind: 'none' }
  requests = 0

  constructor(chain: ChaosChain, { chance, hidesParts }: EndpointParts) {
    this.#chain = chain
    this.#chance = chance
    this.#hidesParts = hidesParts
  }

  get isLying(): boolean {
    return lies.has(this.fault.kind)
  }

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
    const asked = JSON.parse(await text(request)) as Request | readonly Request[]
    this.requests += 1
    const { fault } = this
    const isStruck = this.#chance.oneIn(2)
    if (fault.kind === 'slow') await pause(fault.ms)
    if (fault.kind === 'limits' && isStruck) {
      response.writeHead(429, { 'retry-after': '1' }).end()
      return
    }
    const answers: unknown[] = []
    for (const one of [asked].flat()) answers.push(await this.#answer(one as Request))
    // Whoever asked does not learn that it was done.
    if (fault.kind === 'drops' && isStruck) {
      request.socket.destroy()
      return
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(Array.isArray(asked) ? answers : answers[0]))
  }

  async #answer({ id, method, params = [] }: Request): Promise<unknown> {
    const { fault } = this
    const lag = fault.kind === 'lags' ? fault.blocks : 0
    const view = { lag, isLeftBehind: fault.kind === 'left-behind' }
    try {
      const result = await this.#chain.answer(method, params, view)
      return { jsonrpc: '2.0', id, result: this.#distorted(method, result) }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const code = Number(error.data.code ?? -32000)
      return { jsonrpc: '2.0', id, error: { code, message: error.message } }
    }
  }

  #hidden(logs: readonly { readonly blockHash: string }[]) {
    if (this.#hidesParts) return logs.filter(() => this.#chance.oneIn(2))
    const blocks = new Set(logs.map(({ blockHash }) => blockHash))
    for (const block of blocks) if (this.#chance.oneIn(2)) blocks.delete(block)
    return logs.filter(({ blockHash }) => blocks.has(blockHash))
  }

  #distorted(method: string, result: Json): Json {
    const { kind } = this.fault
    if (method === 'eth_getLogs' && (kind === 'hides' || kind === 'forges')) {
      return this.#hidden(result as readonly { readonly blockHash: string }[])
    }
    if (kind !== 'forges' || result === null) return result
    if (method === 'eth_getBlockReceipts') return (result as readonly Json[]).slice(1)
    if (method.startsWith('eth_getBlockBy') && this.#chance.oneIn(2)) {
      return { ...(result as object), logsBloom: `0x${'00'.repeat(256)}` }
    }
    return result
  }
}

/** Lets an endpoint do something wrong; the others stop to lie if it lies. */
export function setFault(
  endpoints: readonly FaultyEndpoint[],
  at: number,
  fault: EndpointFault,
): void {
  if (lies.has(fault.kind)) {
    for (const one of endpoints) if (one.isLying) one.fault = { kind: 'none' }
  }
  const endpoint = endpoints[at]
  if (endpoint) endpoint.fault = fault
}
