/** Decides which HTTP and WebSocket requests a server on this machine may answer. */

import { isIPv4 } from 'node:net'
import { AppError } from './app-error.ts'

/** What the decision is made of; a header that was not sent is absent. */
export interface LocalRequest {
  readonly method: string
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly contentType?: string | undefined
}

/** How strict a server is. */
export interface LocalGuardOptions {
  /** The port that the server listens on; it names the server's own origins. */
  readonly port: number
  /**
   * Media types that a body may have, in lower case; `application/json` unless said. `no-form` lets all through but those
   * that a form of a web page can send, text among them.
   */
  readonly bodyTypes?: readonly string[] | 'no-form'
  /**
   * Lets browser extensions through (wallets send `Origin: chrome-extension://…`): no web page can send
   * such an origin, and the browser itself asks for consent before an extension may read an answer.
   */
  readonly extensions?: boolean
}

/** Why a request is not answered. */
export interface LocalRefusal {
  /** HTTP status. */
  readonly status: 403 | 415
  readonly code: 'base/foreign-host' | 'base/foreign-origin' | 'base/body-type'
  readonly message: string
}

const localNames = ['localhost', '127.0.0.1', '[::1]']
/** What a web page may send elsewhere without asking (Fetch, "CORS-safelisted request-header"). */
const formTypes = ['', 'text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded']
const bodyMethods = new Set(['POST', 'PUT', 'PATCH'])

/**
 * Says whether a request must be refused, so that a web page elsewhere cannot reach this machine's server: its
 * name is checked against DNS rebinding, its origin against pages of others, its body type against forms.
 *
 * @returns the refusal, or undefined when the request may pass
 */
export function localRefusal(
  request: LocalRequest,
  options: LocalGuardOptions,
): LocalRefusal | undefined {
  const { method, host, origin, contentType } = request
  if (!isLocalHost(host)) {
    const message = `this server answers only to ${localNames.join(', ')} and addresses of 127.0.0.0/8, not to the host ${shown(host)}`
    return { status: 403, code: 'base/foreign-host', message }
  }
  if (origin !== undefined && !isOwnOrigin(origin, options)) {
    const message = `pages of the origin ${shown(origin)} may not use this server`
    return { status: 403, code: 'base/foreign-origin', message }
  }
  if (!bodyMethods.has(method.toUpperCase())) return undefined
  return bodyRefusal(mediaType(contentType), options.bodyTypes ?? ['application/json'])
}

function bodyRefusal(
  type: string,
  allowed: NonNullable<LocalGuardOptions['bodyTypes']>,
): LocalRefusal | undefined {
  const isAllowed = allowed === 'no-form' ? !formTypes.includes(type) : allowed.includes(type)
  if (isAllowed) return undefined
  const wanted =
    allowed === 'no-form'
      ? 'what it is, or as application/octet-stream'
      : allowed.filter((one) => one !== '').join(' or ')
  return {
    ...{ status: 415, code: 'base/body-type' },
    message: `send the body as ${wanted}, not as ${shown(type)}`,
  }
}

/**
 * Holds a server to this machine until access control is built.
 *
 * @param host - a name or address to listen on, IPv6 with or without brackets
 * @throws AppError `base/public-address`
 */
export function assertLoopback(host: string): void {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name === '::1') return
  if (isIPv4(name) && name.startsWith('127.')) return
  throw new AppError({
    code: 'base/public-address',
    message: `cannot listen on ${shown(host)}: until access control is built, only this machine may connect; use 127.0.0.1, ::1 or localhost`,
    data: { host },
  })
}

function isLocalHost(host: string | undefined): boolean {
  const [, name = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host ?? '') ?? []
  return isLocalName(name.toLowerCase()) && Number(port ?? 0) <= 65_535
}

/** The names of this machine, and every address of its loopback network: a server may listen on any of them. */
function isLocalName(name: string): boolean {
  return localNames.includes(name) || (isIPv4(name) && name.startsWith('127.'))
}

/** A browser writes origins in lower case and without the scheme's own port. */
function isOwnOrigin(origin: string, options: LocalGuardOptions): boolean {
  if (options.extensions && /^(chrome|moz)-extension:\/\/[0-9a-z-]+$/.test(origin)) return true
  const port = options.port === 80 ? '' : `:${options.port}`
  const [, name = ''] = /^http:\/\/(\[[^\]]*\]|[^:/]*)/.exec(origin.toLowerCase()) ?? []
  return isLocalName(name) && origin.toLowerCase() === `http://${name}${port}`
}

function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function shown(text: string | undefined): string {
  if (text === undefined || text === '') return '(none)'
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}
