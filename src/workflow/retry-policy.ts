/** Decides what follows when a step fails or waits: how often it is asked again, and after which pause. */

import { AppError } from '../base/app-error.ts'

/** How often a step is asked, and how the pauses between grow. */
export interface RetryPolicy {
  /** Failures before the instance fails. */
  readonly attempts: number
  /** Pause after the first failure; each is shortened by chance, by up to a half. */
  readonly delayMs: number
  /** Factor of each further pause. */
  readonly backoff: number
}

/** Holds for a step that says nothing. */
export const defaultRetry: RetryPolicy = { attempts: 20, delayMs: 250, backoff: 2 }

/** Longest pause between attempts, unless `delayMs` is longer. */
const longestRetryMs = 60_000
/** Shortest and longest wait for a reason to go away. */
const [shortestWaitMs, longestWaitMs] = [10, 24 * 3_600_000]

/** What becomes of a step that failed. */
export type Verdict =
  | { readonly kind: 'failed' }
  | { readonly kind: 'retrying'; readonly pauseMs: number }

/**
 * What follows a failure. A server that says when it wants to be asked again (`data.retryAfterMs`, from Retry-After) is not
 * asked before, up to a day.
 *
 * @param attempt - 1 for the first
 * @param random - 0 to 1
 */
export function afterFailure(
  error: unknown,
  attempt: number,
  { retry, random }: { readonly retry: RetryPolicy; readonly random: number },
): Verdict {
  const wish = error instanceof AppError ? error.retry : 'later'
  if (wish === 'never' || attempt >= retry.attempts) return { kind: 'failed' }
  if (wish === 'now') return { kind: 'retrying', pauseMs: 0 }
  const longest = Math.max(longestRetryMs, retry.delayMs)
  const pauseMs = Math.min(longest, retry.delayMs * retry.backoff ** (attempt - 1))
  const shortened = Math.round(pauseMs * (0.5 + random / 2))
  return { kind: 'retrying', pauseMs: Math.max(shortened, askedPauseOf(error)) }
}

function askedPauseOf(error: unknown): number {
  const asked = error instanceof AppError ? error.data.retryAfterMs : undefined
  return typeof asked === 'number' && asked > 0 ? Math.ceil(Math.min(asked, longestWaitMs)) : 0
}

/** The pause that a function asks for while it waits, within bounds: a pause of nothing would never rest. */
export function waitOf(retryAfterMs: number): number {
  return retryAfterMs >= shortestWaitMs
    ? Math.ceil(Math.min(retryAfterMs, longestWaitMs))
    : shortestWaitMs
}
