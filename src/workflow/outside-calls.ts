/** Gives the steps of the workflow language that reach outside. */

import { createAuthenticatedHttp } from './calls/authentication.ts'
import type { OutsideCall } from './calls/call-fields.ts'
import { createExternalDocuments } from './calls/external-documents.ts'
import { httpCall } from './calls/http-call.ts'
import { openapiCall } from './calls/openapi-call.ts'
import type { GuardedHttp } from './guarded-http.ts'

/** What calls stand on, and what they may do. */
export interface OutsideCallOptions {
  readonly http: GuardedHttp
  /** Files of `file:` addresses lie below this folder; without it there are none. */
  readonly folder?: string | undefined
  /** Longest question by HTTP; default 30,000. */
  readonly timeoutMs?: number
  /** Largest answer by HTTP; default 1 MiB. */
  readonly maxAnswerBytes?: number
}

/** The calls by their names in the language. Each fails with a WorkflowError, or is interrupted by its signal. */
export function outsideCalls(
  options: OutsideCallOptions,
): Readonly<Record<'http' | 'openapi', OutsideCall>> {
  const nowMs = Date.now
  const http = createAuthenticatedHttp(options.http, nowMs)
  const documents = createExternalDocuments({ http, folder: options.folder, nowMs })
  const { timeoutMs = 30_000, maxAnswerBytes = 1024 * 1024 } = options
  const bounds = { timeoutMs, maxAnswerBytes }
  return {
    http: httpCall(http, bounds),
    openapi: openapiCall({ http, documents }, bounds),
  }
}
