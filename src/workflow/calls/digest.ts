/** Answers challenges of HTTP Digest authentication (RFC 7616). */

import { createHash, type Hash } from 'node:crypto'

/** A scheme with its parameters, names in lower case. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

/** Strongest first; `-sess` of each is known too. */
const algorithms = { 'SHA-512-256': 'sha512-256', 'SHA-256': 'sha256', MD5: 'md5' } as const
type Algorithm = keyof typeof algorithms

/** What is asked, for a response to cover. */
export interface DigestedRequest {
  readonly method: string
  /** Path and query. */
  readonly uri: string
  readonly body: string | Uint8Array
}

/** Who asks, and what must differ each time. */
export interface DigestUser {
  readonly username: string
  readonly password: string
  readonly cnonce: string
  /** How often this nonce of the server has been used, this time included. */
  readonly count: number
}

/** The challenges of a `WWW-Authenticate` header, of which several may stand in one (RFC 9110, 11.6.1). */
export function challengesOf(header: string): readonly Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = []
  const piece =
    /([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w!#$%&'*+.^`|~-]+)(?:\s+[\w.~+/-]+=*(?=\s*(?:,|$)))?/g
  for (const [, name, quoted, plain, scheme] of header.slice(0, 8_192).matchAll(piece)) {
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: {} })
    else if (name !== undefined)
      Object.assign(found.at(-1)?.parameters ?? {}, {
        [name.toLowerCase()]: quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '',
      })
  }
  return found
}

/** The strongest digest challenge that can be answered; none if there is none. */
export function digestChallenge(header: string): Challenge | undefined {
  const usable = challengesOf(header).filter(
    ({ scheme, parameters: { nonce, realm, qop } }) =>
      scheme === 'digest' && nonce && realm !== undefined && (!qop || qopOf(qop) !== undefined),
  )
  return Object.keys(algorithms)
    .flatMap((name) =>
      usable.filter(({ parameters }) => algorithmOf(parameters)?.name === (name as Algorithm)),
    )
    .at(0)
}

/** The value of `Authorization` that answers a challenge. @see RFC 7616, 3.4 */
export function digestAuthorization(
  { parameters }: Challenge,
  { method, uri, body }: DigestedRequest,
  { username, password, cnonce, count }: DigestUser,
): string {
  const { realm = '', nonce = '', opaque, qop: offered } = parameters
  const algorithm = algorithmOf(parameters)
  if (algorithm === undefined) throw new Error('the challenge was not checked')
  const hash = (...parts: readonly (string | Uint8Array)[]) =>
    parts.reduce<Hash>((all, part) => all.update(part), createHash(algorithm.hash)).digest('hex')
  const qop = offered ? qopOf(offered) : undefined
  const secret = hash(`${username}:${realm}:${password}`)
  const first = algorithm.session ? hash(`${secret}:${nonce}:${cnonce}`) : secret
  const second = hash(`${method}:${uri}${qop === 'auth-int' ? `:${hash(body)}` : ''}`)
  const nc = count.toString(16).padStart(8, '0')
  const middle = qop === undefined ? nonce : `${nonce}:${nc}:${cnonce}:${qop}`
  const hashed = parameters.userhash === 'true'
  const fields = [
    hashed ? `username="${hash(`${username}:${realm}`)}"` : userField(username),
    ...[`realm="${quoted(realm)}"`, `uri="${quoted(uri)}"`, `nonce="${quoted(nonce)}"`],
    `response="${hash(`${first}:${middle}:${second}`)}"`,
    ...(parameters.algorithm === undefined ? [] : [`algorithm=${parameters.algorithm}`]),
    ...(qop === undefined ? [] : [`qop=${qop}`, `nc=${nc}`, `cnonce="${quoted(cnonce)}"`]),
    ...(opaque === undefined ? [] : [`opaque="${quoted(opaque)}"`]),
    ...(hashed ? ['userhash=true'] : []),
  ]
  return `Digest ${fields.join(', ')}`
}

function algorithmOf({ algorithm = 'MD5' }: Readonly<Record<string, string>>) {
  const session = /-sess$/i.test(algorithm)
  const base = algorithm.replace(/-sess$/i, '').toUpperCase()
  const name = (Object.keys(algorithms) as Algorithm[]).find((one) => one === base)
  return name === undefined ? undefined : { name, hash: algorithms[name], session }
}

/** `auth` covers method and address, `auth-int` the body as well. */
function qopOf(offered: string): 'auth' | 'auth-int' | undefined {
  const words = offered.split(',').map((word) => word.trim().toLowerCase())
  if (words.includes('auth')) return 'auth'
  return words.includes('auth-int') ? 'auth-int' : undefined
}

/** A name that is no ASCII goes as RFC 8187 says. */
function userField(username: string): string {
  if (/^[\x20-\x7e]*$/.test(username)) return `username="${quoted(username)}"`
  const encoded = encodeURIComponent(username).replace(/[!'()*]/g, (one) => `%${hexOf(one)}`)
  return `username*=UTF-8''${encoded}`
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase()
}

function quoted(text: string): string {
  return text.replace(/["\\]/g, '\\$&')
}
