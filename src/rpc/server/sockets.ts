/** Speaks JSON-RPC with subscriptions over WebSockets, and closes clients that do not keep up. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { answerText, type Respond } from '../envelope/answer.ts'
import { errorCodes, rpcError } from '../envelope/rpc-error.ts'
import type { RpcLimits } from '../limits.ts'
import { freshId } from '../live/filters.ts'
import type { Subscriber } from '../view/context.ts'

interface SocketDependencies {
  responder(chain: string | undefined, subscriber: Subscriber): Respond
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
  const open = new Set<Connection>()
  const count = dependencies.metrics.gauge('quantumstream_rpc_sockets', 'Open WebSockets')
  return {
    accept({ request, socket, head }, chain) {
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = new Connection(webSocket, limits, dependencies)
        open.add(connection)
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
    async stop() {
      await Promise.all(Array.from(open, (connection) => connection.stop()))
    },
  }
}

/** A subscription; until the client knows its id, what there is to tell is held back. */
interface Subscription {
  held: string[] | undefined
  end: () => void
}

class Connection {
  readonly #socket: WebSocket
  readonly #limits: RpcLimits
  readonly #dependencies: SocketDependencies
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #running = new Set<Promise<void>>()

  constructor(socket: WebSocket, limits: RpcLimits, dependencies: SocketDependencies) {
    this.#socket = socket
    this.#limits = limits
    this.#dependencies = dependencies
  }

  receive(text: string, chain: string | undefined): void {
    const work = this.#answer(text, chain).catch((error: unknown) => {
      this.#dependencies.logger.error('a WebSocket request failed', { error })
      this.#socket.terminate()
    })
    this.#running.add(work)
    if (this.#running.size >= this.#limits.socketRequests) this.#socket.pause()
    work.finally(() => {
      this.#running.delete(work)
      if (this.#socket.isPaused) this.#socket.resume()
    })
  }

  /** Ends all subscriptions. */
  end(): void {
    for (const { end } of this.#subscriptions.values()) end()
    this.#subscriptions.clear()
  }

  /** Says goodbye and waits for what still runs. */
  async stop(): Promise<void> {
    this.end()
    await Promise.allSettled(this.#running)
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = new Promise((resolve) => this.#socket.once('close', resolve))
    this.#socket.close(1001, 'the node stops')
    await closed
  }

  async #answer(text: string, chain: string | undefined): Promise<void> {
    const fresh: Subscription[] = []
    const subscriber: Subscriber = {
      subscribe: (begin) => this.#subscribe(begin, fresh),
      unsubscribe: (id) => this.#unsubscribe(id),
    }
    const respond = this.#dependencies.responder(chain, subscriber)
    const answer = await answerText(text, this.#limits, respond)
    if (answer !== undefined) this.#send(answer)
    for (const subscription of fresh) {
      const { held = [] } = subscription
      subscription.held = undefined
      for (const notification of held) this.#send(notification)
    }
  }

  #subscribe(begin: Parameters<Subscriber['subscribe']>[0], fresh: Subscription[]): Hex {
    if (this.#subscriptions.size >= this.#limits.subscriptions) {
      throw rpcError(
        errorCodes.limitExceeded,
        `this connection has ${this.#subscriptions.size} subscriptions already; end some, or open another`,
      )
    }
    const id = freshId()
    const subscription: Subscription = { held: [], end: () => {} }
    this.#subscriptions.set(id, subscription)
    fresh.push(subscription)
    subscription.end = begin((result) => this.#notify(subscription, id, result))
    return id
  }

  #unsubscribe(id: string): boolean {
    this.#subscriptions.get(id)?.end()
    return this.#subscriptions.delete(id)
  }

  #notify({ held }: Subscription, subscription: Hex, result: Json): void {
    const params = { subscription, result }
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params })
    if (held === undefined) this.#send(text)
    else if (held.length < this.#limits.heldNotifications) held.push(text)
    else this.#socket.terminate()
  }

  #send(text: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    this.#socket.send(text)
    if (this.#socket.bufferedAmount <= this.#limits.socketQueueBytes) return
    this.#dependencies.logger.warn('a WebSocket client is too slow and was closed', {
      waitingBytes: this.#socket.bufferedAmount,
    })
    this.#socket.terminate()
  }
}
