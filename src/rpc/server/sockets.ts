/** Speaks JSON-RPC with subscriptions over WebSockets. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Respond } from '../envelope/answer.ts'
import type { RpcLimits } from '../limits.ts'
import type { Caller } from '../view/context.ts'
import { Connection, type Wire } from './connection.ts'

interface SocketDependencies {
  responder(chain: string | undefined, caller: Caller): Respond
  readonly logger: Logger
  readonly metrics: Metrics
}

/** A request to switch to the WebSocket protocol. */
interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** The open WebSockets of a server. */
interface Sockets {
  accept(upgrade: Upgrade, chain: string | undefined): void
  /** Resolves when those of a chain are closed. */
  leave(chain: string): Promise<void>
  /** Resolves when all are closed and none of their requests runs. */
  stop(): Promise<void>
}

/** No WebSockets yet. */
export function createSockets(limits: RpcLimits, dependencies: SocketDependencies): Sockets {
  const options = {
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    maxPayload: limits.requestBytes,
    // Not in the package's declarations; a client that does not say goodbye is cut off after it.
    closeTimeout: 1_000,
  }
  const server = new WebSocketServer(options)
  const open = new Map<Connection, string | undefined>()
  const count = dependencies.metrics.gauge('quantumstream_rpc_sockets', 'Open WebSockets')
  return {
    accept({ request, socket, head }, chain) {
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = new Connection(wireOf(webSocket), limits, dependencies)
        open.set(connection, chain)
        count.set(open.size)
        webSocket.once('close', () => {
          connection.end()
          open.delete(connection)
          count.set(open.size)
        })
        webSocket.on('error', (error) =>
          dependencies.logger.debug('a WebSocket broke off', { error }),
        )
        webSocket.on('message', (data) => connection.receive(String(data), chain))
      })
    },
    async leave(chain) {
      const leaving = Array.from(open).filter(([, of]) => of === chain)
      await Promise.all(leaving.map(([connection]) => connection.stop()))
    },
    async stop() {
      await Promise.all(Array.from(open.keys(), (connection) => connection.stop()))
    },
  }
}

/** A WebSocket as a connection sees it. */
function wireOf(socket: WebSocket): Wire {
  return {
    kind: 'WebSocket',
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text, { binary: false })
    },
    waitingBytes: () => socket.bufferedAmount,
    pause: () => socket.pause(),
    resume() {
      if (socket.isPaused) socket.resume()
    },
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.close(1001, 'the node or the chain stops')
      await closed
    },
    terminate: () => socket.terminate(),
  }
}
