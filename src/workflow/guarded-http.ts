/** Asks servers by HTTP for workflows: only those that may be asked, and never for more than is bearable. */

import { AppError } from '../base/app-error.ts'
import { createHostGuard } from './host-guard.ts'
import { decodeBody } from './http/content-coding.ts'
import { exchange, type RawAnswer, type WatchAnswer } from './http/exchange.ts'
import { checkRequest, type RequestParts } from './http/request-parts.ts'
import {
  checkedAddress,
  createServerPools,
  type ResolveHost,
  type TlsIdentity,
} from './http/server-pools.ts'

/** What may be asked, and the bounds. */
export interface GuardedHttpOptions {
  /** Hosts that may have a private address: names or addresses, each with or without a port, and CIDR ranges. */
  readonly allowHosts?: readonly string[]
  /** Finds a host's addresses; default: as the machine does. */
  readonly resolve?: ResolveHost
  /** Connections to one server; default 64. */
  readonly connectionsPerHost?: number
  /** Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Certificates of authorities to trust instead of the machine's, PEM; for tests and private servers. */
  readonly trustedAuthorities?: string
}

/** One question. */
export interface HttpRequest {
  readonly url: string | URL
  /** Default `GET`. */
  readonly method?: string
  /** Names in any case. `Host`, `Content-Length` and what belongs to the connection are set here. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** From the call to the last byte, redirects included; default 15,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Largest body of the answer, as sent and as unpacked; default 1 MiB. */
  readonly maxBytes?: number
  /** What a redirection does: it is the answer (`manual`, default) or is followed, five times at most. */
  readonly redirect?: 'manual' | 'follow'
  /** The address was set by the operator, not by a workflow: it may be private. A redirection away from it is checked. */
  readonly trusted?: boolean
  /** Certificate that shows who asks. */
  readonly identity?: TlsIdentity
  /**
   * Sees the body as it comes, still packed if the answer says so; once it gives true the answer ends there. What it throws
   * ends the question.
   */
  readonly watch?: WatchAnswer
}

/** An answer, of any status. */
export interface HttpAnswer {
  readonly status: number
  /** Names in lower case; several of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Where the answer came from, after redirections. */
  readonly url: string
}

/** The HTTP client of the event wing. */
export interface GuardedHttp {
  /**
   * Asks. An answer of any status is an answer; see `statusError`.
   *
   * @throws AppError `workflow/http-…` with retry `later` for what may pass: `timeout`, `unreachable`, `busy`; with
   *   `never` for `bad-request`, `bad-identity`, `forbidden-host`, `bad-answer`, `too-large`, `redirects`, `untrusted`; `cancelled` when
   *   the signal fires
   */
  request(request: HttpRequest): Promise<HttpAnswer>
  /**
   * An address of a host that may be called, for protocols other than HTTP; who connects to it asks no DNS again.
   *
   * @throws AppError `workflow/http-forbidden-host`, `workflow/http-unreachable`
   */
  addressOf(hostname: string, port: number): Promise<string>
  /** Ends what is under way and closes all connections. */
  stop(): Promise<void>
}

/** Largest body of an answer unless the caller says otherwise. */
const defaultMaxBytes = 1024 * 1024
const maxRedirects = 5
/** What goes along to another server; the rest may be a credential. */
const plainHeaders = new Set([
  ...['accept', 'accept-language', 'content-type', 'user-agent', 'idempotency-key'],
  ...['traceparent', 'tracestate'],
])

/** A client that asks only servers with public addresses, unless a setting allows others. */
export function createGuardedHttp(options: GuardedHttpOptions = {}): GuardedHttp {
  const guard = createHostGuard(options.allowHosts ?? [])
  const pools = createServerPools({ ...options, guard })
  const ask = (parts: RequestParts, request: HttpRequest, deadline: number) =>
    exchange(pools.poolFor(parts.url, request), parts, {
      timeoutMs: deadline - performance.now(),
      maxBytes: request.maxBytes ?? defaultMaxBytes,
      signal: request.signal,
      watch: request.watch,
    })
  return {
    async request(request) {
      const timeoutMs = request.timeoutMs ?? 15_000
      const deadline = performance.now() + timeoutMs
      let parts = checkRequest(request)
      let answer = await ask(parts, request, deadline)
      let trail = request
      for (let hop = 0; request.redirect === 'follow' && isRedirection(answer); hop += 1) {
        if (hop === maxRedirects)
          throw redirectsError(parts.url, `redirects over ${maxRedirects} times`)
        const next = redirected(parts, answer)
        // What the operator or a certificate said holds for the first server only.
        if (next.url.origin !== parts.url.origin) trail = { ...trail, ...strangers }
        parts = next
        answer = await ask(parts, trail, deadline)
      }
      const body = await decodeBody(answer, request.maxBytes ?? defaultMaxBytes, parts.url)
      return { status: answer.status, headers: answer.headers, body, url: parts.url.href }
    },
    addressOf: (hostname, port) => checkedAddress(hostname, port, { ...options, guard }),
    stop: () => pools.stop(),
  }
}

/**
 * Why an answer is a failure: 408, 425, 429 and 5xx may pass, others do not.
 *
 * @param subject - what was asked, for the message
 * @returns AppError `workflow/http-status` with `data.status` and, if the server names it, `data.retryAfterMs`
 */
export function statusError(subject: string, answer: HttpAnswer, nowMs: number): AppError {
  const { status } = answer
  const passing = status === 408 || status === 425 || status === 429 || status >= 500
  const retryAfterMs = passing ? retryAfterOf(answer, nowMs) : undefined
  return new AppError({
    code: 'workflow/http-status',
    message: `${subject} answered ${status}`,
    data: { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    retry: passing ? 'later' : 'never',
  })
}

/** The pause that `Retry-After` asks for, a number of seconds or a date, up to a day; else nothing. */
export function retryAfterOf({ headers }: HttpAnswer, nowMs: number): number | undefined {
  const text = headers['retry-after']
  if (text === undefined) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), 24 * 3_600_000)
}

const strangers = { trusted: false, identity: undefined } as unknown as Partial<HttpRequest>

function isRedirection({ status, headers }: RawAnswer): boolean {
  return [301, 302, 303, 307, 308].includes(status) && headers.location !== undefined
}

/** The question that follows a redirection (RFC 9110, 15.4). */
function redirected(parts: RequestParts, { status, headers }: RawAnswer): RequestParts {
  const location = headers.location ?? ''
  if (!URL.canParse(location, parts.url)) throw redirectsError(parts.url, 'redirects to nowhere')
  const url = new URL(location, parts.url)
  if (parts.url.protocol === 'https:' && url.protocol !== 'https:')
    throw redirectsError(parts.url, 'redirects to a place without encryption')
  const dropsBody =
    (status === 303 && parts.method !== 'HEAD') || (status < 303 && parts.method === 'POST')
  const kept = Object.entries(parts.headers).filter(
    ([name]) =>
      (url.origin === parts.url.origin || plainHeaders.has(name)) &&
      !(dropsBody && name.startsWith('content-')),
  )
  return checkRequest({
    url,
    method: dropsBody ? 'GET' : parts.method,
    headers: Object.fromEntries(kept),
    ...(dropsBody || parts.body === undefined ? {} : { body: parts.body }),
  })
}

function redirectsError({ origin }: URL, what: string): AppError {
  return new AppError({ code: 'workflow/http-redirects', message: `${origin} ${what}` })
}
