/** Calls functions at an HTTP endpoint. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { type FunctionProvider, maxFunctionBytes } from './functions.ts'
import { type GuardedHttp, statusError } from './guarded-http.ts'

/** Which endpoint, and how patiently. */
export interface HttpFunctionOptions {
  /** All functions are posted here; the body names the one that is meant. */
  readonly url: string
  readonly http: GuardedHttp
  /** Default 15,000. */
  readonly timeoutMs?: number
}

/**
 * A provider that posts `{function, payload}` as JSON, with the header `Idempotency-Key`, and takes the JSON of the
 * answer as the result. Answers 408, 425, 429 and 5xx, and no answer, are tried again; others are final.
 */
export function createHttpFunctions(options: HttpFunctionOptions): FunctionProvider {
  const { url, http, timeoutMs = 15_000 } = options
  const { origin } = new URL(url)
  return {
    kind: 'http',
    stop: async () => {},
    async invoke(name, payload, { idempotencyKey, signal }) {
      const failure = (error: AppError) =>
        new AppError({
          code: 'workflow/function-failed',
          message: `the function "${name}" failed: ${error.message}`,
          ...{ retry: error.retry, data: error.data, cause: error },
        })
      const answer = await http
        .request({
          ...{ url, method: 'POST', trusted: true, timeoutMs, signal, maxBytes: maxFunctionBytes },
          headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
          body: JSON.stringify({ function: name, payload }),
        })
        .catch((error) => {
          throw failure(error)
        })
      if (answer.status < 200 || answer.status > 299)
        throw failure(statusError(origin, answer, Date.now()))
      try {
        return JSON.parse(answer.body.toString('utf8')) as Json
      } catch (cause) {
        const message = `the function "${name}" at ${origin} answered something that is no JSON`
        throw new AppError({ code: 'workflow/function-failed', message, cause })
      }
    },
  }
}
