/** Calls functions at an HTTP endpoint. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { type FunctionProvider, maxFunctionBytes } from './functions.ts'

/** Which endpoint, and how patiently. */
export interface HttpFunctionOptions {
  /** All functions are posted here; the body names the one that is meant. */
  readonly url: string
  /** Default 15,000. */
  readonly timeoutMs?: number
}

/**
 * A provider that posts `{function, payload}` as JSON, with the header `Idempotency-Key`, and takes the JSON of the
 * answer as the result. Answers 408, 425, 429 and 5xx, and no answer, are tried again; others are final.
 */
export function createHttpFunctions({
  url,
  timeoutMs = 15_000,
}: HttpFunctionOptions): FunctionProvider {
  const { origin } = new URL(url)
  return {
    async invoke(name, payload, { idempotencyKey, signal }) {
      const failure = (reason: string, retry: 'never' | 'later', cause?: unknown) =>
        new AppError({
          code: 'workflow/function-failed',
          message: `the function "${name}" at ${origin} ${reason}`,
          ...{ retry, cause },
        })
      let response: Response
      try {
        response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
          body: JSON.stringify({ function: name, payload }),
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        })
      } catch (cause) {
        throw failure(`does not answer: ${(cause as Error).message}`, 'later', cause)
      }
      if (!response.ok) {
        await response.body?.cancel()
        const passing = [408, 425, 429].includes(response.status) || response.status >= 500
        throw failure(`answered ${response.status}`, passing ? 'later' : 'never')
      }
      const text = await boundedText(response, () =>
        failure(`gave over ${maxFunctionBytes} bytes`, 'never'),
      )
      try {
        return JSON.parse(text) as Json
      } catch (cause) {
        throw failure('answered something that is no JSON', 'never', cause)
      }
    },
  }
}

async function boundedText(response: Response, tooLong: () => AppError): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxFunctionBytes) throw tooLong()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
