/** Opens and takes TLS connections: version 1.3 and the key exchange X25519MLKEM768, or none. */

import type { Server, Socket } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { AppError } from '../../base/app-error.ts'
import type { Endpoint } from '../network.ts'
import { selfSigned } from './certificate.ts'

/** X25519 together with ML-KEM-768, so that what is recorded today stays closed to the computers of tomorrow. */
const group = 'X25519MLKEM768'
const protocol = 'quantumstream/1'

/** Ties signatures to one connection (RFC 9266 has the idea; the label is ours). */
const exporterLabel = 'EXPORTER-quantumstream-hello'

/** What both ends insist on. */
const settings = {
  ...{ ecdhCurve: group, sigalgs: 'ed25519', ALPNProtocols: [protocol] },
  ...({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const),
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
}

/** Hears of connections. */
export interface SecureListener {
  /** Whether a connection is taken at all; asked before anything is computed for it. */
  accepts(raw: Socket): boolean
  connected(socket: TLSSocket): void
}

/** Takes connections, none of which may take longer than `handshakeMs` until it is secure. */
export function secureServer(listener: SecureListener, handshakeMs: number): Server {
  const options = { ...settings, ...selfSigned(), handshakeTimeout: handshakeMs }
  const server = tls.createServer(options, (socket) => {
    socket.on('error', () => {})
    if (socket.alpnProtocol === protocol) listener.connected(socket)
    else socket.destroy()
  })
  server.prependListener('connection', (raw) => {
    raw.on('error', () => {})
    if (!listener.accepts(raw)) raw.destroy()
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}

/**
 * Connects to an endpoint.
 *
 * @param signal - ends the attempt
 * @throws AppError `network/unreachable`, `network/wrong-transport`
 */
export async function connectSecurely(
  { host, port }: Endpoint,
  signal: AbortSignal,
): Promise<TLSSocket> {
  // Nobody vouches for a certificate here: the greeting signs the exporter value.
  const socket = tls.connect({ ...settings, host, port, rejectUnauthorized: false })
  const stop = () => socket.destroy(new Error('it took too long'))
  signal.addEventListener('abort', stop)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.on('error', reject)
      socket.once('close', () => reject(new Error('the connection was closed')))
      if (signal.aborted) stop()
    })
  } catch (cause) {
    socket.destroy()
    const message = `no connection to ${host} port ${port}: ${(cause as Error).message}`
    throw new AppError({ code: 'network/unreachable', message, cause, retry: 'later' })
  } finally {
    signal.removeEventListener('abort', stop)
  }
  const agreed = agreedGroup(socket)
  if (agreed === group && socket.alpnProtocol === protocol) return socket
  socket.destroy()
  const message = `${host} port ${port} speaks ${socket.alpnProtocol || 'no protocol of ours'} over the key exchange ${agreed}; ${protocol} over ${group} is needed`
  throw new AppError({ code: 'network/wrong-transport', message, retry: 'later' })
}

/** 32 bytes that both ends of a connection know, and nobody in between (RFC 8446, 7.5). */
export function exporterValue(socket: TLSSocket): Uint8Array {
  return new Uint8Array(socket.exportKeyingMaterial(32, exporterLabel, Buffer.alloc(0)))
}

/** The key exchange of a connection that this side opened; OpenSSL does not tell the other side. */
function agreedGroup(socket: TLSSocket): string {
  const info = socket.getEphemeralKeyInfo()
  return info !== null && 'name' in info && info.name !== undefined ? info.name : 'unknown'
}
