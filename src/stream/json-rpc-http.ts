/** Speaks JSON-RPC to an endpoint over HTTP. */

import { AppError } from '../base/app-error.ts'
import { GatheredBytes } from '../base/gathered-bytes.ts'
import type { Json, JsonRpcCall, JsonRpcClient } from '../base/json-rpc.ts'
import { type Answer, parsedAnswer, rateLimited, resultOf } from './json-rpc/answers.ts'

/** Which endpoint, and how patiently. */
export interface HttpClientOptions {
  readonly url: string
  /** Longest wait for an answer; default 15,000. */
  readonly timeoutMs?: number
  /** Largest answer; default 32 MiB. */
  readonly maxResponseBytes?: number
}

/** A client over HTTP. Errors name the host only: an address can hold a key. */
export function createHttpClient(options: HttpClientOptions): JsonRpcClient {
  const { url, timeoutMs = 15_000, maxResponseBytes = 32 * 1024 * 1024 } = options
  const { origin, username, password } = new URL(url)
  const target = new URL(url)
  target.username = ''
  target.password = ''
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  const headers = {
    'content-type': 'application/json',
    ...(username === '' ? {} : { authorization: `Basic ${credentials.toString('base64')}` }),
  }
  let id = 0
  let takesBatches = true
  const ask = async (asked: unknown): Promise<unknown> => {
    const body = JSON.stringify(asked)
    try {
      return parsedAnswer(await post(target, { headers, body, timeoutMs, maxResponseBytes }))
    } catch (cause) {
      throw cause instanceof AppError ? cause : unreachable(origin, cause)
    }
  }
  const read = (answer: unknown): Json => {
    try {
      return resultOf(answer as Answer)
    } catch (cause) {
      throw cause instanceof AppError ? cause : unreachable(origin, cause)
    }
  }
  const requestOf = ([method, params]: JsonRpcCall) => {
    id += 1
    return { jsonrpc: '2.0', id, method, params }
  }
  const request: JsonRpcClient['request'] = async (method, params = []) =>
    read(await ask(requestOf([method, params])))
  return {
    request,
    async requestAll(calls) {
      if (takesBatches) {
        const asked = calls.map(requestOf)
        const answers = await ask(asked)
        if (Array.isArray(answers)) {
          const byId = new Map(answers.map((one: Answer | null) => [one?.id, one]))
          return asked.map((one) => read(byId.get(one.id)))
        }
        // Endpoints without batches answer the whole of it by one error.
        takesBatches = false
      }
      return Promise.all(calls.map(([method, params]) => request(method, params)))
    },
  }
}

/** An answer over the limit. */
class TooLarge extends Error {}

interface Post {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
  readonly maxResponseBytes: number
}

async function post(
  url: URL,
  { headers, body, timeoutMs, maxResponseBytes }: Post,
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' })
  const answer = new GatheredBytes()
  for await (const chunk of response.body ?? []) {
    answer.add(chunk)
    if (answer.size <= maxResponseBytes) continue
    throw new TooLarge(`the answer is over ${maxResponseBytes} bytes`)
  }
  const text = answer.whole().toString('utf8')
  if (response.ok) return text
  // Some nodes answer errors of JSON-RPC with an HTTP status of their own.
  const isAnswer = /^\s*\{.*"error"/s.test(text)
  const retryAfter = response.headers.get('retry-after')
  if (response.status === 429 && (!isAnswer || retryAfter !== null)) {
    throw rateLimited('HTTP 429: too many requests', retryAfter)
  }
  if (!isAnswer) throw new Error(`HTTP ${response.status}`)
  return text
}

/** `data.reason` is `too-large` or `timeout` where a smaller question may be answered. */
function unreachable(origin: string, cause: unknown): AppError {
  const { name, message, cause: inner } = cause as Error
  const text =
    inner instanceof Error ? inner.message || (inner as NodeJS.ErrnoException).code : message
  const reason = name === 'TimeoutError' ? 'timeout' : undefined
  return new AppError({
    code: 'json-rpc/unreachable',
    message: `${origin} does not answer: ${text}`,
    data: { reason: cause instanceof TooLarge ? 'too-large' : reason },
    retry: 'later',
  })
}
