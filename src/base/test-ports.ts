/** Finds ports for servers of tests that must know theirs before they start. */

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems give to connections that are opened: one of those may be taken before a server has it. */
const from = 10_240
const until = 32_768
const mostTries = 100

/** A TCP port of the loopback network that is free at this moment, and that no opened connection is given. @throws Error if none is found */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const port = randomInt(from, until)
    if (await isFree(port)) return port
  }
  throw new Error(`none of ${mostTries} ports from ${from} to ${until} is free`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
