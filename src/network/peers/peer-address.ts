/** Reads addresses of peers as people write them. */

import { AppError } from '../../base/app-error.ts'
import type { Endpoint, PeerId } from '../network.ts'
import { isPeerId } from '../node-identity.ts'

/** An address, and who must answer there. */
export interface PeerAddress {
  readonly endpoint: Endpoint
  readonly expected?: PeerId | undefined
}

/** Reads `ID@HOST:PORT` or `HOST:PORT`, IPv6 in brackets. @throws AppError `network/bad-address` */
export function readPeerAddress(address: string): PeerAddress {
  const [, id, bracketed, plain, port] =
    /^(?:([0-9a-f]+)@)?(?:\[([0-9a-fA-F:.%]+)\]|([^:@[\]\s]+)):(\d{1,5})$/.exec(address) ?? []
  const host = bracketed ?? plain
  const isRight = host !== undefined && Number(port) > 0 && Number(port) < 65_536
  if (isRight && (id === undefined || isPeerId(id))) {
    return { endpoint: { host, port: Number(port) }, expected: id }
  }
  const message = `${address} is no address of a peer; write ID@HOST:PORT or HOST:PORT, the ID of 64 hex digits`
  throw new AppError({ code: 'network/bad-address', message, data: { address } })
}
