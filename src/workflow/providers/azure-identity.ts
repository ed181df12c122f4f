/** Shows Azure who asks: an application by its secret. */

import { AppError } from '../../base/app-error.ts'
import type { GuardedHttp } from '../guarded-http.ts'
import { askCloudJson, cloudFailures } from './cloud-request.ts'
import { KeptTokens } from './kept-tokens.ts'

/** The application; all three are needed for what is not a call with a set key. */
export interface AzureIdentityOptions {
  readonly tenant?: string
  readonly clientId?: string
  readonly clientSecret?: string
  /** Default `https://login.microsoftonline.com`. */
  readonly login?: string
}

/** The tokens of one application. */
export class AzureIdentity {
  readonly #options: AzureIdentityOptions
  readonly #http: GuardedHttp
  readonly #tokens = new KeptTokens()

  constructor(options: AzureIdentityOptions, http: GuardedHttp) {
    this.#options = options
    this.#http = http
  }

  /** A token for one of Azure's interfaces (OAuth 2.0, client credentials). */
  token(scope: string): Promise<string> {
    const { tenant, clientId, clientSecret } = this.#options
    const { login = 'https://login.microsoftonline.com' } = this.#options
    if (tenant === undefined || clientId === undefined || clientSecret === undefined) {
      const message = 'the provider has no "tenant", "clientId" and "clientSecret"'
      throw new AppError({ code: 'workflow/unmanaged-function', message })
    }
    return this.#tokens.of(scope, async () => {
      const form = { grant_type: 'client_credentials', scope }
      const secrets = { client_id: clientId, client_secret: clientSecret }
      const granted = await askCloudJson<{ access_token: string; expires_in: number }>(
        this.#http,
        {
          url: `${login}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
          ...{ method: 'POST', body: new URLSearchParams({ ...form, ...secrets }).toString() },
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        },
        cloudFailures('Azure'),
      )
      return { token: granted.access_token, untilMs: Date.now() + granted.expires_in * 1_000 }
    })
  }
}
