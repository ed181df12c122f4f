/** Describes a way by which a notification goes to one recipient. */

import { AppError } from '../../base/app-error.ts'
import { type HttpAnswer, statusError } from '../../workflow/guarded-http.ts'

/** What is sent. */
export interface Letter {
  /** The same for each attempt; 32 hex digits, perhaps with a number behind. */
  readonly id: string
  readonly to: string
  readonly subject: string
  /** Plain text. */
  readonly body: string
  /** The body in the channel's own form, whole; else the channel makes it of subject and body. */
  readonly formatted: string | undefined
  /** What the channel noted at the attempts before, such as browsers that have it. */
  readonly done: readonly string[]
}

/** One way. */
export interface Channel {
  /**
   * Sends a letter.
   *
   * @throws AppError with retry `never` if no further attempt can help; `data.retryAfterMs` is a pause that was asked for,
   *   `data.done` what to give in `done` at the next attempt
   */
  send(letter: Letter): Promise<void>
}

/** Longest wait for an answer. */
export const answerTimeoutMs = 15_000

/** An error of a channel; anything that is not known to be final may pass. */
export function channelError(message: string, cause: unknown): AppError {
  const { retry, data } = cause instanceof AppError ? cause : { retry: 'later' as const, data: {} }
  return new AppError({ code: 'services/not-sent', message, cause, retry, data })
}

/** Refuses an answer that is no success, with what its JSON says. */
export function mustSucceed(
  subject: string,
  answer: HttpAnswer,
  told: { readonly detail?: string | undefined; readonly retryAfterMs?: number | undefined } = {},
): void {
  if (answer.status >= 200 && answer.status < 300) return
  const { message, retry, data } = statusError(subject, answer, Date.now())
  const pause = told.retryAfterMs === undefined ? {} : { retryAfterMs: told.retryAfterMs }
  throw new AppError({
    code: 'services/not-sent',
    message: told.detail ? `${message}: ${told.detail.slice(0, 200)}` : message,
    retry,
    data: { ...data, ...pause },
  })
}

/** A text within a limit of characters after it was escaped; what is too long ends with an ellipsis. */
export function fitted(text: string, most: number, escaped: (text: string) => string): string {
  const whole = escaped(text)
  if (whole.length <= most) return whole
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (escaped(`${text.slice(0, middle)}…`).length <= most) low = middle
    else high = middle - 1
  }
  return escaped(`${text.slice(0, low)}…`)
}

/** A formatted text, unless it is too long: cut, it would be torn. */
export function within(formatted: string | undefined, most: number): string | undefined {
  return formatted !== undefined && formatted.length <= most ? formatted : undefined
}
