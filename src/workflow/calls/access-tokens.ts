/** Gets access tokens of OAuth 2 and OpenID Connect, and keeps them until they end. */

import { createHash, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Json } from '../../base/json-rpc.ts'
import type { GuardedHttp, HttpAnswer } from '../guarded-http.ts'
import { WorkflowError } from '../workflow-error.ts'
import {
  type Fields,
  fieldsOf,
  isFields,
  optionalText,
  textOf,
  textsOf,
  wordOf,
} from './call-fields.ts'
import { answerFailure, httpFailure } from './failures.ts'

/** Access tokens by the policy that they are for. */
export interface AccessTokens {
  /**
   * A token that holds for a while.
   *
   * @throws WorkflowError `authentication` if the authority refuses, `configuration` for a policy that cannot be met,
   *   `communication` or `timeout` if the authority does not answer
   */
  get(scheme: 'oauth2' | 'oidc', policy: Fields): Promise<string>
  /** Forgets a token that a server refused; does nothing if another took its place. */
  drop(scheme: 'oauth2' | 'oidc', policy: Fields, token: string): void
}

interface KeptToken {
  readonly token: Promise<string>
  /** Once it is there. */
  value?: string
  /** Infinite while it is asked for. */
  endsAtMs: number
}

/** Tokens and discovered documents that are kept; the oldest goes first. */
const maxKept = 1_000
/** A token is not used in the last part of its life. */
const marginMs = 30_000
const discoveryMs = 10 * 60_000
const maxDocumentBytes = 64 * 1024
const tokenGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

interface World {
  readonly http: GuardedHttp
  readonly nowMs: () => number
}

/** No token yet. */
export function createAccessTokens(world: World): AccessTokens {
  const kept = new Map<string, KeptToken>()
  const documents = new Map<string, { readonly at: number; readonly document: Promise<Fields> }>()
  const discover = (authority: string) => {
    const known = documents.get(authority)
    if (known !== undefined && world.nowMs() < known.at + discoveryMs) return known.document
    const document = discoveredBy(world, authority)
    keep(documents, authority, { at: world.nowMs(), document })
    document.catch(() => documents.delete(authority))
    return document
  }
  return {
    get(scheme, policy) {
      const key = keyOf(scheme, policy)
      const known = kept.get(key)
      if (known !== undefined && world.nowMs() < known.endsAtMs) return known.token
      const asked = askFor(world, { scheme, policy, discover })
      const entry: KeptToken = {
        token: asked.then(({ token }) => token),
        endsAtMs: Number.POSITIVE_INFINITY,
      }
      keep(kept, key, entry)
      asked.then(
        ({ token, lifeMs }) => {
          entry.value = token
          entry.endsAtMs = world.nowMs() + Math.max(0, lifeMs - Math.min(marginMs, lifeMs / 4))
        },
        () => {
          if (kept.get(key) === entry) kept.delete(key)
        },
      )
      return entry.token
    },
    drop(scheme, policy, token) {
      const key = keyOf(scheme, policy)
      if (kept.get(key)?.value === token) kept.delete(key)
    },
  }
}

function keep<T>(all: Map<string, T>, key: string, value: T): void {
  all.delete(key)
  if (all.size >= maxKept) all.delete(all.keys().next().value ?? '')
  all.set(key, value)
}

/** Secrets are no keys of a map that somebody might look at. */
function keyOf(scheme: string, policy: Fields): string {
  return createHash('sha256').update(scheme).update(JSON.stringify(policy)).digest('base64')
}

interface Asked {
  readonly scheme: 'oauth2' | 'oidc'
  readonly policy: Fields
  readonly discover: (authority: string) => Promise<Fields>
}

async function askFor(
  world: World,
  { scheme, policy, discover }: Asked,
): Promise<{ readonly token: string; readonly lifeMs: number }> {
  const authority = textOf(policy, 'authority', scheme)
  const issuers = textsOf(policy.issuers, `issuers of ${scheme}`)
  let endpoint: string
  if (scheme === 'oidc') {
    const document = await discover(authority)
    checkIssuer(issuers, optionalText(document, 'issuer', 'the discovery document'))
    endpoint = textOf(document, 'token_endpoint', 'the discovery document')
  } else {
    const endpoints = fieldsOf(policy.endpoints, 'endpoints of oauth2')
    endpoint = below(authority, optionalText(endpoints, 'token', 'endpoints') ?? '/oauth2/token')
  }
  const { headers, fields } = await tokenRequest(policy, { scheme, endpoint, nowMs: world.nowMs() })
  const encoding = wordOf(
    fieldsOf(policy.request, `request of ${scheme}`).encoding,
    ['application/x-www-form-urlencoded', 'application/json'],
    'the encoding of the token request',
  )
  const answer = await askedBy(world, endpoint, {
    method: 'POST',
    headers: { ...headers, accept: 'application/json', 'content-type': encoding },
    body:
      encoding === 'application/json'
        ? JSON.stringify(Object.fromEntries(jsonFields(fields)))
        : new URLSearchParams(fields.map(([name, value]) => [name, value])).toString(),
  })
  return tokenIn(answer, issuers)
}

/** Several of one name are a list. */
function jsonFields(fields: readonly (readonly [string, string])[]): [string, Json][] {
  return [...new Set(fields.map(([name]) => name))].map((name) => {
    const values = fields.filter(([one]) => one === name).map(([, value]) => value)
    return [name, values.length === 1 ? (values[0] ?? '') : values]
  })
}

/** What a token request says. @see RFC 6749, 4.3, 4.4; RFC 8693; RFC 7523 */
async function tokenRequest(
  policy: Fields,
  place: { readonly scheme: string; readonly endpoint: string; readonly nowMs: number },
): Promise<{ headers: Record<string, string>; fields: [string, string][] }> {
  const { scheme } = place
  const grant = textOf(policy, 'grant', scheme)
  const fields: [string, string][] = [['grant_type', grant]]
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) fields.push([name, value])
  }
  if (grant === 'password') {
    add('username', textOf(policy, 'username', scheme))
    add('password', textOf(policy, 'password', scheme))
  } else if (grant === tokenGrant) {
    for (const name of ['subject', 'actor'] as const) {
      if (name === 'actor' && policy.actor === undefined) continue
      const token = fieldsOf(policy[name], `${name} of ${scheme}`)
      add(`${name}_token`, textOf(token, 'token', name))
      add(`${name}_token_type`, textOf(token, 'type', name))
    }
  } else if (grant !== 'client_credentials') {
    const detail = `the grant "${grant}" needs a person or an earlier token, which the language has no member for`
    throw new WorkflowError({ type: 'configuration', title: 'Unusable grant', detail })
  }
  const scopes = textsOf(policy.scopes, `scopes of ${scheme}`)
  if (scopes.length > 0) add('scope', scopes.join(' '))
  for (const audience of textsOf(policy.audiences, `audiences of ${scheme}`))
    add('audience', audience)
  const headers = await clientProof(fieldsOf(policy.client, `client of ${scheme}`), place, add)
  return { headers, fields }
}

const clientProofs = [
  'client_secret_post',
  'client_secret_basic',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
] as const

/** Shows who the client is, in headers or by more fields. */
async function clientProof(
  client: Fields,
  { endpoint, nowMs }: { readonly endpoint: string; readonly nowMs: number },
  add: (name: string, value: string | undefined) => void,
): Promise<Record<string, string>> {
  const way = wordOf(client.authentication, clientProofs, 'the authentication of the client')
  const id = optionalText(client, 'id', 'client')
  const secret = () => textOf(client, 'secret', 'client')
  if (way === 'client_secret_basic') {
    const pair = [textOf(client, 'id', 'client'), secret()].map(formEncoded).join(':')
    return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
  }
  add('client_id', way === 'none' ? id : textOf(client, 'id', 'client'))
  if (way === 'client_secret_post') add('client_secret', optionalText(client, 'secret', 'client'))
  if (way === 'client_secret_jwt' || way === 'private_key_jwt') {
    add('client_assertion_type', jwtBearer)
    add(
      'client_assertion',
      way === 'private_key_jwt'
        ? textOf(client, 'assertion', 'client')
        : await new SignJWT({ jti: randomUUID() })
            .setProtectedHeader({ alg: 'HS256' })
            .setIssuer(id ?? '')
            .setSubject(id ?? '')
            .setAudience(endpoint)
            .setIssuedAt(Math.floor(nowMs / 1_000))
            .setExpirationTime(Math.floor(nowMs / 1_000) + 60)
            .sign(new TextEncoder().encode(secret())),
    )
  }
  return {}
}

/** RFC 6749, 2.3.1: id and secret are encoded as in a form before they are joined. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

function tokenIn(answer: HttpAnswer, issuers: readonly string[]) {
  const fields = jsonIn(answer, 'the token endpoint')
  const token = optionalText(fields, 'access_token', 'the token endpoint')
  if (token === undefined || token === '') throw refused('the token endpoint gives no access_token')
  const type = optionalText(fields, 'token_type', 'the token endpoint') ?? 'Bearer'
  if (type.toLowerCase() !== 'bearer') throw refused(`tokens of the type "${type}" are not known`)
  const claims = claimsOf(token)
  if (claims !== undefined) checkIssuer(issuers, optionalText(claims, 'iss', 'the token'))
  const seconds = Number(fields.expires_in ?? 0)
  return { token, lifeMs: Number.isFinite(seconds) ? Math.max(0, seconds) * 1_000 : 0 }
}

/** What a JSON Web Token says; of a token that is none, nothing. The authority gave it over TLS: nothing is proven here. */
function claimsOf(token: string): Fields | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Json
    return isFields(claims) ? claims : undefined
  } catch {
    return undefined
  }
}

function checkIssuer(issuers: readonly string[], issuer: string | undefined): void {
  if (issuers.length === 0 || (issuer !== undefined && issuers.includes(issuer))) return
  throw refused(`the issuer ${issuer ?? 'that is not named'} is none of ${issuers.join(', ')}`)
}

const wellKnown = '/.well-known/openid-configuration'

/** @see OpenID Connect Discovery 1.0, 4 */
async function discoveredBy(world: World, authority: string): Promise<Fields> {
  const url = authority.includes(wellKnown) ? authority : below(authority, wellKnown)
  const answer = await askedBy(world, url, { headers: { accept: 'application/json' } })
  return jsonIn(answer, 'the discovery document')
}

async function askedBy(
  { http }: World,
  url: string,
  request: { method?: string; headers: Record<string, string>; body?: string },
): Promise<HttpAnswer> {
  const answer = await http
    .request({ url, ...request, maxBytes: maxDocumentBytes })
    .catch((error) => {
      throw httpFailure(error)
    })
  if (answer.status >= 200 && answer.status < 300) return answer
  if (answer.status !== 400 && answer.status !== 401)
    throw answerFailure(`the authority ${new URL(url).origin}`, answer)
  const { error, error_description: said } = jsonIn(answer, 'the authority')
  const words = [error, said].filter((one) => typeof one === 'string').join(': ')
  throw refused(`the authority refuses a token: ${words.slice(0, 300)}`)
}

function jsonIn({ body }: HttpAnswer, what: string): Fields {
  try {
    const value = JSON.parse(body.toString('utf8')) as Json
    if (isFields(value)) return value
  } catch {
    // Said below.
  }
  throw new WorkflowError({
    ...{ type: 'communication', status: 502, title: 'Unreadable answer' },
    detail: `${what} is no JSON object`,
  })
}

function refused(detail: string): WorkflowError {
  return new WorkflowError({ type: 'authentication', title: 'No access token', detail })
}

/** A path under an address, whatever slashes stand between; a whole address as it is. */
function below(authority: string, path: string): string {
  if (URL.canParse(path)) return path
  return `${authority.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`
}
