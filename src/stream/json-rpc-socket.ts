/** Speaks JSON-RPC to an endpoint over a WebSocket, which also tells of new heads. */

import { WebSocket } from 'ws'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { EndpointClient } from './evm-source.ts'
import { type Answer, parsedAnswer, resultOf } from './json-rpc/answers.ts'

/** Which endpoint, and how patiently. */
export interface SocketClientOptions {
  readonly url: string
  /** Longest wait for an answer; default 15,000. */
  readonly timeoutMs?: number
  /** Largest message; default 32 MiB. */
  readonly maxMessageBytes?: number
}

/** A client that is closed in the end. */
export interface SocketClient extends EndpointClient {
  close(): void
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Questions that wait for their answers. */
const maxWaiting = 1_000

/** A client over a WebSocket; it connects when it is asked, and again after the connection broke. */
export function createSocketClient(options: SocketClientOptions): SocketClient {
  return new Client(options)
}

class Client implements SocketClient {
  readonly #options: SocketClientOptions
  readonly #origin: string
  readonly #waiting = new Map<number, Waiting>()
  readonly #lookers = new Set<() => void>()
  #socket: Promise<WebSocket> | undefined
  #id = 0

  constructor(options: SocketClientOptions) {
    this.#options = options
    this.#origin = new URL(options.url).origin
  }

  async request(method: string, params: readonly Json[] = []): Promise<Json> {
    const socket = await this.#connected()
    return this.#ask(socket, method, params)
  }

  subscribe(look: () => void): () => void {
    this.#lookers.add(look)
    this.#connected().catch(() => {})
    return () => void this.#lookers.delete(look)
  }

  close(): void {
    this.#lookers.clear()
    this.#socket?.then((socket) => socket.terminate()).catch(() => {})
  }

  #connected(): Promise<WebSocket> {
    this.#socket ??= this.#connect()
    return this.#socket
  }

  #connect(): Promise<WebSocket> {
    const { url, timeoutMs = 15_000, maxMessageBytes = 32 * 1024 * 1024 } = this.#options
    const options = { maxPayload: maxMessageBytes, handshakeTimeout: timeoutMs }
    const socket = new WebSocket(url, { ...options, followRedirects: false })
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        resolve(socket)
        if (this.#lookers.size === 0) return
        // A hint only: who does not know subscriptions is polled.
        this.#ask(socket, 'eth_subscribe', ['newHeads']).catch(() => {})
      })
      socket.on('message', (data) => this.#heard(String(data)))
      // The end follows.
      socket.on('error', (error) => this.#ended(error, reject))
      socket.on('close', () => this.#ended(new Error('the connection was closed'), reject))
    })
  }

  #ask(socket: WebSocket, method: string, params: readonly Json[]): Promise<Json> {
    const { timeoutMs = 15_000 } = this.#options
    if (this.#waiting.size >= maxWaiting) {
      throw this.#unreachable(new Error(`${maxWaiting} questions wait for an answer`))
    }
    this.#id += 1
    const id = this.#id
    return new Promise<Answer>((resolve, reject) => {
      const late = () => reject(this.#unreachable(new Error('no answer in time'), 'timeout'))
      const timer = setTimeout(late, timeoutMs)
      const end = () => {
        clearTimeout(timer)
        this.#waiting.delete(id)
      }
      this.#waiting.set(id, {
        resolve: (answer) => {
          end()
          resolve(answer)
        },
        reject: (error) => {
          end()
          reject(error)
        },
      })
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    }).then((answer) => {
      try {
        return resultOf(answer)
      } catch (cause) {
        throw cause instanceof AppError ? cause : this.#unreachable(cause)
      }
    })
  }

  #heard(text: string): void {
    let answer: Answer & { readonly method?: Json }
    try {
      answer = parsedAnswer(text) as typeof answer
    } catch {
      return
    }
    if (answer?.method === 'eth_subscription') {
      for (const look of this.#lookers) look()
      return
    }
    this.#waiting.get(Number(answer?.id))?.resolve(answer)
  }

  #ended(cause: Error, reject: (error: unknown) => void): void {
    const error = this.#unreachable(
      cause,
      /max payload/i.test(cause.message) ? 'too-large' : undefined,
    )
    this.#socket = undefined
    reject(error)
    for (const one of [...this.#waiting.values()]) one.reject(error)
  }

  #unreachable(cause: unknown, reason?: string): AppError {
    const message = `${this.#origin} does not answer: ${(cause as Error).message}`
    return new AppError({
      ...{ code: 'json-rpc/unreachable', message, data: { reason }, retry: 'later', cause },
    })
  }
}
