/** Opens the ports of the API, and says what is wrong with one that cannot be opened. */

import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { AppError } from '../base/app-error.ts'

/** Where a server listens, and how that is told. */
export interface Place {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** As in "the API". */
  readonly of: string
  /** The flag that sets the port. */
  readonly flag: string
}

/**
 * Begins to listen.
 *
 * @returns host and port as an address has them
 * @throws AppError `api/port-in-use`, `api/cannot-listen`
 */
export async function listen(server: Server, { host, port, of, flag }: Place): Promise<string> {
  const name = host.replace(/[[\]]/g, '')
  try {
    server.listen(port, name)
    await once(server, 'listening')
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const code = taken ? 'api/port-in-use' : 'api/cannot-listen'
    const reason = taken
      ? `is taken by another program; stop it, or choose another port by ${flag}`
      : `cannot be used: ${(cause as Error).message}`
    throw new AppError({ code, message: `port ${port} of ${of} ${reason}`, cause })
  }
  return `${name.includes(':') ? `[${name}]` : name}:${portOf(server)}`
}

/** The port that a server listens on; 0 while it does not. */
export function portOf(server: Server | undefined): number {
  return (server?.address() as AddressInfo | null | undefined)?.port ?? 0
}
