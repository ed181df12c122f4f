/** Gives messages out of SQL, to any number of processes on one database. */

import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { PageQuery } from '../../base/page.ts'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { Queue, QueueMessage, QueueStatus, TakenMessage } from '../queue.ts'
import type { QueueTable } from './queue-table.ts'
import { Waiters } from './waiters.ts'

/** Pause between looks for leases that ended, and the longest until a message is seen whose notice was missed. */
const sweepMs = 1_000

interface SqlQueueDependencies {
  readonly sql: SqlStore
  readonly timer: Timer
  readonly logger: Logger
}

/** See `Queue`; what carries messages elsewhere is a subclass. */
export class SqlQueue implements Queue {
  protected readonly table: QueueTable
  protected readonly waiters: Waiters
  protected problem: string | undefined
  readonly #with: SqlQueueDependencies
  #endListening = () => {}
  #cancelSweep = () => {}
  #sweeping: Promise<void> = Promise.resolve()
  #isStopped = true

  constructor(table: QueueTable, dependencies: SqlQueueDependencies) {
    this.table = table
    this.#with = dependencies
    this.waiters = new Waiters(dependencies.timer)
  }

  protected get carrierName(): string {
    return this.#with.sql.dialect
  }

  put(session: SqlSession, message: QueueMessage): Promise<'put' | 'known' | 'full'> {
    return this.table.put(session, message)
  }

  wake(): void {
    this.look()
    this.#with.sql.notify(this.table.channel).catch(() => {})
  }

  mayTakeMore(): boolean {
    return !this.table.isFull
  }

  async take(most: number, waitMs: number): Promise<readonly TakenMessage[]> {
    const taken = await this.table.take(most)
    if (taken.length > 0 || waitMs <= 0 || this.#isStopped) return taken
    await this.waiters.wait(waitMs)
    return this.#isStopped ? [] : this.table.take(most)
  }

  done(session: SqlSession, message: TakenMessage): Promise<void> {
    return this.table.done(session, message)
  }

  async settle(_message: TakenMessage): Promise<void> {
    this.table.settled()
    this.look()
  }

  async fail(
    message: TakenMessage,
    failure: { readonly reason: string; readonly retryAfterMs: number },
  ): Promise<void> {
    await this.table.fail(message, failure)
    this.look()
    this.#with.timer.after(failure.retryAfterMs, () => this.look())
  }

  async status(): Promise<QueueStatus> {
    const [counts, oldestAtMs] = [await this.table.counts(), await this.table.oldestAtMs()]
    const { name, capacity } = this.table
    return {
      name,
      capacity,
      carrier: this.carrierName,
      ...counts,
      oldestAtMs,
      problem: this.problem,
    }
  }

  keys() {
    return this.table.keys()
  }

  deadLetters(query: PageQuery) {
    return this.table.deadLetters(query)
  }

  async requeue(seq: number): Promise<boolean> {
    const isThere = await this.table.requeue(seq)
    if (isThere) this.wake()
    return isThere
  }

  purge(): Promise<number> {
    return this.table.purge()
  }

  async start(): Promise<void> {
    this.#isStopped = false
    await this.table.sweep()
    this.#endListening = this.#with.sql.listen(this.table.channel, () => this.waiters.wake())
    this.#sweepLater()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelSweep()
    this.#endListening()
    this.waiters.wake()
    await this.#sweeping
  }

  /** Has those who wait in this process look again. */
  protected look(): void {
    this.waiters.wake()
  }

  /** What is done every second. */
  protected async tend(): Promise<void> {
    await this.table.sweep()
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#with.timer.after(sweepMs, () => {
      this.#sweeping = this.#sweep()
    })
  }

  async #sweep(): Promise<void> {
    try {
      await this.tend()
      this.look()
    } catch (error) {
      this.#with.logger.warn('the queue could not be tended', { queue: this.table.name, error })
    }
    if (!this.#isStopped) this.#sweepLater()
  }
}
