/** Reads what AWS Lambda answers: errors of the service, errors of functions, and the end of their logs. */

import type { AppError } from '../../base/app-error.ts'
import type { LogLine } from '../functions.ts'
import { type Fail, type FailureWay, thrown } from './call-failures.ts'

/** Errors of the service by name; others are decided by their status. */
const ways: Readonly<Record<string, FailureWay>> = {
  ResourceNotFoundException: 'no-function',
  TooManyRequestsException: 'function-busy',
  ThrottlingException: 'function-busy',
  EC2ThrottledException: 'function-busy',
  ResourceConflictException: 'function-failed',
  ResourceNotReadyException: 'function-failed',
  SnapStartNotReadyException: 'function-failed',
  CredentialsProviderError: 'function-refused',
}

/** Names of errors of functions by which the platform says that the function did not end by itself. */
const platformWays: Readonly<Record<string, FailureWay>> = {
  'Sandbox.Timedout': 'function-timeout',
  'Runtime.OutOfMemory': 'function-memory',
  'Runtime.ExitError': 'function-failed',
}

/** The failure of a call that the service did not make, or of any other request. */
export function lambdaFailure(error: unknown, fail: Fail): AppError {
  const { name, message, $metadata, retryAfterSeconds } = error as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number }
    readonly retryAfterSeconds?: string
  }
  const status = $metadata?.httpStatusCode
  const isPassing = status === undefined || status === 429 || status >= 500
  const way = ways[name] ?? (isPassing ? 'function-failed' : 'function-refused')
  const seconds = Number(retryAfterSeconds ?? Number.NaN)
  const data = {
    ...(status === undefined ? {} : { status }),
    ...(seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {}),
  }
  return fail(way, `cannot be asked: ${name}: ${message}`, { cause: error, data })
}

/** The failure of a function that ran: `{errorType, errorMessage}`. */
export function functionFailure(text: string, fail: Fail): AppError {
  let error: { readonly errorType?: unknown; readonly errorMessage?: unknown } = {}
  try {
    error = JSON.parse(text) ?? {}
  } catch {
    // The text itself is the reason.
  }
  const message = String(error.errorMessage ?? text)
  const type = String(error.errorType ?? 'Error')
  const way =
    platformWays[type] ?? (/Task timed out after/.test(message) ? 'function-timeout' : undefined)
  return way === undefined
    ? thrown(fail, { name: type, message: `${type}: ${message}` })
    : fail(way, `ended with ${type}: ${message}`)
}

/** The lines of a log's tail, base64 of at most 4 KiB. */
export function tailLines(base64: string | undefined, atMs: number): readonly LogLine[] {
  if (base64 === undefined) return []
  return Buffer.from(base64, 'base64')
    .toString('utf8')
    .split('\n')
    .filter((text) => text.trim() !== '')
    .map((text) => ({ atMs, level: /\tERROR\t|\bERROR\b/.test(text) ? 'error' : 'info', text }))
}
