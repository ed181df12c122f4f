/** Sends spans to a collector by OTLP over HTTP, in JSON. */

import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Span, Tracer } from '../base/tracing.ts'
import { type ResourceAttributes, tracesRequest } from './otlp-json.ts'

/** Where spans go, and who tells them. */
export interface OtlpOptions {
  /** Base address of the collector; `/v1/traces` is added, as OTEL_EXPORTER_OTLP_ENDPOINT has it. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly resource: ResourceAttributes
}

/** What the tracer needs of the world. */
export interface OtlpDependencies {
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  readonly fetch?: typeof fetch
}

/** A tracer that has something to stop. */
export interface OtlpTracer extends Tracer {
  /** Sends what waits, for two seconds at most. */
  stop(): Promise<void>
}

/** Spans that wait, and that go in one request. */
const [maxWaiting, maxBatch] = [8_192, 512]
/** From a span to the request that takes it; first and longest pause after failures. */
const [gatherMs, firstPauseMs, longestPauseMs] = [500, 1_000, 30_000]
const [timeoutMs, stopMs] = [10_000, 2_000]
/** Statuses after which the same request may be taken. @see OTLP/HTTP, "Retryable Response Codes" */
const passing = [429, 502, 503, 504]

/** A tracer to one collector; what it does not take in time is dropped and counted, and nothing waits for it. */
export function createOtlpTracer(options: OtlpOptions, dependencies: OtlpDependencies): OtlpTracer {
  return new Exporter(options, dependencies)
}

class Exporter implements OtlpTracer {
  readonly #options: OtlpOptions
  readonly #with: OtlpDependencies
  readonly #url: string
  readonly #leave = new AbortController()
  readonly #count: (outcome: 'sent' | 'dropped' | 'rejected', spans: number) => void
  readonly #endMeasure: () => void
  #waiting: Span[] = []
  #sending: Promise<void> | undefined
  #cancelPause: (() => void) | undefined
  #failures = 0
  #problem: string | undefined

  constructor(options: OtlpOptions, dependencies: OtlpDependencies) {
    const { metrics } = dependencies
    this.#options = options
    this.#with = dependencies
    this.#url = `${options.endpoint.replace(/\/+$/, '')}/v1/traces`
    const [name, help] = ['quantumstream_trace_spans_total', 'Spans by what became of them']
    const spans = metrics.counter(name, help, ['outcome'])
    this.#count = (outcome, count) => spans.add(count, { outcome })
    this.#endMeasure = metrics.observed(
      'quantumstream_trace_spans_waiting',
      'Spans that wait to be sent',
      [],
      () => [{ value: this.#waiting.length, labels: {} }],
    )
  }

  add(span: Span): void {
    if (!span.context.isSampled) return
    if (this.#waiting.length >= maxWaiting || this.#leave.signal.aborted) {
      this.#count('dropped', 1)
      return
    }
    this.#waiting.push(span)
    if (this.#sending !== undefined) return
    if (this.#cancelPause === undefined) this.#later(gatherMs)
    else if (this.#waiting.length === maxBatch && this.#failures === 0) this.#now()
  }

  async stop(): Promise<void> {
    const { timer } = this.#with
    const cancel = timer.after(stopMs, () => this.#leave.abort())
    await this.#sending
    for (;;) {
      const before = this.#waiting.length
      if (before === 0 || this.#leave.signal.aborted) break
      this.#now()
      await this.#sending
      // A collector that takes nothing now will not in a second.
      if (this.#waiting.length >= before) break
    }
    cancel()
    this.#cancelPause?.()
    this.#leave.abort()
    this.#count('dropped', this.#waiting.length)
    this.#waiting = []
    this.#endMeasure()
  }

  #later(ms: number): void {
    this.#cancelPause = this.#with.timer.after(ms, () => this.#now())
  }

  #now(): void {
    this.#cancelPause?.()
    this.#cancelPause = undefined
    if (this.#sending !== undefined || this.#waiting.length === 0) return
    const batch = this.#waiting.slice(0, maxBatch)
    this.#sending = this.#send(batch).then((pauseMs) => {
      this.#sending = undefined
      if (this.#waiting.length > 0 && !this.#leave.signal.aborted) this.#later(pauseMs)
    })
  }

  /** Sends one batch; how long to wait before the next. */
  async #send(batch: readonly Span[]): Promise<number> {
    const { status, retryAfterMs, body, problem } = await this.#post(batch)
    if (problem !== undefined && (status === undefined || passing.includes(status))) {
      this.#tell(problem)
      const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(this.#failures, 10), longestPauseMs)
      this.#failures += 1
      return Math.max(pauseMs, retryAfterMs)
    }
    this.#failures = 0
    this.#waiting = this.#waiting.slice(batch.length)
    const rejected = problem === undefined ? rejectedIn(body) : batch.length
    this.#count('rejected', rejected)
    this.#count('sent', batch.length - rejected)
    this.#tell(problem)
    return 0
  }

  async #post(batch: readonly Span[]): Promise<Answer> {
    const { headers, resource } = this.#options
    try {
      const answer = await (this.#with.fetch ?? fetch)(this.#url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(tracesRequest(resource, batch)),
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#leave.signal]),
        redirect: 'error',
      })
      const body = (await answer.text()).slice(0, 10_000)
      const retryAfterMs = Number(answer.headers.get('retry-after') ?? 0) * 1_000 || 0
      const problem = answer.ok ? undefined : `the collector answered ${answer.status}`
      return { status: answer.status, retryAfterMs: Math.min(retryAfterMs, 600_000), body, problem }
    } catch (error) {
      const { message, cause } = error as Error
      const why = cause instanceof Error ? cause.message : message
      return { status: undefined, retryAfterMs: 0, body: '', problem: `no answer: ${why}` }
    }
  }

  /** Says once what is wrong, as long as it is. */
  #tell(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#problem && !this.#leave.signal.aborted) {
      const { endpoint } = this.#options
      this.#with.logger.warn('spans are not taken', { collector: new URL(endpoint).host, problem })
    }
    this.#problem = problem
  }
}

interface Answer {
  readonly status: number | undefined
  readonly retryAfterMs: number
  readonly body: string
  readonly problem: string | undefined
}

/** @see OTLP/HTTP, "Partial Success" */
function rejectedIn(body: string): number {
  try {
    const { partialSuccess } = JSON.parse(body) as {
      partialSuccess?: { rejectedSpans?: string | number }
    }
    return Number(partialSuccess?.rejectedSpans ?? 0) || 0
  } catch {
    return 0
  }
}
