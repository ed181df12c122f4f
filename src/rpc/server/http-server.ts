/** Listens on this machine for JSON-RPC over HTTP, and hands WebSockets on. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError } from '../../base/app-error.ts'
import { assertLoopback, type LocalRefusal, localRefusal } from '../../base/local-guard.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { type AnswerText, answerText, type Respond } from '../envelope/answer.ts'
import { invalidRequest } from '../envelope/request.ts'
import type { RpcLimits } from '../limits.ts'
import type { Caller } from '../view/context.ts'
import { sendPieces } from './paced-text.ts'
import { createSockets } from './sockets.ts'
import { endOfTurn } from './turn.ts'

/** Where to listen. */
interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly limits: RpcLimits
}

/** What answers. */
export interface ServerDependencies {
  /** Answers requests for a chain, the first one if it is not named. */
  responder(chain: string | undefined, caller: Caller): Respond
  knows(chain: string): boolean
  readonly logger: Logger
  readonly metrics: Metrics
}

/** A server that is started once. */
export interface RpcServer {
  readonly url: string | undefined
  start(): Promise<void>
  /** Closes the connections that stay open for a chain. */
  leave(chain: string): Promise<void>
  stop(): Promise<void>
}

/** HTTP and WebSocket on one port. */
export function createRpcServer(
  { host, port, limits }: ServerOptions,
  dependencies: ServerDependencies,
): RpcServer {
  const { logger } = dependencies
  const running = new Map<Promise<void>, IncomingMessage>()
  const server = createServer({
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 60_000,
  })
  server.maxConnections = limits.connections
  // Not in the declarations: a client that has sent all it wants to send still gets its answer.
  Object.assign(server, { httpAllowHalfOpen: true })
  const sockets = createSockets(limits, dependencies)
  let ownPort = port
  server.on('request', (request, response) => {
    const exchange = { request, response, port: ownPort, limits }
    const work = exchangeHttp(exchange, dependencies).catch((error: unknown) => {
      // Reading fails when the client goes away or is too slow.
      logger.debug('an HTTP request broke off', { error })
      response.destroy()
    })
    running.set(work, request)
    work.finally(() => running.delete(work))
  })
  server.on('upgrade', (request, socket, head) => {
    // The server no longer listens for errors of this socket, and one that nobody hears ends the process.
    socket.on('error', (error) => logger.debug('a WebSocket broke off', { error }))
    const refusal = localRefusal(guarded(request), { port: ownPort })
    const route = routeOf(request, dependencies)
    if (refusal === undefined && route !== undefined)
      return sockets.accept({ request, socket, head }, route.chain)
    const status = refusal ? '403 Forbidden' : '404 Not Found'
    const text = JSON.stringify(invalidRequest(refusal?.message ?? notFound))
    const headers = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}`
    const answer = `HTTP/1.1 ${status}\r\nconnection: close\r\n${headers}\r\n\r\n${text}`
    // Nobody reads this socket any more, so it would never see its end.
    socket.end(answer, () => socket.destroy())
  })
  return {
    get url() {
      const address = server.address() as AddressInfo | null
      if (!address) return undefined
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
      return `http://${name}:${address.port}`
    },
    async start() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) => reject(listenError(error, host, port)))
        server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), resolve)
      })
      const own = server.address() as AddressInfo
      ownPort = own.port
      assertLoopback(own.address)
    },
    leave: (chain) => sockets.leave(chain),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      // Who has not sent all of a request may never do so.
      for (const request of running.values()) if (!request.complete) request.destroy()
      await sockets.stop()
      await Promise.allSettled(running.keys())
      server.closeAllConnections()
      await closed
    },
  }
}

const notFound = 'there is nothing here; JSON-RPC is at / and at /rpc/<name of a chain that runs>'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly port: number
  readonly limits: RpcLimits
}

async function exchangeHttp(exchange: Exchange, dependencies: ServerDependencies): Promise<void> {
  const { request, response, port, limits } = exchange
  const send = (status: number, answer: AnswerText | undefined) => {
    if (response.destroyed) return
    write(response, status, answer)
    // Small answers are gone at once.
    if (typeof answer !== 'object' && !response.socket?.writableLength) return
    const late = setTimeout(() => response.destroy(), limits.responseTimeoutMs)
    response.once('close', () => clearTimeout(late))
  }
  const refuse = (status: number, message: string) => {
    response.setHeader('connection', 'close')
    send(status, JSON.stringify(invalidRequest(message)))
  }
  const refusal: LocalRefusal | undefined = localRefusal(guarded(request), {
    port,
    extensions: true,
  })
  if (refusal) return refuse(refusal.status, refusal.message)
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST')
    return refuse(405, 'send JSON-RPC by POST')
  }
  const route = routeOf(request, dependencies)
  if (!route) return refuse(404, notFound)
  const body = await readBody(request, limits.requestBytes)
  if (body === undefined)
    return refuse(413, `the body is longer than ${limits.requestBytes} bytes; send less at a time`)
  const respond = dependencies.responder(route.chain, { isGone: () => response.destroyed })
  const answer = await answerText(body, limits, respond)
  await endOfTurn()
  send(200, answer)
}

/** The chain that a path names; undefined for a path that is none of ours. */
function routeOf(
  request: IncomingMessage,
  { knows }: ServerDependencies,
): { readonly chain: string | undefined } | undefined {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  if (path === '/') return { chain: undefined }
  const chain = path.startsWith('/rpc/') ? path.slice('/rpc/'.length) : undefined
  return chain !== undefined && knows(chain) ? { chain } : undefined
}

function guarded({ method = 'GET', headers }: IncomingMessage) {
  const { host, origin } = headers
  return { method, host, origin, contentType: headers['content-type'] }
}

/** The whole body as text; undefined if it is too long. Rejects when the client goes away. */
async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined
  const chunks: Buffer[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > limit) resolve(undefined)
      else chunks.push(chunk)
    })
    request.once('end', () => resolve(Buffer.concat(chunks).toString()))
    request.once('error', reject)
    request.once('close', () => reject(new Error('the client went away')))
  })
}

function write(response: ServerResponse, status: number, answer: AnswerText | undefined): void {
  const always = ['x-content-type-options', 'nosniff']
  if (answer === undefined) {
    response.writeHead(204, always).end()
    return
  }
  const length = typeof answer === 'string' ? Buffer.byteLength(answer) : answer.length
  const headers = ['content-type', 'application/json', 'content-length', String(length)]
  response.writeHead(status, [...always, ...headers])
  if (typeof answer !== 'string') {
    sendPieces(response, answer).catch(() => response.destroy())
    return
  }
  // Nearly all of it is ASCII, which goes out quicker as it is.
  response.end(answer, length === answer.length ? 'latin1' : 'utf8')
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): AppError {
  if (error.code === 'EADDRINUSE') {
    return new AppError({
      code: 'rpc/port-in-use',
      message: `port ${port} on ${host} is taken, so JSON-RPC cannot listen there; stop the program that uses it, or choose another port with --rpc-port`,
      data: { host, port },
      cause: error,
    })
  }
  return new AppError({
    code: 'rpc/cannot-listen',
    message: `JSON-RPC cannot listen on ${host}, port ${port} (${error.code ?? error.message}); choose another port with --rpc-port`,
    data: { host, port },
    cause: error,
  })
}
