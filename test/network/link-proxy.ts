/** Stands between two nodes as a TCP proxy that delays what passes, holds it back, cuts connections and lets none in. */

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** How a link is at the moment. */
export interface Weather {
  /** What every chunk waits, in ms, and up to how much more by chance; the order stays. */
  readonly delayMs: number
  readonly jitterMs: number
  /** Nothing passes, and nobody is told. */
  readonly isStalled: boolean
}

export const fair: Weather = { delayMs: 0, jitterMs: 0, isStalled: false }

/** What one direction holds before its source has to wait, in bytes. */
const mostHeld = 1024 * 1024
/** How often a link that is stalled is looked at, in ms. */
const stalledMs = 20

/** A proxy in front of one port. */
export class LinkProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #weather: Weather = fair

  private constructor(target: number, localAddress: string | undefined) {
    this.#server = createServer((socket) => {
      const further = connect({
        host: '127.0.0.1',
        port: target,
        ...(localAddress && { localAddress }),
      })
      this.#join(socket, further)
    })
  }

  /** @param localAddress - from where the proxy seems to come */
  static async open(target: number, localAddress?: string): Promise<LinkProxy> {
    const proxy = new LinkProxy(target, localAddress)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed')
    return address.port
  }

  set weather(weather: Weather) {
    this.#weather = weather
  }

  /** Connections that pass now. */
  get count(): number {
    return this.#sockets.size / 2
  }

  /** Ends all connections; new ones may come. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(one: Socket, other: Socket): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      this.#carry(from, to)
    }
  }

  #carry(from: Socket, to: Socket): void {
    const held: { readonly chunk: Buffer; readonly dueMs: number }[] = []
    let bytes = 0
    let isWaiting = false
    const pass = () => {
      isWaiting = false
      const nowMs = performance.now()
      while (!this.#weather.isStalled && held[0] && held[0].dueMs <= nowMs) {
        const { chunk } = held.shift() as (typeof held)[number]
        bytes -= chunk.length
        to.write(chunk)
      }
      if (bytes < mostHeld) from.resume()
      const next = held[0]
      if (next === undefined || isWaiting || from.destroyed) return
      isWaiting = true
      setTimeout(pass, this.#weather.isStalled ? stalledMs : next.dueMs - nowMs)
    }
    from.on('data', (chunk: Buffer) => {
      const { delayMs, jitterMs } = this.#weather
      const dueMs = performance.now() + delayMs + Math.random() * jitterMs
      held.push({ chunk, dueMs: Math.max(dueMs, held.at(-1)?.dueMs ?? 0) })
      bytes += chunk.length
      if (bytes >= mostHeld) from.pause()
      if (!isWaiting) pass()
    })
  }
}
