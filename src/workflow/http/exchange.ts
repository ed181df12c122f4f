/** Sends one question to a server and takes its answer, within bounds of time and bytes. */

import { type Dispatcher, errors } from 'undici'
import { AppError } from '../../base/app-error.ts'
import { GatheredBytes } from '../../base/gathered-bytes.ts'
import type { RequestParts } from './request-parts.ts'
import type { ServerPool } from './server-pools.ts'

/** An answer whose body may still be compressed. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Sees a piece of a body with the head before it; true ends the answer there. */
export type WatchAnswer = (chunk: Buffer, head: Pick<RawAnswer, 'status' | 'headers'>) => boolean

/** The bounds of an exchange. */
export interface ExchangeBounds {
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
  readonly watch?: WatchAnswer | undefined
}

/** Questions to one server that may be under way or wait for a connection. */
const maxInFlight = 4_096

/**
 * Asks once.
 *
 * @throws AppError as `GuardedHttp.request` says
 */
export function exchange(
  server: ServerPool,
  parts: RequestParts,
  bounds: ExchangeBounds,
): Promise<RawAnswer> {
  const { url, method, headers, body } = parts
  const { origin } = url
  if (bounds.signal?.aborted) return Promise.reject(cancelled(origin, bounds.signal))
  if (bounds.timeoutMs <= 0) return Promise.reject(tooSlow(origin))
  if (server.inFlight >= maxInFlight) return Promise.reject(busy(origin))
  return new Promise((resolve, reject) => {
    const handler = new AnswerHandler(parts, bounds, { server, resolve, reject })
    try {
      const path = url.search === '' ? url.pathname : url.pathname + url.search
      server.pool.dispatch({ path, method, headers, body: body ?? null, blocking: false }, handler)
    } catch (cause) {
      handler.fail(failureOf(origin, cause))
    }
  })
}

interface Ends {
  readonly server: ServerPool
  readonly resolve: (answer: RawAnswer) => void
  readonly reject: (error: AppError) => void
}

/** Collects one answer; settles once, and lets go of timer and signal then. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #origin: string
  readonly #isHead: boolean
  readonly #bounds: ExchangeBounds
  readonly #ends: Ends
  readonly #timer: NodeJS.Timeout
  readonly #onAbort: (() => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  #failure: AppError | undefined
  #settled = false
  #status = 0
  #headers: Record<string, string> = {}
  readonly #body = new GatheredBytes()

  constructor({ url, method }: RequestParts, bounds: ExchangeBounds, ends: Ends) {
    const { origin } = url
    this.#origin = origin
    this.#isHead = method === 'HEAD'
    this.#bounds = bounds
    this.#ends = ends
    ends.server.inFlight += 1
    this.#timer = setTimeout(() => this.fail(tooSlow(origin)), bounds.timeoutMs)
    const { signal } = bounds
    if (signal === undefined) return
    this.#onAbort = () => this.fail(cancelled(origin, signal))
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Ends the exchange with an error, whatever state it is in. */
  fail(error: AppError): void {
    if (this.#settled) return
    this.#failure = error
    this.#settle()
    this.#ends.reject(error)
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(this.#failure)
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status
    const joined: Record<string, string> = {}
    for (const name in headers) {
      const value = headers[name]
      joined[name] = typeof value === 'string' ? value : (value?.join(', ') ?? '')
    }
    this.#headers = joined
    const announced = this.#isHead ? 0 : Number(joined['content-length'])
    if (announced > this.#bounds.maxBytes) this.fail(tooLarge(this.#origin, this.#bounds.maxBytes))
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body.size + chunk.length > this.#bounds.maxBytes) {
      this.fail(tooLarge(this.#origin, this.#bounds.maxBytes))
      return
    }
    this.#body.add(chunk)
    const { watch } = this.#bounds
    if (watch === undefined || this.#settled) return
    try {
      if (!watch(chunk, { status: this.#status, headers: this.#headers })) return
    } catch (cause) {
      this.fail(failureOf(this.#origin, cause))
      return
    }
    this.onResponseEnd()
    this.#controller?.abort(new Error('enough was heard'))
  }

  onResponseEnd(): void {
    if (this.#settled) return
    this.#settle()
    const [status, headers, body] = [this.#status, this.#headers, this.#body.whole()]
    this.#ends.resolve({ status, headers, body })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.fail(failureOf(this.#origin, error))
  }

  #settle(): void {
    this.#settled = true
    this.#ends.server.inFlight -= 1
    clearTimeout(this.#timer)
    if (this.#onAbort) this.#bounds.signal?.removeEventListener('abort', this.#onAbort)
  }
}

/** The largest answer was passed. */
export function tooLarge(origin: string, maxBytes: number): AppError {
  const message = `${origin} answers with over ${maxBytes} bytes`
  return new AppError({ code: 'workflow/http-too-large', message })
}

function tooSlow(origin: string): AppError {
  const message = `${origin} does not answer in time`
  return new AppError({ code: 'workflow/http-timeout', message, retry: 'later' })
}

function busy(origin: string): AppError {
  const message = `${maxInFlight} questions to ${origin} wait, which is the limit`
  return new AppError({ code: 'workflow/http-busy', message, retry: 'later' })
}

function cancelled(origin: string, { reason }: AbortSignal): AppError {
  const message = `the question to ${origin} was interrupted`
  return new AppError({ code: 'workflow/http-cancelled', message, retry: 'later', cause: reason })
}

const brokenAnswers = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'])

/** What undici, TLS, DNS and the system say, in our words. */
function failureOf(origin: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause
  const { code = '', message: said } = cause as { code?: string; message: string }
  const reason = said === '' ? code : said
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return tooSlow(origin)
  if (code === 'UND_ERR_INVALID_ARG') {
    const message = `the question to ${origin} cannot be sent: ${reason}`
    return new AppError({ code: 'workflow/http-bad-request', message, cause })
  }
  if (cause instanceof errors.HTTPParserError || brokenAnswers.has(code)) {
    const message = `${origin} answers something that is no HTTP: ${reason}`
    return new AppError({ code: 'workflow/http-bad-answer', message, cause })
  }
  if (/^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/.test(code)) {
    const message = `${origin} does not prove who it is: ${reason}`
    return new AppError({ code: 'workflow/http-untrusted', message, cause })
  }
  const message = `${origin} does not answer: ${reason}`
  return new AppError({ code: 'workflow/http-unreachable', message, retry: 'later', cause })
}
