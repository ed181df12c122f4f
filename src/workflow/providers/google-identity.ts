/** Shows Google who asks: by the key of a service account, or by the metadata server of a Google machine. */

import { readFile } from 'node:fs/promises'
import { decodeJwt, importPKCS8, SignJWT } from 'jose'
import { z } from 'zod'
import { AppError } from '../../base/app-error.ts'
import { fileReason } from '../../base/file-reason.ts'
import type { GuardedHttp } from '../guarded-http.ts'
import { askCloud, askCloudJson, cloudFailures } from './cloud-request.ts'
import { type ExpiringToken, KeptTokens } from './kept-tokens.ts'

/** Where tokens come from. */
export interface GoogleIdentityOptions {
  /** Key file of a service account; without one the metadata server is asked. */
  readonly keyFile?: string
  /** Default `http://metadata.google.internal`. */
  readonly metadata?: string
}

const keyShape = z.object({
  type: z.literal('service_account'),
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
  token_uri: z.url(),
})
type ServiceKey = z.infer<typeof keyShape>

const scope = 'https://www.googleapis.com/auth/cloud-platform'
const fail = cloudFailures('Google')
/** What Google lets a signed request for a token be valid for, in seconds. */
const grantSeconds = 3_600

/** The tokens of one identity. */
export class GoogleIdentity {
  readonly #options: GoogleIdentityOptions
  readonly #http: GuardedHttp
  readonly #tokens = new KeptTokens()
  #key: Promise<ServiceKey> | undefined

  constructor(options: GoogleIdentityOptions, http: GuardedHttp) {
    this.#options = options
    this.#http = http
  }

  /** A signed statement of who asks, for one receiver. */
  idToken(audience: string): Promise<string> {
    return this.#tokens.of(`id ${audience}`, async () => {
      const token = await this.#newIdToken(audience)
      const { exp = 0 } = decodeJwt(token)
      return { token, untilMs: exp * 1_000 }
    })
  }

  /** What opens Google's own interfaces. */
  accessToken(): Promise<string> {
    return this.#tokens.of('access', () => this.#newAccessToken())
  }

  async #newIdToken(audience: string): Promise<string> {
    if (this.#options.keyFile === undefined) {
      const query = `audience=${encodeURIComponent(audience)}&format=full`
      const answer = await askCloud(this.#http, this.#metadata(`identity?${query}`), fail)
      if (answer.status === 200) return answer.body.toString('utf8').trim()
      throw noToken(`the metadata server answered ${answer.status}`)
    }
    const { id_token: token } = await this.#grant<{ id_token?: string }>({
      target_audience: audience,
    })
    return token ?? noTokenIn('id_token')
  }

  async #newAccessToken(): Promise<ExpiringToken> {
    interface Granted {
      readonly access_token?: string
      readonly expires_in?: number
    }
    const { access_token: token, expires_in: seconds = 0 } =
      this.#options.keyFile === undefined
        ? await askCloudJson<Granted>(this.#http, this.#metadata('token'), fail)
        : await this.#grant<Granted>({ scope })
    return { token: token ?? noTokenIn('access_token'), untilMs: Date.now() + seconds * 1_000 }
  }

  #metadata(what: string) {
    const { metadata = 'http://metadata.google.internal' } = this.#options
    const url = `${metadata}/computeMetadata/v1/instance/service-accounts/default/${what}`
    return { url, headers: { 'metadata-flavor': 'Google' } }
  }

  /** Exchanges a statement that the account has signed (RFC 7523). */
  async #grant<T>(claims: Readonly<Record<string, string>>): Promise<T> {
    const key = await this.#serviceKey()
    const { client_email: email, private_key_id: kid, token_uri: url } = key
    const signed = new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .setIssuer(email)
      .setSubject(email)
      .setAudience(url)
      .setIssuedAt()
      .setExpirationTime(`${grantSeconds}s`)
    const assertion = await signed.sign(await importPKCS8(key.private_key, 'RS256'))
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    const body = new URLSearchParams({ grant_type, assertion }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return askCloudJson<T>(this.#http, { url, method: 'POST', headers, body }, fail)
  }

  #serviceKey(): Promise<ServiceKey> {
    const read = async () => {
      const { keyFile = '' } = this.#options
      const text = await readFile(keyFile, 'utf8').catch((cause) => {
        throw noToken(`${keyFile} cannot be read: ${fileReason(cause)}`)
      })
      try {
        return keyShape.parse(JSON.parse(text))
      } catch {
        // What a parser says quotes the file, which holds a key.
        throw noToken(`${keyFile} is no key file of a service account`)
      }
    }
    this.#key ??= read().catch((error) => {
      this.#key = undefined
      throw error
    })
    return this.#key
  }
}

function noTokenIn(field: string): never {
  throw noToken(`its answer has no ${field}`)
}

function noToken(reason: string): AppError {
  const message = `there is no token of Google: ${reason}`
  return new AppError({ code: 'workflow/function-refused', message })
}
