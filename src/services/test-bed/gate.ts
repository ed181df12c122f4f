/** Stands before a server, so that tests can take the server away and bring it back. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A port that leads to another one while the gate is open. */
export interface Gate {
  readonly port: number
  /** Cuts all connections; new ones are cut at once. */
  shut(): void
  open(): void
  /** Ends it. */
  close(): Promise<void>
}

/** Makes an open gate before a port of this machine. */
export async function createGate(to: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  let isOpen = true
  const server = createServer((outer) => {
    if (!isOpen) {
      outer.destroy()
      return
    }
    const inner = connect(to, '127.0.0.1')
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      sockets.add(one)
      one.setNoDelay(true)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    shut() {
      isOpen = false
      cut()
    },
    open() {
      isOpen = true
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}
