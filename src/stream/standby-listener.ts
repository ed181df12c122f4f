/** A listener that follows while its process has the lease of the source, and takes up other subscriptions as it follows. */

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Lease } from '../store/lease.ts'
import type { SqlStore } from '../store/sql.ts'
import { Alarms } from './follow/alarms.ts'
import type { Listener, ListenerStatus } from './stream.ts'
import type { Subscription } from './subscription.ts'

/** What a standby listener works with. */
export interface StandbyParts {
  /** Name of the chain in this process. */
  readonly chain: string
  /** Absent where no other process can follow. */
  readonly lease: Lease | undefined
  readonly sql: SqlStore
  readonly clock: Clock
  readonly logger: Logger
  /** A listener that is not started yet, and writes only while the lease is held. */
  open(subscriptions: readonly Subscription[]): Listener
}

/** A listener whose subscriptions change while it follows. */
export interface StandbyListener extends Listener {
  /** Whether this process is the one that follows. */
  readonly isActive: boolean
  /** Takes these subscriptions from the next block on; without any it rests. */
  listenTo(subscriptions: readonly Subscription[]): void
  /** Resolves when it listens to what it was told to. */
  settled(): Promise<void>
}

/** A listener that begins once it is started, has the lease and something to listen to. */
export function createStandbyListener(parts: StandbyParts): StandbyListener {
  return new Standby(parts)
}

class Standby implements StandbyListener {
  readonly #with: StandbyParts
  #subscriptions: readonly Subscription[] = []
  #isStarted = false
  /** What follows, and by which subscriptions. */
  #open: { readonly listener: Listener; readonly key: string } | undefined
  /** Those that are open while nothing follows here. */
  readonly #alarms: Alarms
  #changing: Promise<void> = Promise.resolve()

  constructor(parts: StandbyParts) {
    this.#with = parts
    this.#alarms = new Alarms(parts.sql, parts.chain)
    parts.lease?.watch(() => this.#changeSoon())
  }

  get isActive(): boolean {
    return this.#with.lease?.isHeld ?? true
  }

  status(): ListenerStatus {
    const own = this.#open?.listener.status()
    if (own !== undefined) return own
    return {
      ...{ chain: this.#with.chain, state: 'following', checkpoint: undefined, head: undefined },
      ...{ problem: undefined, alarms: this.#alarms.open, backFill: undefined, endpoints: [] },
      ...{ marks: undefined, quorum: undefined },
    }
  }

  alarms: Listener['alarms'] = (query) => this.#alarms.list(query)

  acknowledge: Listener['acknowledge'] = async (who, number) => {
    const open = this.#open?.listener
    if (open !== undefined) return open.acknowledge(who, number)
    return this.#alarms.acknowledge(who, this.#with.clock.nowMs(), number)
  }

  listenTo(subscriptions: readonly Subscription[]): void {
    this.#subscriptions = subscriptions
    this.#changeSoon()
  }

  settled(): Promise<void> {
    return this.#changing
  }

  async start(): Promise<void> {
    this.#isStarted = true
    await this.#with.lease?.start()
    await this.#change()
  }

  /** The lease is given back once nothing is written any more. */
  async stop(): Promise<void> {
    this.#isStarted = false
    await this.#change()
    await this.#with.lease?.stop()
  }

  /** One change after the other: nothing begins before what was before has ended. */
  #change(): Promise<void> {
    const changed = this.#changing.then(() => this.#settle())
    this.#changing = changed.catch(() => {})
    return changed
  }

  #changeSoon(): void {
    if (!this.#isStarted) return
    this.#change().catch((error: unknown) => {
      const { logger, chain } = this.#with
      logger.error('the listener goes on as before', { chain, error: String(error) })
    })
  }

  async #settle(): Promise<void> {
    const wanted = this.#subscriptions
    const key = JSON.stringify([this.#with.lease?.token ?? 0, wanted])
    const isWanted = this.#isStarted && this.isActive && wanted.length > 0
    if (isWanted && this.#open?.key === key) return
    // What cannot be listened to leaves the listener as it is.
    const listener = isWanted ? this.#with.open(wanted) : undefined
    const before = this.#open
    if (before !== undefined) {
      await before.listener.stop()
      this.#open = undefined
    }
    await this.#alarms.look()
    if (listener === undefined) return
    this.#open = { listener, key }
    await listener.start()
  }
}
