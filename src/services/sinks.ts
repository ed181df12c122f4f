/** Sends events and outcomes out to where the configuration says. */

import { randomUUID } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { SqlStore, SqlWrite } from '../store/sql.ts'
import { cloudEventOf } from '../stream/cloud-event.ts'
import type { StreamEvent } from '../stream/stream.ts'
import type { GuardedHttp } from '../workflow/guarded-http.ts'
import type { Instance, LifecycleStep, TaskStep } from '../workflow/workflow.ts'
import type { Sink, SinkDesk, SinkStatus } from './sink.ts'
import { endEvent, lifecycleEvent, taskEvent } from './sinks/lifecycle-events.ts'
import { SinkOutbox } from './sinks/outbox.ts'
import { SinkPump } from './sinks/pump.ts'
import { type CloudEvent, type LifecycleTold, SinkFeed } from './sinks/sink-feed.ts'
import { createSink, sinkPlace } from './sinks/sink-kinds.ts'
import { readSinkOptions, type SinkOptions } from './sinks/sink-options.ts'

export { readSinkOptions }

/** The sinks of a node. */
export interface Sinks extends SinkDesk {
  /** Writes for the transaction that changes an event: it is sent exactly if the change is on disk. */
  eventWrites(event: StreamEvent): readonly SqlWrite[]
  /** Writes for the transaction that ends an instance. */
  outcomeWrites(instance: Instance): readonly SqlWrite[]
  /** Writes for the transaction by which an instance starts, is suspended or resumed, or a task ends; absent where no sink asks for them. */
  readonly lifecycleWrites:
    | ((instance: Instance, step: LifecycleStep | TaskStep) => readonly SqlWrite[])
    | undefined
  /**
   * Holds back what would bring more events while a sink has too many waiting.
   *
   * @throws AppError `services/sinks-full` (later)
   */
  mustHaveRoom(): void
  /** To be called after such a transaction was committed. */
  wake(): void
  /** Begins; where another process sends (`maySend: false`), what waits is only counted. */
  start(options?: { readonly maySend: boolean }): Promise<void>
  /** What is under way ends; what was not taken is sent after the next start. */
  stop(): Promise<void>
}

/** What the sinks need. */
export interface SinksDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  readonly http: GuardedHttp
}

interface Entry {
  readonly options: SinkOptions
  readonly feed: SinkFeed
  readonly outbox: SinkOutbox
  readonly pump: SinkPump
}

/**
 * Sinks over a database with `servicesMigrations`.
 *
 * @param options - by `readSinkOptions`
 * @param make - makes the sink of each; for tests
 */
export function createSinks(
  options: readonly SinkOptions[],
  dependencies: SinksDependencies,
  make: (options: SinkOptions) => Sink = (one) => createSink(one, dependencies),
): Sinks {
  const entries = options.map((one) => entryOf(one, dependencies, make))
  return new SetOfSinks(entries, dependencies)
}

function entryOf(
  options: SinkOptions,
  { sql, metrics, ...world }: SinksDependencies,
  make: (options: SinkOptions) => Sink,
): Entry {
  const [counted, help] = ['quantumstream_sink_messages_total', 'Messages to sinks by outcome']
  const outcomes = metrics.counter(counted, help, ['sink', 'outcome'])
  const feed = new SinkFeed(options)
  const outbox = new SinkOutbox(sql, options.name)
  const pump = new SinkPump(
    { name: options.name, attempts: options.attempts, owner: randomUUID() },
    { ...world, outbox, outcomes, sink: make(options), wants: (message) => feed.wants(message) },
  )
  return { options, feed, outbox, pump }
}

class SetOfSinks implements Sinks {
  readonly #entries: readonly Entry[]
  readonly lifecycleWrites: Sinks['lifecycleWrites']
  readonly #clock: Clock
  readonly #endMeasures: readonly (() => void)[]

  constructor(entries: readonly Entry[], { clock, metrics }: SinksDependencies) {
    this.#entries = entries
    const tellsTasks = entries.some(({ options }) => options.tasks)
    const asks = tellsTasks || entries.some(({ options }) => options.lifecycle)
    this.lifecycleWrites = asks
      ? (instance, step) => {
          if (!('task' in step)) return this.#lifecycle(instance, lifecycleEvent(instance, step))
          return tellsTasks ? this.#lifecycle(instance, taskEvent(instance, step)) : []
        }
      : undefined
    this.#clock = clock
    const [name, help] = ['quantumstream_sink_waiting', 'Messages that wait for a sink']
    const listed = (measure: string, what: string, value: (one: SinkStatus) => number) =>
      metrics.observed(`quantumstream_sink_${measure}`, what, ['sink'], async () =>
        (await this.list()).map((one) => ({ value: value(one), labels: { sink: one.name } })),
      )
    this.#endMeasures = [
      metrics.observed(name, help, ['sink'], () =>
        entries.map(({ options, pump }) => ({
          ...{ value: pump.waiting, labels: { sink: options.name } },
        })),
      ),
      listed('dead', 'Messages that were given up', ({ dead }) => dead),
      listed('oldest_seconds', 'Age of the oldest that waits', ({ lagMs }) => lagMs / 1_000),
    ]
  }

  eventWrites(event: StreamEvent): readonly SqlWrite[] {
    if (this.#entries.length === 0) return []
    const cloudEvent = cloudEventOf(event)
    return this.#entries.flatMap(({ feed }) => feed.event(event, cloudEvent))
  }

  outcomeWrites(instance: Instance): readonly SqlWrite[] {
    if (this.#entries.length === 0) return []
    const cloudEvent = outcomeOf(instance)
    const outcomes = this.#entries.flatMap(({ feed }) => feed.outcome(instance, cloudEvent))
    if (this.lifecycleWrites === undefined) return outcomes
    return [...outcomes, ...this.#lifecycle(instance, endEvent(instance))]
  }

  #lifecycle(instance: Instance, told: LifecycleTold): readonly SqlWrite[] {
    return this.#entries.flatMap(({ feed }) => feed.lifecycle(instance, told))
  }

  mustHaveRoom(): void {
    const full = this.#entries.find(({ options, pump }) => pump.waiting >= options.mostWaiting)
    if (full === undefined) return
    const { name, mostWaiting } = full.options
    const message = `${mostWaiting} messages wait for the sink "${name}"; no further events are taken until it has sent some`
    throw new AppError({ code: 'services/sinks-full', message, retry: 'later' })
  }

  wake(): void {
    for (const { pump } of this.#entries) pump.wake()
  }

  async start({ maySend = true } = {}): Promise<void> {
    for (const { outbox, pump } of this.#entries) {
      await outbox.open()
      pump.start(maySend)
    }
  }

  async stop(): Promise<void> {
    for (const end of this.#endMeasures) end()
    await Promise.all(this.#entries.map(({ pump }) => pump.stop()))
  }

  list(): Promise<readonly SinkStatus[]> {
    return Promise.all(
      this.#entries.map(async ({ options, outbox, pump }) => {
        const { isPaused, oldestAtMs, ...counts } = await outbox.counts()
        const lagMs = oldestAtMs === undefined ? 0 : Math.max(0, this.#clock.nowMs() - oldestAtMs)
        const state = isPaused && pump.state !== 'stopped' ? 'paused' : pump.state
        return {
          ...{ name: options.name, kind: options.kind, place: sinkPlace(options), state },
          ...{ ...counts, lagMs, lastError: pump.lastError },
        }
      }),
    )
  }

  async pause(name: string): Promise<void> {
    const { outbox, pump } = this.#entry(name)
    await outbox.setPaused(true)
    pump.hurry()
  }

  async resume(name: string): Promise<void> {
    const { outbox, pump } = this.#entry(name)
    await outbox.setPaused(false)
    pump.hurry()
  }

  deadMessages: SinkDesk['deadMessages'] = async (name, query) =>
    this.#entry(name).outbox.dead(query)

  requeue: SinkDesk['requeue'] = async (name, number) => {
    const { outbox, pump } = this.#entry(name)
    const count = await outbox.requeue(number)
    pump.wake()
    return count
  }

  #entry(name: string): Entry {
    const found = this.#entries.find(({ options }) => options.name === name)
    if (found) return found
    const message = `there is no sink "${name}"`
    throw new AppError({ code: 'services/unknown-sink', message })
  }
}

/** How an instance ended, as a CloudEvent. */
function outcomeOf(instance: Instance): CloudEvent & { readonly data: object } {
  const { id, workflow, definitionHash, status, reason = null, eventId, output = null } = instance
  return {
    ...{ specversion: '1.0' as const, id, source: `/workflows/${workflow}` },
    ...{ type: 'workflow.outcome', subject: id, datacontenttype: 'application/json' },
    ...{ time: new Date(instance.updatedAtMs).toISOString(), workflow, status },
    data: { instanceId: id, workflow, definitionHash, status, reason, eventId, output },
  }
}
