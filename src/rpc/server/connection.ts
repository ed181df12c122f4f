/** Answers the requests of one connection that stays open, and tells it what it subscribes to. */

import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Logger } from '../../base/logger.ts'
import { answerText, type Respond } from '../envelope/answer.ts'
import { errorCodes, rpcError } from '../envelope/rpc-error.ts'
import type { RpcLimits } from '../limits.ts'
import { freshId } from '../live/filters.ts'
import type { Caller, Subscriber } from '../view/context.ts'
import { pacedBytes } from './paced-text.ts'

/** The way to the client. */
export interface Wire {
  /** Names the kind of connection in the log: `WebSocket`, `IPC`. */
  readonly kind: string
  /** Sends a text, or its bytes; nothing once the client is gone. */
  send(text: string | Uint8Array): void
  /** Bytes that the client has not taken yet. */
  waitingBytes(): number
  /** Stops reading, and reads on. */
  pause(): void
  resume(): void
  /** Says goodbye; resolves when the connection is closed. */
  close(): Promise<void>
  /** Cuts the connection. */
  terminate(): void
}

/** What answers. */
interface ConnectionDependencies {
  responder(chain: string | undefined, caller: Caller): Respond
  readonly logger: Logger
}

/** A subscription; until the client knows its id, what there is to tell is held back. */
interface Subscription {
  held: string[] | undefined
  end: () => void
}

/** One client. */
export class Connection {
  readonly #wire: Wire
  readonly #limits: RpcLimits
  readonly #dependencies: ConnectionDependencies
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #running = new Set<Promise<void>>()
  #isGone = false

  constructor(wire: Wire, limits: RpcLimits, dependencies: ConnectionDependencies) {
    this.#wire = wire
    this.#limits = limits
    this.#dependencies = dependencies
  }

  /** Answers a request or a batch, when its turn comes. */
  receive(text: string, chain: string | undefined): void {
    const work = this.#answer(text, chain).catch((error: unknown) => {
      this.#dependencies.logger.error('a request failed', { over: this.#wire.kind, error })
      this.#wire.terminate()
    })
    this.#running.add(work)
    if (this.#running.size >= this.#limits.socketRequests) this.#wire.pause()
    work.finally(() => {
      this.#running.delete(work)
      this.#wire.resume()
    })
  }

  /** Resolves when what was received by now is answered. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  /** Ends all subscriptions. */
  end(): void {
    this.#isGone = true
    for (const { end } of this.#subscriptions.values()) end()
    this.#subscriptions.clear()
  }

  /** Says goodbye and waits for what still runs. */
  async stop(): Promise<void> {
    this.end()
    await this.settled()
    await this.#wire.close()
  }

  async #answer(text: string, chain: string | undefined): Promise<void> {
    const fresh: Subscription[] = []
    const subscriber: Subscriber = {
      subscribe: (begin) => this.#subscribe(begin, fresh),
      unsubscribe: (id) => this.#unsubscribe(id),
    }
    const isGone = () => this.#isGone
    const respond = this.#dependencies.responder(chain, { subscriber, isGone })
    const answer = await answerText(text, this.#limits, respond)
    if (typeof answer === 'string') this.#send(answer)
    else if (answer !== undefined) this.#send(await pacedBytes(answer))
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
    else this.#wire.terminate()
  }

  #send(text: string | Uint8Array): void {
    const { logger } = this.#dependencies
    // What was asked for may be large; a client that has not taken it gets nothing more.
    const waitingBytes = this.#wire.waitingBytes()
    if (waitingBytes <= this.#limits.socketQueueBytes) {
      this.#wire.send(text)
      return
    }
    logger.warn('a client is too slow and was cut off', { over: this.#wire.kind, waitingBytes })
    this.#wire.terminate()
  }
}
