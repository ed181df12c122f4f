/** Tells what endpoints mean by their errors: too much at once, too often, or a block that left. */

import { AppError } from '../../base/app-error.ts'

/** What endpoints say when there are too many requests. */
const aboutRate =
  /rate.?limit|requests|request (rate|count|limit)|per second|capacity|throughput|quota/i
/** What they say when the answer would be too large or take too long, where they do not name range, logs or size. */
const aboutSize =
  /too many|too large|too big|too wide|limit|more than|at most|maximum|exceed|timed? ?out/i
/** Where they say which range would do. */
const suggestion = /block range[^[]*\[0x[0-9a-f]+, ?(0x[0-9a-f]+)\]/i

/** The error as a source tells it: `stream/range-too-large` where an answer for so many blocks is too large. */
export function rangeError(error: unknown): unknown {
  if (!isRangeTooLarge(error)) return error
  const { message, data } = error as AppError
  const to = suggestion.exec(message)?.[1]
  return new AppError({
    ...{ code: 'stream/range-too-large', message, cause: error, retry: 'now' },
    data: { ...data, ...(to === undefined ? {} : { to: Number(to) }) },
  })
}

function isRangeTooLarge(error: unknown): boolean {
  if (!(error instanceof AppError)) return false
  if (error.code === 'json-rpc/unreachable') return error.data.reason === 'too-large'
  if (error.code !== 'json-rpc/error' || error.data.code === 429) return false
  if (/\brange|\blogs\b|results|response size/i.test(error.message)) return true
  if (aboutRate.test(error.message)) return false
  return error.data.code === -32005 || aboutSize.test(error.message)
}

/** Whether a block left between its header and its logs, or another node behind the endpoint lags. */
export function isUnknownBlock(error: unknown): error is AppError {
  if (!(error instanceof AppError) || error.code !== 'json-rpc/error') return false
  return /unknown|not found|not be found/i.test(error.message)
}

/** An endpoint does not know the tag or method, or has no such block yet. */
export function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code === 'json-rpc/error' && error.retry === 'never'
}
