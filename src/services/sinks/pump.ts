/** Sends what waits for one sink, again and again until it is taken or given up. */

import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Counter } from '../../base/metrics.ts'
import type { Sink, SinkMessage, SinkStatus, SinkVerdict } from '../sink.ts'
import type { Refusal, SinkOutbox, StoredMessage } from './outbox.ts'

/** Messages of one batch. */
const batchSize = 256
/** Pause between two looks when nobody wakes the pump. */
const idleMs = 1_000
/** Pauses while the other side is away, and before a refused message is tried again: doubled from the first to the last. */
const [firstPauseMs, longestPauseMs] = [250, 60_000]
/** How long a process has a sink to itself; it makes sure of that again after half of it. */
const ownedMs = 60_000
/** Time between two times that what was sent long ago is forgotten. */
const sweepEveryMs = 60_000

/** What a pump works with. */
interface PumpDependencies {
  readonly outbox: SinkOutbox
  readonly sink: Sink
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  /** Counts by outcome: sent, refused, dead, left-out. */
  readonly outcomes: Counter
  /** Whether the filter lets it through; throws where it fails. */
  wants(message: SinkMessage): boolean
}

interface PumpOptions {
  readonly name: string
  /** Refusals of one message before it is dead. */
  readonly attempts: number
  /** Of this process, among those that share the database. */
  readonly owner: string
}

/** The pump of one sink. */
export class SinkPump {
  readonly #options: PumpOptions
  readonly #with: PumpDependencies
  #state: SinkStatus['state'] = 'stopped'
  #lastError: string | undefined
  /** Times in a row that the other side was away. */
  #absences = 0
  #waiting = 0
  #ownedUntilMs = 0
  #sweptAtMs = 0
  #loop: Promise<void> | undefined
  #maySend = true
  #wake = () => {}
  #isWoken = false

  constructor(options: PumpOptions, dependencies: PumpDependencies) {
    this.#options = options
    this.#with = dependencies
  }

  get state(): SinkStatus['state'] {
    return this.#state
  }

  get lastError(): string | undefined {
    return this.#lastError
  }

  /** Messages that waited at the last look. */
  get waiting(): number {
    return this.#waiting
  }

  /** Begins; one that may not send only sees how much waits. */
  start(maySend = true): void {
    if (this.#loop) return
    this.#maySend = maySend
    this.#state = 'running'
    this.#loop = this.#run()
  }

  /** Looks at once; a pause because the other side is away goes on. */
  wake(): void {
    this.#isWoken = true
    if (this.#absences === 0) this.#wake()
  }

  /** Looks at once, whatever it waits for, and whether it may. */
  hurry(): void {
    this.#absences = 0
    this.#ownedUntilMs = 0
    this.wake()
  }

  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#wake()
    await this.#loop
    this.#loop = undefined
    await this.#with.outbox.disown(this.#options.owner).catch(() => {})
    await this.#with.sink.close()
  }

  async #run(): Promise<void> {
    while (this.#isActive()) {
      let pauseMs = idleMs
      try {
        pauseMs = await this.#look()
      } catch (error) {
        this.#with.logger.error('a sink failed', { sink: this.#options.name, error: String(error) })
        this.#lastError = String(error)
      }
      if (pauseMs > 0 && this.#isActive()) await this.#rest(pauseMs)
    }
  }

  #isActive(): boolean {
    return this.#state !== 'stopped'
  }

  #become(state: SinkStatus['state']): void {
    if (this.#isActive()) this.#state = state
  }

  /** One batch; gives how long to rest after it. */
  async #look(): Promise<number> {
    const { outbox, clock } = this.#with
    this.#isWoken = false
    const nowMs = clock.nowMs()
    if (!(await this.#owns(nowMs))) {
      this.#become((await outbox.counts()).isPaused ? 'paused' : 'elsewhere')
      this.#waiting = await outbox.waiting()
      return idleMs
    }
    if (this.#absences === 0) this.#become('running')
    const batch = await outbox.due(nowMs, batchSize)
    if (batch.length === 0) {
      await this.#tidy(nowMs)
      return idleMs
    }
    return this.#send(batch)
  }

  async #owns(nowMs: number): Promise<boolean> {
    if (!this.#maySend) return false
    if (nowMs < this.#ownedUntilMs - ownedMs / 2) return true
    const owns = await this.#with.outbox.own(this.#options.owner, nowMs, ownedMs)
    this.#ownedUntilMs = owns ? nowMs + ownedMs : 0
    return owns
  }

  async #tidy(nowMs: number): Promise<void> {
    this.#waiting = await this.#with.outbox.waiting()
    if (nowMs < this.#sweptAtMs + sweepEveryMs) return
    this.#sweptAtMs = nowMs
    await this.#with.outbox.sweep(nowMs)
  }

  async #send(batch: readonly StoredMessage[]): Promise<number> {
    const { outbox, sink, clock, outcomes } = this.#with
    const { wanted, leftOut, failed } = this.#filtered(batch)
    const verdicts = wanted.length === 0 ? [] : await sink.send(wanted)
    const { sent, refused, away } = this.#sorted(wanted, verdicts)
    const all = [...failed, ...refused]
    await outbox.settle({ sent, leftOut, refused: all }, clock.nowMs())
    const dead = all.filter(({ dueAtMs }) => dueAtMs === undefined).length
    const counts = { sent: sent.length, dead, refused: all.length, 'left-out': leftOut.length }
    for (const [outcome, count] of Object.entries(counts)) {
      if (count > 0) outcomes.add(count, { sink: this.#options.name, outcome })
    }
    this.#waiting = await outbox.waiting()
    if (away === undefined) {
      this.#absences = 0
      this.#become('running')
      this.#lastError = all.at(-1)?.reason
      return 0
    }
    if (this.#absences === 0) {
      const fields = { sink: this.#options.name, reason: away.message }
      this.#with.logger.warn('a sink is away; what it is to get waits', fields)
    }
    this.#become('waiting')
    this.#lastError = away.message
    this.#absences += 1
    const asked = Number(away.data.retryAfterMs ?? 0)
    return Math.max(asked, pauseAfter(this.#absences))
  }

  #filtered(batch: readonly StoredMessage[]) {
    const [wanted, leftOut, failed]: [StoredMessage[], number[], Refusal[]] = [[], [], []]
    for (const message of batch) {
      try {
        if (this.#with.wants(message)) wanted.push(message)
        else leftOut.push(message.seq)
      } catch (error) {
        const reason = `its filter failed: ${(error as Error).message}`
        failed.push({
          seq: message.seq,
          attempts: message.attempts + 1,
          reason,
          dueAtMs: undefined,
        })
      }
    }
    return { wanted, leftOut, failed }
  }

  /** Of each key only the first that was refused counts: those behind it were not sent. */
  #sorted(messages: readonly StoredMessage[], verdicts: readonly SinkVerdict[]) {
    const [sent, refused]: [number[], Refusal[]] = [[], []]
    const held = new Set<string>()
    let away: SinkVerdict
    for (const [at, { seq, key, attempts }] of messages.entries()) {
      const verdict = verdicts[at]
      if (verdict === undefined) sent.push(seq)
      else if (verdict.code !== 'services/message-refused') away ??= verdict
      else if (!held.has(key)) {
        held.add(key)
        refused.push(this.#refusal(seq, attempts + 1, verdict.message))
      }
    }
    return { sent, refused, away }
  }

  #refusal(seq: number, attempts: number, reason: string): Refusal {
    const isLast = attempts >= this.#options.attempts
    const dueAtMs = isLast ? undefined : this.#with.clock.nowMs() + pauseAfter(attempts)
    return { seq, attempts, reason: reason.slice(0, 1_000), dueAtMs }
  }

  async #rest(pauseMs: number): Promise<void> {
    if (this.#isWoken && this.#absences === 0) return
    await new Promise<void>((resolve) => {
      const cancel = this.#with.timer.after(pauseMs, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
    this.#wake = () => {}
  }
}

function pauseAfter(times: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(20, times - 1))
}
