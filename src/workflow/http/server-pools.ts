/** Keeps connections to servers, a bounded number to each, and connects only to addresses that may be called. */

import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { createSecureContext } from 'node:tls'
import { buildConnector, Pool } from 'undici'
import { AppError } from '../../base/app-error.ts'
import type { HostGuard } from '../host-guard.ts'

/** Finds the addresses of a host. */
export type ResolveHost = (
  hostname: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>

/** A certificate and its key, PEM, for servers that ask who calls (mutual TLS). */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
  readonly passphrase?: string
}

/** Connections to one server. */
export interface ServerPool {
  readonly pool: Pool
  /** Questions that were not answered yet. */
  inFlight: number
}

/** Connections by server. */
export interface ServerPools {
  /** @throws AppError `workflow/http-busy` while too many servers are asked at once, `workflow/http-bad-identity` */
  poolFor(url: URL, caller: { trusted?: boolean; identity?: TlsIdentity }): ServerPool
  stop(): Promise<void>
}

export interface ServerPoolOptions {
  readonly guard: HostGuard
  readonly resolve?: ResolveHost
  readonly connectionsPerHost?: number
  readonly connectTimeoutMs?: number
  readonly trustedAuthorities?: string
}

/** Servers with connections; the longest unused goes first. */
const maxServers = 512
/** Largest head of an answer, in bytes. */
const maxHeaderBytes = 32 * 1024
/** How long a connection waits for the next question, in milliseconds; a server may ask for less. */
const keepAliveMs = 30_000

const resolveByMachine: ResolveHost = (hostname) => lookup(hostname, { all: true })

/** No connection yet. */
export function createServerPools(options: ServerPoolOptions): ServerPools {
  const servers = new Map<string, ServerPool>()
  return {
    poolFor(url, { trusted = false, identity }) {
      const key = `${url.origin}${trusted ? ' trusted' : ''}${identity ? ` ${identity.cert} ${identity.key}` : ''}`
      const known = servers.get(key)
      if (known !== undefined) return known
      if (servers.size >= maxServers) dropOne(servers)
      if (identity !== undefined) checkIdentity(identity)
      const connect = connectorOf(url, { ...options, trusted, identity })
      const pool = new Pool(url.origin, {
        ...{ connect, connections: options.connectionsPerHost ?? 64, pipelining: 1 },
        ...{ maxHeaderSize: maxHeaderBytes, headersTimeout: 0, bodyTimeout: 0 },
        ...{ keepAliveTimeout: keepAliveMs, keepAliveMaxTimeout: keepAliveMs },
      })
      const server = { pool, inFlight: 0 }
      servers.set(key, server)
      return server
    },
    async stop() {
      const all = [...servers.values()]
      servers.clear()
      await Promise.all(all.map(({ pool }) => pool.destroy()))
    },
  }
}

function dropOne(servers: Map<string, ServerPool>): void {
  for (const [key, { pool, inFlight }] of servers) {
    if (inFlight > 0) continue
    servers.delete(key)
    void pool.destroy()
    return
  }
  const message = `${maxServers} servers are asked at once, which is the limit`
  throw new AppError({ code: 'workflow/http-busy', message, retry: 'later' })
}

/** Before a connection asks for it: there it would be a failure of the server's. */
function checkIdentity(identity: TlsIdentity): void {
  try {
    createSecureContext(identity)
  } catch (cause) {
    const message = 'certificate and key are no pair in PEM'
    throw new AppError({ code: 'workflow/http-bad-identity', message, cause })
  }
}

type Caller = ServerPoolOptions & {
  readonly trusted: boolean
  readonly identity: TlsIdentity | undefined
}

/** The first address of a host that may be called. @throws as `GuardedHttp.addressOf` says */
export async function checkedAddress(
  hostname: string,
  port: number,
  { guard, resolve = resolveByMachine }: Pick<ServerPoolOptions, 'guard' | 'resolve'>,
): Promise<string> {
  const any = guard.allowsName(hostname.toLowerCase(), String(port))
  const found =
    isIP(hostname) !== 0
      ? [{ address: hostname }]
      : await resolve(hostname).catch((cause) => {
          const message = `${hostname} does not answer: ${(cause as Error).message}`
          throw new AppError({ code: 'workflow/http-unreachable', message, retry: 'later', cause })
        })
  const usable = found.find(({ address }) => any || guard.allowsAddress(address))
  if (usable === undefined) throw forbidden(hostname)
  return usable.address
}

/** Connects to an address only after it was checked: the very one that the socket gets, not an earlier answer of DNS. */
function connectorOf(url: URL, caller: Caller): buildConnector.connector {
  const { guard, trusted, identity, resolve = resolveByMachine } = caller
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const any = trusted || guard.allowsName(url.hostname, port)
  const allowed = (address: string) => any || guard.allowsAddress(address)
  const find: LookupFunction = (hostname, { all }, callback) => {
    const give = (found: Awaited<ReturnType<ResolveHost>>) => {
      const usable = found.filter(({ address }) => allowed(address)).map((one) => ({ ...one }))
      const first = usable[0]
      if (first === undefined) callback(forbidden(hostname), '', 0)
      else if (all === true) callback(null, usable)
      else callback(null, first.address, first.family)
    }
    resolve(hostname).then(give, (error) => callback(error, '', 0))
  }
  const connect = buildConnector({
    ...{ lookup: find, timeout: caller.connectTimeoutMs ?? 10_000, allowH2: false },
    ...(caller.trustedAuthorities === undefined ? {} : { ca: caller.trustedAuthorities }),
    ...identity,
  })
  return (target, callback) => {
    const bare = target.hostname.replace(/^\[|\]$/g, '')
    // A name goes through `find`; an address would not.
    if (isIP(bare) !== 0 && !allowed(bare)) callback(forbidden(url.hostname), null)
    else connect(target, callback)
  }
}

function forbidden(hostname: string): AppError {
  const message = `${hostname} is no public address, and the setting QS_ALLOW_HOSTS does not name it`
  return new AppError({ code: 'workflow/http-forbidden-host', message })
}
