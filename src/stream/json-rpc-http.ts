/** Speaks JSON-RPC to an endpoint over HTTP. */

import { AppError } from '../base/app-error.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'

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
  return {
    async request(method, params = []) {
      id += 1
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
      const text = await post(target, { headers, body, timeoutMs, maxResponseBytes }).catch(
        (cause) => {
          throw unreachable(origin, cause)
        },
      )
      return resultOf(origin, text)
    },
  }
}

interface JsonRpcError {
  readonly code?: Json
  readonly message?: Json
  readonly data?: Json
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
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxResponseBytes) throw new TooLarge(`the answer is over ${maxResponseBytes} bytes`)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  // Some nodes answer errors of JSON-RPC with an HTTP status of their own.
  if (!response.ok && !/^\s*\{.*"error"/s.test(text)) throw new Error(`HTTP ${response.status}`)
  return text
}

function resultOf(origin: string, text: string): Json {
  let answer: { result?: Json; error?: JsonRpcError | string }
  try {
    answer = JSON.parse(text)
  } catch (cause) {
    throw unreachable(origin, cause)
  }
  if (answer?.error) {
    const { error } = answer
    const { code, message, data }: JsonRpcError =
      typeof error === 'string' ? { message: error } : error
    throw new AppError({
      code: 'json-rpc/error',
      message: String(message ?? 'unknown error'),
      data: { code, data },
      retry: code === -32005 || code === 429 ? 'later' : 'never',
    })
  }
  if (answer?.result === undefined) throw unreachable(origin, new Error('no result'))
  return answer.result
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
