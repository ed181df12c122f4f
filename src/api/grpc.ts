/** Serves the health of the node and of its chains by gRPC, over HTTP/2 without TLS. */

import { once } from 'node:events'
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import { Code, ConnectError } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { assertLoopback, localRefusal } from '../base/local-guard.ts'
import type { Api } from './api.ts'
import type { ApiDependencies } from './api-dependencies.ts'
import { healthCalls, type WatchOptions } from './grpc/health-calls.ts'
import { healthService } from './grpc/health-schema.ts'
import { listen, portOf } from './listening.ts'

/** Where and how gRPC listens. */
export interface GrpcOptions {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** By default 64 at a time, with a look each second. */
  readonly watch?: Partial<WatchOptions>
}

/** Longest message of a client, in bytes; it holds the name of a chain. */
const maxMessageBytes = 1_024
const maxConnections = 64
const maxStreams = 64
/** After which a connection that does not end is cut. */
const lateMs = 2_000

const bodyTypes = ['application/grpc', 'application/grpc+proto', 'application/grpc+json']

/** The gRPC server; its `url` has the scheme `http`. */
export function createGrpc(options: GrpcOptions, from: ApiDependencies): Api {
  const sessions = new Set<ServerHttp2Session>()
  const sockets = new Set<Socket>()
  const ending = new AbortController()
  let server: Http2Server | undefined
  let url: string | undefined
  return {
    get url() {
      return url
    },
    async start() {
      assertLoopback(options.host)
      const calls = healthCalls(from, { most: maxStreams, everyMs: 1_000, ...options.watch })
      const answer = connectNodeAdapter({
        routes: (router) => void router.service(healthService, calls),
        ...{ connect: false, grpcWeb: false, acceptCompression: [] },
        ...{ readMaxBytes: maxMessageBytes, shutdownSignal: ending.signal },
      })
      server = createServer(
        { settings: { maxConcurrentStreams: maxStreams } },
        (request, response) => {
          if (isRefused(request, response, portOf(server))) return
          answer(request, response)
        },
      )
      server.maxConnections = maxConnections
      server.on('session', (session) => {
        sessions.add(session)
        session.once('close', () => sessions.delete(session))
      })
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      const place = { host: options.host, port: options.port, of: 'gRPC', flag: '--grpc-port' }
      url = `http://${await listen(server, place)}`
    },
    async stop() {
      ending.abort(new ConnectError('the node stops', Code.Unavailable))
      if (!server?.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const session of sessions) session.close()
      const late = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, lateMs)
      await closed
      clearTimeout(late)
    },
  }
}

/** Answers a request that must not pass, with the status of HTTP and the reason as the message of gRPC. */
function isRefused(
  { method, authority, headers }: Http2ServerRequest,
  response: Http2ServerResponse,
  port: number,
): boolean {
  const { origin, 'content-type': contentType } = headers
  const refusal = localRefusal(
    { method, host: authority, origin: origin as string | undefined, contentType },
    { port, bodyTypes },
  )
  if (refusal === undefined) return false
  response.writeHead(refusal.status, { 'grpc-message': encodeURIComponent(refusal.message) }).end()
  return true
}
