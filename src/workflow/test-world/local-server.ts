/** Serves tests on a free port of this machine. */

import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'

/** What a test offers to undo things after it. */
export interface TestScope {
  after(run: () => Promise<unknown> | unknown): void
}

/** Listens with a server until the test ends, and gives its port; open connections are cut then. */
export async function listening(t: TestScope, server: NetServer | Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** An HTTP server; gives its address, `http://127.0.0.1:PORT`. */
export async function served(t: TestScope, answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(t, createServer(answer))}`
}
