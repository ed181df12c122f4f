/** Posts the call of a function to a server, and takes its answer apart. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { decodeCloudEvents } from '../../stream/cloud-event-http.ts'
import { type Invocation, maxFunctionBytes } from '../functions.ts'
import { type GuardedHttp, type HttpAnswer, retryAfterOf } from '../guarded-http.ts'
import { answered, type Fail, tooLong, withinTime } from './call-failures.ts'

/** One call of a function at a server. */
export interface HttpCall {
  readonly http: GuardedHttp
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly invocation: Invocation
  readonly timeoutMs: number
  readonly fail: Fail
}

/** Longest part of an answer that an error tells. */
const longestReason = 500

/**
 * Posts it. 404 is a function that is not there; 408, 425, 429, 5xx and no answer are failures that may pass; other
 * statuses but 2xx are the function's refusal.
 */
export async function postCall(call: HttpCall): Promise<Json> {
  const { http, url, body, fail, invocation } = call
  const { traceparent } = invocation
  const headers = { ...call.headers, ...(traceparent === undefined ? {} : { traceparent }) }
  const answer = await withinTime(call, async (signal) => {
    try {
      return await http.request({
        ...{ url, method: 'POST', headers, body, signal, trusted: true },
        ...{ timeoutMs: call.timeoutMs + 1_000, maxBytes: maxFunctionBytes },
      })
    } catch (error) {
      throw unanswered(error, fail)
    }
  })
  if (answer.status < 200 || answer.status > 299) throw statusFailure(answer, fail)
  if (answer.body.length === 0) return null
  if (!isEvent(answer)) return answered(answer.body.toString('utf8'), fail)
  try {
    return decodeCloudEvents(answer)[0]?.data ?? null
  } catch (cause) {
    throw fail('function-answer', `answered no event: ${(cause as Error).message}`, { cause })
  }
}

function isEvent({ headers }: HttpAnswer): boolean {
  return /^application\/cloudevents\b/i.test(headers['content-type'] ?? '')
}

/** The failure of a call that got no answer. */
export function unanswered(error: unknown, fail: Fail): AppError {
  if (!(error instanceof AppError)) return fail('function-failed', String(error), { cause: error })
  const why = { cause: error, data: error.data }
  if (error.code === 'workflow/http-too-large') return tooLong(fail)
  if (error.code === 'workflow/http-timeout') return fail('function-timeout', error.message, why)
  const way = error.retry === 'later' ? 'function-failed' : 'function-refused'
  return fail(way, `cannot be asked: ${error.message}`, why)
}

/** The failure that a status tells. */
export function statusFailure(answer: HttpAnswer, fail: Fail): AppError {
  const { status } = answer
  const text = answer.body.toString('utf8', 0, longestReason).trim()
  const reason = `answered ${status}${text === '' ? '' : `: ${text}`}`
  if (status === 404) return fail('no-function', reason, { data: { status } })
  const isPassing = status === 408 || status === 425 || status === 429 || status >= 500
  const retryAfterMs = isPassing ? retryAfterOf(answer, Date.now()) : undefined
  const data = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  return fail(isPassing ? 'function-failed' : 'function-refused', reason, { data })
}
