/** Asks the REST interfaces of clouds. */

import { AppError } from '../../base/app-error.ts'
import type { GuardedHttp, HttpAnswer } from '../guarded-http.ts'
import { type Fail, failuresOf } from './call-failures.ts'
import { statusFailure, unanswered } from './http-call.ts'

/** One question; a body that is no text and no bytes goes as JSON. */
export interface CloudRequest {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | object
  /** Default 30,000. */
  readonly timeoutMs?: number
}

/** Largest answer about functions, logs or operations. */
const maxBytes = 8 * 2 ** 20

/** Asks; any status is an answer. @throws AppError as calls of functions do */
export async function askCloud(
  http: GuardedHttp,
  { url, method = 'GET', headers = {}, body, timeoutMs = 30_000 }: CloudRequest,
  fail: Fail,
): Promise<HttpAnswer> {
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const type: Record<string, string> = isRaw ? {} : { 'content-type': 'application/json' }
  const sent = isRaw ? body : JSON.stringify(body)
  try {
    return await http.request({
      ...{ url, method, headers: { ...type, ...headers }, timeoutMs, maxBytes, trusted: true },
      ...(sent === undefined ? {} : { body: sent }),
    })
  } catch (error) {
    throw unanswered(error, fail)
  }
}

/** Asks for JSON; other statuses than 2xx are failures. */
export async function askCloudJson<T>(
  http: GuardedHttp,
  request: CloudRequest,
  fail: Fail,
): Promise<T> {
  const answer = await askCloud(http, request, fail)
  if (answer.status < 200 || answer.status > 299) throw statusFailure(answer, fail)
  if (answer.body.length === 0) return {} as T
  try {
    return JSON.parse(answer.body.toString('utf8')) as T
  } catch (cause) {
    throw fail('function-answer', 'gets no JSON from its cloud', { cause })
  }
}

/** Failures of what concerns no single function. */
export function cloudFailures(cloud: string): Fail {
  return failuresOf('*', ` at ${cloud}`)
}

/** What cannot be deployed, and why. */
export function undeployable(name: string, cloud: string, reason: string): AppError {
  const message = `"${name}" cannot be deployed to ${cloud}: ${reason}`
  return new AppError({ code: 'workflow/bad-function', message })
}
