/** Reads answers of JSON-RPC, within bounds, and tells errors of endpoints as the program's own. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'

/** Lists and objects within each other. */
const maxNesting = 64
/** Longest pause that an endpoint can ask for. */
const maxRetryMs = 60_000

interface JsonRpcError {
  readonly code?: Json
  readonly message?: Json
  readonly data?: Json
}

/** An answer to one request. */
export interface Answer {
  readonly id?: Json
  readonly result?: Json
  readonly error?: JsonRpcError | string
}

/** JSON of an endpoint. @throws Error where it is none, or nested too deep */
export function parsedAnswer(text: string): unknown {
  mustBeFlat(text)
  return JSON.parse(text)
}

/** The result of an answer. @throws AppError `json-rpc/error`, or Error where there is neither result nor error */
export function resultOf(answer: Answer | undefined): Json {
  if (answer?.error) throw toldError(answer.error)
  if (answer?.result === undefined) throw new Error('no result')
  return answer.result
}

/** "Too many requests", with the pause that the endpoint asks for. */
export function rateLimited(message: string, retryAfter: string | null): AppError {
  const data = { code: 429, ...retryData(retryAfter) }
  return new AppError({ code: 'json-rpc/error', message, data, retry: 'later' })
}

function toldError(error: JsonRpcError | string): AppError {
  const { code, message, data }: JsonRpcError =
    typeof error === 'string' ? { message: error } : error
  return new AppError({
    code: 'json-rpc/error',
    message: String(message ?? 'unknown error'),
    data: { code, data },
    retry: code === -32005 || code === 429 ? 'later' : 'never',
  })
}

/** Seconds, or a date. @see RFC 9110, 10.2.3 */
function retryData(retryAfter: string | null): { readonly retryAfterMs?: number } {
  if (retryAfter === null) return {}
  const ms = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1_000
    : Date.parse(retryAfter) - Date.now()
  return ms > 0 ? { retryAfterMs: Math.min(ms, maxRetryMs) } : {}
}

const [quote, backslash] = [34, 92]

/** Looks at brackets outside of texts only. */
function mustBeFlat(text: string): void {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = text.indexOf('"', at + 1)
      while (at > 0 && isEscaped(text, at)) at = text.indexOf('"', at + 1)
      if (at < 0) return
    } else if (code === 91 || code === 123) {
      depth += 1
      if (depth > maxNesting) throw new Error(`the answer is nested deeper than ${maxNesting}`)
    } else if (code === 93 || code === 125) depth -= 1
  }
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === backslash) before -= 1
  return (at - before) % 2 === 0
}
