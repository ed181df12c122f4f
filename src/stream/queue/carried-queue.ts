/** Gives messages out through a server, which is filled from SQL and refilled when it lost what it had. */

import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { SqlStore } from '../../store/sql.ts'
import type { TakenMessage } from '../queue.ts'
import type { CarriedMessage, Carrier } from '../queue-carrier.ts'
import type { QueueTable } from './queue-table.ts'
import { SqlQueue } from './sql-queue.ts'

/** Messages that the server has at once of this process. */
const maxCarried = 512
/** Pause before a server that is away is asked again. */
const pauseMs = 500

interface CarriedDependencies {
  readonly sql: SqlStore
  readonly timer: Timer
  readonly logger: Logger
  readonly carrier: Carrier
}

/** See `Queue`. */
export class CarriedQueue extends SqlQueue {
  readonly #carrier: Carrier
  readonly #logger: Logger
  /** What the server knows the messages by that this process has taken. */
  readonly #handles = new Map<string, string>()
  /** The start of the server's side; all who ask wait for the same one. */
  #started: Promise<void> | undefined
  #isOver = false
  #filling: Promise<void> | undefined
  #isAskedAgain = false
  /** Looks in a row at which the server had less than it was given. */
  #shortLooks = 0

  constructor(table: QueueTable, { carrier, ...dependencies }: CarriedDependencies) {
    super(table, dependencies)
    this.#carrier = carrier
    this.#logger = dependencies.logger
  }

  protected override get carrierName(): string {
    return this.#carrier.name
  }

  protected override look(): void {
    super.look()
    this.#fill()
  }

  override async take(most: number, waitMs: number): Promise<readonly TakenMessage[]> {
    this.#fill()
    const taken = await this.#asked(() => this.#carrier.take(most, waitMs))
    if (taken === undefined) {
      await this.waiters.wait(Math.min(waitMs, pauseMs))
      return []
    }
    return taken.map(({ message, handle }: CarriedMessage) => {
      this.#handles.set(handleKey(message), handle)
      return message
    })
  }

  override async settle(message: TakenMessage): Promise<void> {
    await this.#letGo(message)
    await super.settle(message)
  }

  override async fail(
    message: TakenMessage,
    failure: { readonly reason: string; readonly retryAfterMs: number },
  ): Promise<void> {
    await super.fail(message, failure)
    await this.#letGo(message)
  }

  override async stop(): Promise<void> {
    this.#isOver = true
    await super.stop()
    await this.#filling
    await this.#carrier.stop()
  }

  protected override async tend(): Promise<void> {
    await super.tend()
    const { out } = await this.table.counts()
    const held = await this.#asked(() => this.#carrier.count())
    if (held === undefined) return
    this.#shortLooks = held < out ? this.#shortLooks + 1 : 0
    if (this.#shortLooks >= 2) {
      this.#shortLooks = 0
      const refilled = await this.table.takeBack()
      this.#logger.warn('the queue is filled again from SQL: its server lost messages', {
        ...{ queue: this.table.name, refilled },
      })
    } else if (held > 0) await this.table.renew()
  }

  /** What is not known to the server any more needs no settling. */
  async #letGo(message: TakenMessage): Promise<void> {
    const key = handleKey(message)
    const handle = this.#handles.get(key)
    this.#handles.delete(key)
    if (handle !== undefined) await this.#asked(() => this.#carrier.settle(handle))
  }

  #fill(): void {
    if (this.#filling !== undefined) {
      this.#isAskedAgain = true
      return
    }
    this.#isAskedAgain = false
    this.#filling = this.#carryAll().finally(() => {
      this.#filling = undefined
      if (this.#isAskedAgain) this.#fill()
    })
  }

  async #carryAll(): Promise<void> {
    for (;;) {
      const held = await this.#asked(() => this.#carrier.count())
      if (held === undefined || held >= maxCarried) return
      try {
        const messages = await this.table.take(maxCarried - held)
        if (messages.length === 0) return
        // If the server goes away now, their leases end, and they are carried again.
        if ((await this.#asked(() => this.#carry(messages))) === undefined) return
      } catch (error) {
        this.#logger.warn('the queue could not be read', { queue: this.table.name, error })
        return
      }
    }
  }

  async #carry(messages: readonly TakenMessage[]): Promise<true> {
    await this.#carrier.carry(messages)
    return true
  }

  /** Asks the server; `undefined` while it is away, and the status tells why. */
  async #asked<T>(ask: () => Promise<T>): Promise<T | undefined> {
    if (this.#isOver) return undefined
    this.#started ??= this.#startCarrier()
    const started = this.#started
    try {
      await started
      const answer = await ask()
      this.problem = undefined
      return answer
    } catch (error) {
      this.problem = `${this.#carrier.name}: ${(error as Error).message}`
      // Somebody else may have started it anew meanwhile.
      if (this.#started === started) this.#started = undefined
      return undefined
    }
  }

  async #startCarrier(): Promise<void> {
    const queue = await this.table.identity()
    await this.#carrier.start({ queue, leaseMs: this.table.leaseMs })
  }
}

const handleKey = ({ seq, attempt }: TakenMessage) => `${seq} ${attempt}`
