/** Makes the errors by which a call of a function ends, and reads the answers that are none. */

import { AppError, type Retry } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { type Invocation, maxFunctionBytes } from '../functions.ts'

/** Each way to fail, and whether the same call may go well later. */
const ways = {
  'no-function': 'never',
  'function-refused': 'never',
  'function-failed': 'later',
  'function-timeout': 'later',
  'function-cancelled': 'later',
  'function-busy': 'later',
  'function-answer': 'never',
  'function-memory': 'never',
} as const satisfies Readonly<Record<string, Retry>>

export type FailureWay = keyof typeof ways

/** Makes the errors of one call: `fail('function-refused', 'says no')` reads `the function "kyc" says no`. */
export type Fail = (
  way: FailureWay,
  reason: string,
  why?: { readonly cause?: unknown; readonly data?: Readonly<Record<string, unknown>> },
) => AppError

/** Errors of calls of one function; `place` follows its name, such as ` at https://host`. */
export function failuresOf(name: string, place = ''): Fail {
  return (way, reason, { cause, data = {} } = {}) =>
    new AppError({
      code: `workflow/${way}`,
      message: `the function "${name}"${place} ${reason}`.slice(0, 4_096),
      retry: ways[way],
      ...{ cause, data },
    })
}

/** The name that an error of a function has to have for the same call to be tried again, in each language. */
const retryName = 'RetryLater'

/** The error of a function that threw. */
export function thrown(fail: Fail, error: { readonly name: string; readonly message: string }) {
  return error.name === retryName
    ? fail('function-failed', `asks to be called later: ${error.message}`)
    : fail('function-refused', `refused: ${error.message}`)
}

/** The JSON of an answer; @throws AppError `workflow/function-answer` */
export function answered(text: string, fail: Fail): Json {
  if (Buffer.byteLength(text) > maxFunctionBytes) throw tooLong(fail)
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    throw fail('function-answer', 'answered something that is no JSON', { cause })
  }
}

/** The error of an answer that is too long. */
export function tooLong(fail: Fail): AppError {
  return fail('function-answer', `gave over ${maxFunctionBytes} bytes`)
}

/**
 * Runs one call within its time.
 *
 * @param run - gets the signal that ends it; what it throws after that is the timeout or the cancelling
 */
export async function withinTime<T>(
  { invocation, timeoutMs, fail }: { invocation: Invocation; timeoutMs: number; fail: Fail },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { deadlineMs = Number.POSITIVE_INFINITY, patienceMs = 0 } = invocation
  const left = deadlineMs + patienceMs - Date.now()
  const ms = Math.max(0, Math.min(timeoutMs, Math.floor(left)))
  const late = AbortSignal.timeout(ms)
  try {
    return await run(AbortSignal.any([invocation.signal, late]))
  } catch (error) {
    if (invocation.signal.aborted)
      throw fail('function-cancelled', 'was interrupted', { cause: error })
    if (late.aborted)
      throw fail('function-timeout', `took longer than ${ms} ms`, {
        cause: error,
      })
    throw error
  }
}
