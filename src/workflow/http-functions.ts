/** Calls functions at HTTP endpoints: CloudEvents go there, signed if there is a secret. */

import { encodeCloudEvent } from '../stream/cloud-event-http.ts'
import type { FunctionProvider } from './functions.ts'
import type { GuardedHttp } from './guarded-http.ts'
import { failuresOf } from './providers/call-failures.ts'
import { functionEvent, waitedFor } from './providers/function-event.ts'
import { postCall } from './providers/http-call.ts'
import { signWebhook } from './webhook-signature.ts'

/** Which endpoint, and how patiently. */
export interface HttpFunctionOptions {
  /** Functions are posted here; `{name}` in it stands for the name of the one that is meant. */
  readonly url: string
  readonly http: GuardedHttp
  /** Endpoints of single functions, by name. */
  readonly urls?: Readonly<Record<string, string>>
  /** Of Standard Webhooks; several while one replaces another. None: calls are not signed. */
  readonly secrets?: readonly string[]
  /** Go with each call, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default 15,000. */
  readonly timeoutMs?: number
}

/**
 * A provider that posts CloudEvents in structured mode (type `quantumstream.function.invoke`, the idempotency key as id, the
 * function as subject, the payload as data); the answer's JSON, or the data of an event, is the result.
 */
export function createHttpFunctions(options: HttpFunctionOptions): FunctionProvider {
  const { url, urls = {}, http, secrets = [], headers = {}, timeoutMs = 15_000 } = options
  return {
    kind: 'http',
    invoke(name, payload, invocation) {
      const own = Object.hasOwn(urls, name) ? urls[name] : undefined
      const place = own ?? url.replaceAll('{name}', encodeURIComponent(name))
      const called = functionEvent(name, payload, waitedFor(invocation, timeoutMs))
      const event = encodeCloudEvent(called, 'structured')
      const body = String(event.body)
      const { idempotencyKey: id } = invocation
      const signed =
        secrets.length > 0 ? signWebhook(secrets, { id, timestampMs: Date.now(), body }) : {}
      return postCall({
        ...{ http, url: place, body, invocation, timeoutMs },
        fail: failuresOf(name, ` at ${new URL(place).origin}`),
        headers: { ...headers, ...event.headers, ...signed, 'idempotency-key': id },
      })
    },
    stop: async () => {},
  }
}
