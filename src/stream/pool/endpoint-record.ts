/** Keeps what is known of one endpoint: how fast it is, how far behind, and what it did wrong. */

import { AppError } from '../../base/app-error.ts'
import type { Clock } from '../../base/clock.ts'
import type { EndpointStatus, Source, SourceHead } from '../source.ts'

/** What an endpoint can do wrong. */
export type Fault = 'unreachable' | 'rate-limited' | 'malformed' | 'inconsistent' | 'lie'

const penalties: Readonly<Record<Fault, number>> = {
  ...{ unreachable: 10, 'rate-limited': 5, malformed: 30, inconsistent: 3, lie: 200 },
}
/** A penalty counts half as much after so long. */
const halfLifeMs = 60_000
const maxPenalty = 1_000
/** Blocks behind that are no fault: heads come a moment later to one than to another. */
const usualLag = 2
const lagPenalty = 10
const maxLagPenalty = 100
/** First and longest rest after failures, where the endpoint does not ask for one. */
const [minRestMs, maxRestMs] = [500, 30_000]

/** One endpoint of a chain. */
export class EndpointRecord<Asked = Source> {
  readonly name: string
  readonly source: Asked
  readonly #clock: Clock
  head: SourceHead | undefined
  lag = 0
  latencyMs: number | undefined
  #penalty = 0
  #atMs = 0
  #fault: string | undefined
  #failures = 0
  #restsUntilMs = 0
  #isOther = false

  constructor(name: string, source: Asked, clock: Clock) {
    this.name = name
    this.source = source
    this.#clock = clock
  }

  get isResting(): boolean {
    return this.#isOther || this.#restsUntilMs > this.#clock.nowMs()
  }

  /** Whether it lied not long ago. */
  get isLiar(): boolean {
    return this.#isOther || this.#counted() >= penalties.lie / 8
  }

  get penalty(): number {
    if (this.#isOther) return Number.POSITIVE_INFINITY
    const late = Math.max(0, this.lag - usualLag) * lagPenalty
    return this.#counted() + Math.min(late, maxLagPenalty) + (this.latencyMs ?? 0) / 100
  }

  status(isUsed: boolean): EndpointStatus {
    const { name, lag, latencyMs } = this
    const penalty = Math.min(maxPenalty, Math.round(this.penalty))
    const late = lag > usualLag ? `${lag} blocks behind the others` : undefined
    const fault = this.#isOther || this.#counted() >= 1 ? this.#fault : late
    return { name, isUsed, head: this.head?.number, lag, latencyMs, penalty, fault }
  }

  /** It answered in this time. */
  answered(ms: number): void {
    this.#failures = 0
    this.latencyMs = this.latencyMs === undefined ? ms : this.latencyMs * 0.8 + ms * 0.2
  }

  /** It does not serve the chain at all. */
  isOfOther(reason: string): void {
    this.#isOther = true
    this.#fault = reason
  }

  blame(fault: Fault, reason: string): void {
    this.#penalty = Math.min(maxPenalty, this.#counted() + penalties[fault])
    this.#atMs = this.#clock.nowMs()
    this.#fault = reason
  }

  /** Sets the penalty and the rest that an error deserves; which fault it was, if it was the endpoint's. */
  failed(error: unknown): Fault | undefined {
    const fault = faultOf(error)
    if (fault === undefined) return undefined
    this.blame(fault, (error as Error).message)
    if (fault !== 'unreachable' && fault !== 'rate-limited') return fault
    this.#failures += 1
    const rest = Math.min(maxRestMs, minRestMs * 2 ** (this.#failures - 1))
    const asked = Number((error as AppError).data.retryAfterMs) || 0
    this.#restsUntilMs = this.#clock.nowMs() + Math.max(rest, asked)
    return fault
  }

  #counted(): number {
    const age = this.#clock.nowMs() - this.#atMs
    return this.#penalty * 0.5 ** (age / halfLifeMs)
  }
}

function faultOf(error: unknown): Fault | undefined {
  if (!(error instanceof AppError)) return undefined
  const { code, retry, data } = error
  // A smaller question may be answered.
  if (code === 'json-rpc/unreachable') {
    return data.reason === 'too-large' ? undefined : 'unreachable'
  }
  if (code === 'json-rpc/error') return retry === 'later' ? 'rate-limited' : undefined
  if (code === 'stream/bad-answer') return 'malformed'
  if (code === 'stream/inconsistent') return 'inconsistent'
  return code === 'stream/dishonest' ? 'lie' : undefined
}
