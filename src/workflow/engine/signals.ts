/** Wakes the engines of other processes on the same database, and is woken by them. */

import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { SqlStore } from '../../store/sql.ts'

/** What is told: that something is due, and that other definitions are deployed. */
const [dueChannel, definitionsChannel] = ['workflow-due', 'workflow-definitions']
/** Least time between two notices that something is due, and between two looks that such notices lead to. */
const [sendGapMs, lookGapMs] = [10, 25]

interface SignalParts {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
}

/** What somebody does about a notice. */
interface Hearing {
  readonly due: () => void
  readonly definitions: () => void
}

/** The notices of one engine; on SQLite, which one process has to itself, there are none. */
export class Signals {
  readonly #with: SignalParts
  readonly #isShared: boolean
  readonly #send: Spaced
  #sending: Promise<void> = Promise.resolve()
  #ends: (() => void)[] = []
  #heard: Spaced | undefined

  constructor(parts: SignalParts) {
    this.#with = parts
    this.#isShared = parts.sql.dialect === 'postgres'
    this.#send = new Spaced(parts, sendGapMs, () => {
      this.#sending = this.#notify(dueChannel)
    })
  }

  /** Tells workers that something is due; many calls are few notices. */
  due(): void {
    if (this.#isShared) this.#send.want()
  }

  /** Tells everybody that other definitions are deployed. */
  async definitions(): Promise<void> {
    if (this.#isShared) await this.#notify(definitionsChannel)
  }

  /** Listens until `stop`; whoever has nothing to do hears at once, others after a while. */
  listen({ due, definitions }: Hearing): void {
    if (!this.#isShared) return
    const { sql } = this.#with
    const heard = new Spaced(this.#with, lookGapMs, due)
    this.#heard = heard
    this.#ends = [
      sql.listen(dueChannel, () => heard.want()),
      sql.listen(definitionsChannel, definitions),
    ]
  }

  /** Hears nothing more; resolves when all that was to be told is told. */
  async stop(): Promise<void> {
    for (const end of this.#ends) end()
    this.#ends = []
    this.#heard?.drop()
    this.#send.flush()
    await this.#sending
  }

  /** A notice that is lost is made up for by the looks that everybody takes now and then. */
  async #notify(channel: string): Promise<void> {
    await this.#with.sql.notify(channel).catch((error: unknown) => {
      this.#with.logger.debug('a notice was not sent', { channel, error: String(error) })
    })
  }
}

/** Does something when it is wanted: at once, and then at most so often. */
class Spaced {
  readonly #with: Pick<SignalParts, 'clock' | 'timer'>
  readonly #gapMs: number
  readonly #act: () => void
  #lastMs = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(parts: Pick<SignalParts, 'clock' | 'timer'>, gapMs: number, act: () => void) {
    this.#with = parts
    this.#gapMs = gapMs
    this.#act = act
  }

  want(): void {
    if (this.#cancel !== undefined) return
    const leftMs = this.#lastMs + this.#gapMs - this.#with.clock.nowMs()
    if (leftMs > 0) this.#cancel = this.#with.timer.after(leftMs, () => this.#go())
    else this.#go()
  }

  /** What is wanted already is done now. */
  flush(): void {
    if (this.#cancel === undefined) return
    this.#cancel()
    this.#go()
  }

  /** What is wanted already is not done. */
  drop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #go(): void {
    this.#cancel = undefined
    this.#lastMs = this.#with.clock.nowMs()
    this.#act()
  }
}
