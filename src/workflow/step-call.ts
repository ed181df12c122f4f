/** Calls what a step does, for no longer than a step may take. */

import { AppError } from '../base/app-error.ts'
import type { Timer } from '../base/clock.ts'

/** Longest run of a step's function. */
const maxStepMs = 600_000

/** The bounds of one call. */
export interface CallBounds {
  /** Name of the step, for the error. */
  readonly step: string
  readonly timer: Timer
  /** Asks the function to end; what it gives nonetheless counts. */
  readonly interrupt: AbortSignal
  /** Gives up on a function that was asked to end and does not. */
  readonly abandon: AbortSignal
}

/**
 * Calls a function whose signal fires when it is to end. A function that does not end in time is left to itself; what
 * it gives later is not looked at.
 *
 * @throws AppError `workflow/step-too-slow` with retry `later`, `workflow/step-abandoned`
 */
export async function callWithin<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { step, timer, interrupt, abandon }: CallBounds,
): Promise<T> {
  const late = new AbortController()
  let giveUp: (error: AppError) => void = () => {}
  const over = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  const abandoned = () => {
    const message = `step "${step}" was left, since it did not end when it was told to`
    giveUp(new AppError({ code: 'workflow/step-abandoned', message, retry: 'later' }))
  }
  const cancelAlarm = timer.after(maxStepMs, () => {
    const message = `step "${step}" took longer than ${maxStepMs} ms`
    const error = new AppError({ code: 'workflow/step-too-slow', message, retry: 'later' })
    // Before the signal: what the function says to it is not the reason.
    giveUp(error)
    late.abort(error)
  })
  abandon.addEventListener('abort', abandoned, { once: true })
  try {
    return await Promise.race([over, call(AbortSignal.any([interrupt, late.signal]))])
  } finally {
    cancelAlarm()
    abandon.removeEventListener('abort', abandoned)
  }
}
