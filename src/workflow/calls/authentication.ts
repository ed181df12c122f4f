/** Asks by HTTP with the authentication that a workflow names. */

import { createHash, randomBytes } from 'node:crypto'
import type { Json } from '../../base/json-rpc.ts'
import type { GuardedHttp, HttpAnswer, HttpRequest } from '../guarded-http.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type AccessTokens, createAccessTokens } from './access-tokens.ts'
import { type Fields, isFields, optionalText, textOf } from './call-fields.ts'
import { type Challenge, digestAuthorization, digestChallenge } from './digest.ts'
import { httpFailure } from './failures.ts'

/** Asks with and without credentials. */
export interface AuthenticatedHttp {
  /**
   * Asks as the policy says: `{basic}`, `{bearer}`, `{digest}`, `{oauth2}`, `{oidc}`, `{certificate}`, or nothing.
   *
   * @throws WorkflowError for whatever fails; an answer of any status is an answer
   */
  request(policy: Json | undefined, request: HttpRequest): Promise<HttpAnswer>
  /** The value of `Authorization` for what is no HTTP question; of digest and certificate there is none. */
  authorization(policy: Json | undefined, signal: AbortSignal): Promise<string | undefined>
}

type Ask = (request: HttpRequest) => Promise<HttpAnswer>
type Scheme = (policy: Fields, request: HttpRequest, ask: Ask) => Promise<HttpAnswer>

/** Servers whose last challenge is remembered, so that the next question needs only one way. */
const maxChallenges = 1_000

/** Over a client; `nowMs` says when tokens end. */
export function createAuthenticatedHttp(
  http: GuardedHttp,
  nowMs: () => number = Date.now,
): AuthenticatedHttp {
  const tokens = createAccessTokens({ http, nowMs })
  const ask: Ask = (request) =>
    http.request(request).catch((error) => {
      throw httpFailure(error)
    })
  const schemes: Readonly<Record<string, Scheme>> = {
    basic: (policy, request) => ask(withAuthorization(request, basicOf(policy))),
    bearer: (policy, request) => ask(withAuthorization(request, bearerOf(policy))),
    digest: digestScheme(),
    oauth2: tokenScheme('oauth2', tokens),
    oidc: tokenScheme('oidc', tokens),
    certificate: (policy, request) => ask({ ...request, identity: identityOf(policy) }),
  }
  return {
    request(policy, request) {
      if (policy === undefined || policy === null) return ask(request)
      const [name, fields] = schemeIn(policy)
      const scheme = schemes[name]
      if (scheme === undefined) return Promise.reject(unusable(`"${name}" is no authentication`))
      return scheme(fields, request, ask)
    },
    async authorization(policy, signal) {
      if (policy === undefined || policy === null) return undefined
      const [name, fields] = schemeIn(policy)
      if (name === 'basic') return basicOf(fields)
      if (name === 'bearer') return bearerOf(fields)
      if (name === 'oauth2' || name === 'oidc')
        return `Bearer ${await unlessCut(tokens.get(name, fields), signal)}`
      throw unusable(`"${name}" cannot be used here; basic, bearer, oauth2 and oidc can`)
    },
  }
}

/** The policy's one member. */
function schemeIn(policy: Json): readonly [string, Fields] {
  const entry = isFields(policy)
    ? Object.entries(policy).find(([, one]) => isFields(one))
    : undefined
  if (entry === undefined) throw unusable('an authentication names a scheme and its settings')
  return entry as [string, Fields]
}

/** Tokens are asked for once more if a server refuses one that was kept. */
function tokenScheme(scheme: 'oauth2' | 'oidc', tokens: AccessTokens): Scheme {
  return async (policy, request, ask) => {
    const token = await unlessCut(tokens.get(scheme, policy), request.signal)
    const answer = await ask(withAuthorization(request, `Bearer ${token}`))
    if (answer.status !== 401) return answer
    tokens.drop(scheme, policy, token)
    const fresh = await unlessCut(tokens.get(scheme, policy), request.signal)
    if (fresh === token) return answer
    return ask(withAuthorization(request, `Bearer ${fresh}`))
  }
}

/** What many wait for goes on when one of them is interrupted. */
async function unlessCut<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared
  signal.throwIfAborted()
  const cut = Promise.withResolvers<never>()
  const end = () => cut.reject(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([shared, cut.promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** Asks, answers the challenge, and answers it in advance the next time. */
function digestScheme(): Scheme {
  const known = new Map<string, { readonly challenge: Challenge; count: number }>()
  return async (policy, request, ask) => {
    const username = textOf(policy, 'username', 'digest')
    const password = textOf(policy, 'password', 'digest')
    // Whoever sends it says what is wrong with it.
    if (!URL.canParse(request.url)) return ask(request)
    const url = new URL(request.url)
    const key = createHash('sha256').update(`${url.origin} ${username}:${password}`).digest('hex')
    const answered = (): HttpRequest => {
      const entry = known.get(key)
      if (entry === undefined) return request
      entry.count += 1
      const { method = 'GET', body = '' } = request
      const asked = { method: method.toUpperCase(), uri: `${url.pathname}${url.search}`, body }
      const cnonce = randomBytes(16).toString('base64url')
      const user = { username, password, cnonce, count: entry.count }
      return withAuthorization(request, digestAuthorization(entry.challenge, asked, user))
    }
    // A redirection would be answered for another address.
    const answer = await ask({ ...answered(), redirect: 'manual' })
    if (answer.status !== 401) return answer
    const challenge = digestChallenge(answer.headers['www-authenticate'] ?? '')
    if (challenge === undefined) return answer
    known.delete(key)
    if (known.size >= maxChallenges) known.delete(known.keys().next().value ?? '')
    known.set(key, { challenge, count: 0 })
    return ask({ ...answered(), redirect: 'manual' })
  }
}

function withAuthorization(request: HttpRequest, authorization: string): HttpRequest {
  const others = Object.entries(request.headers ?? {}).filter(
    ([name]) => name.toLowerCase() !== 'authorization',
  )
  return { ...request, headers: { ...Object.fromEntries(others), authorization } }
}

function basicOf(policy: Fields): string {
  const username = textOf(policy, 'username', 'basic')
  if (username.includes(':')) throw unusable('a user name of basic has no colon')
  const password = optionalText(policy, 'password', 'basic') ?? ''
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function bearerOf(policy: Fields): string {
  return `Bearer ${textOf(policy, 'token', 'bearer')}`
}

function identityOf(policy: Fields): NonNullable<HttpRequest['identity']> {
  const passphrase = optionalText(policy, 'passphrase', 'certificate')
  return {
    cert: textOf(policy, 'cert', 'certificate'),
    key: textOf(policy, 'key', 'certificate'),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}

function unusable(detail: string): WorkflowError {
  return new WorkflowError({ type: 'configuration', title: 'Unusable authentication', detail })
}
