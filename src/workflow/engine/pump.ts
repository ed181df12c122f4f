/** Wakes what is due: instances, schedules and events that workflows gave, at once or at their time. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { CloudEvent } from '../durable-context.ts'
import type { Claims } from './claims.ts'
import type { Definitions } from './definitions.ts'
import type { InstanceRuns } from './runs.ts'
import { fireSchedules } from './schedules.ts'

/** Instances that do something at the same time. */
export const maxBusy = 256
/** Free places that are filled at once, and how long fewer wait for others. */
const [manyFree, gatheringMs] = [32, 10]
/** Pause after the database failed. */
const restMs = 1_000
/** Longest sleep of the only process on a database. */
const longestSleepMs = 3_600_000
/** Events of one transaction. */
const maxEmitted = 100

/** What the pump works on. */
interface PumpParts {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly claims: Claims
  readonly definitions: Definitions
  readonly runs: InstanceRuns
  deliver(session: SqlSession, event: CloudEvent): Promise<unknown>
  /** How often is looked, where several workers share a database, for what no notice told of. */
  pollMs(): number
  /** Tells other workers that there is something for them. */
  tellOthers(): void
  /** What else is to be looked at where other workers may have done it. */
  lookAround(): Promise<void>
}

/** Looks for what is due whenever it is woken. */
export class Pump {
  readonly #with: PumpParts
  #isActive = false
  #isResting = false
  #isWanted = false
  #pumping: Promise<void> = Promise.resolve()
  #alarmAtMs = Number.POSITIVE_INFINITY
  /** The first time that was asked for while the next one is looked up. */
  #askedAtMs = Number.POSITIVE_INFINITY
  #cancelAlarm = () => {}
  #cancelRest = () => {}
  /** More was due than there was room for. */
  #hasMore = false

  constructor(parts: PumpParts) {
    this.#with = parts
  }

  start(): void {
    this.#isActive = true
    this.#isResting = false
    this.wake()
  }

  async stop(): Promise<void> {
    this.#isActive = false
    this.#cancelAlarm()
    this.#cancelRest()
    await this.#pumping
  }

  /** There is room for another instance; for a few of them it is worth to wait a little. */
  hasRoom(): void {
    if (!this.#hasMore) return
    if (maxBusy - this.#with.runs.busy >= manyFree) this.wake()
    else this.wakeAt(this.#with.clock.nowMs() + gatheringMs)
  }

  /** Looks soon; several calls are one look. */
  wake(): void {
    if (!this.#isActive || this.#isResting || this.#isWanted) return
    this.#isWanted = true
    this.#pumping = this.#pumping.then(async () => {
      // What is under way has its turn between two looks, however soon the next one is wanted.
      await nextTurn()
      this.#isWanted = false
      if (!this.#isActive || this.#isResting) return
      await this.#pump().catch((error: unknown) => this.#rest(error))
    })
  }

  async #pump(): Promise<void> {
    const { sql, clock, claims, definitions, runs } = this.#with
    const nowMs = clock.nowMs()
    await this.#deliverEmitted()
    await fireSchedules(sql, (hash) => definitions.byHash(hash), nowMs)
    const room = Math.max(0, maxBusy - runs.busy)
    const known = runs.size
    const due = await claims.due(nowMs, { known, room })
    this.#hasMore = due.hasMore
    for (const { id, nudge } of due.instances) {
      if (!this.#isActive) return
      const isNew = runs.get(id) === undefined
      if (isNew && runs.busy >= maxBusy) {
        this.#hasMore = true
        continue
      }
      void runs.take(id, nudge)
    }
    if (this.#hasMore) this.#with.tellOthers()
    // What ended while this looked did not know that there is more.
    if (this.#hasMore && runs.busy < maxBusy) this.hasRoom()
    await this.#with.lookAround()
    await this.#setAlarm(nowMs)
  }

  async #setAlarm(nowMs: number): Promise<void> {
    const { claims, sql, runs } = this.#with
    this.#askedAtMs = Number.POSITIVE_INFINITY
    const scheduled = await sql.get('SELECT min(next_at_ms) AS at FROM schedules')
    const times = [await claims.nextDueMs(nowMs), scheduled?.at ?? undefined, runs.nextWaitMs()]
    times.push(this.#askedAtMs)
    const longest = claims.owner() === null ? longestSleepMs : this.#with.pollMs()
    const next = Math.min(...times.filter((at) => at !== undefined).map(Number), nowMs + longest)
    this.#alarmAtMs = Number.POSITIVE_INFINITY
    this.wakeAt(next)
  }

  /** Looks at a time, unless it looks earlier. */
  wakeAt(atMs: number): void {
    this.#askedAtMs = Math.min(this.#askedAtMs, atMs)
    if (!this.#isActive || atMs >= this.#alarmAtMs) return
    const { clock, timer } = this.#with
    this.#cancelAlarm()
    const delayMs = Math.min(longestSleepMs, atMs - clock.nowMs())
    if (delayMs <= 0) {
      this.wake()
      return
    }
    this.#alarmAtMs = atMs
    this.#cancelAlarm = timer.after(delayMs, () => {
      this.#alarmAtMs = Number.POSITIVE_INFINITY
      this.wake()
    })
  }

  /** What workflows gave is given to everybody in transactions of its own, once. */
  async #deliverEmitted(): Promise<void> {
    const { sql, deliver } = this.#with
    const lock = sql.dialect === 'postgres' ? ' FOR UPDATE SKIP LOCKED' : ''
    const query = `SELECT seq, event FROM emitted ORDER BY seq LIMIT ${maxEmitted}`
    while (this.#isActive) {
      if ((await sql.get('SELECT seq FROM emitted LIMIT 1')) === undefined) return
      const count = await sql.transaction(async (session) => {
        const rows = await session.all(`${query}${lock}`)
        for (const { seq = 0, event } of rows) {
          await deliver(session, JSON.parse(String(event)) as CloudEvent)
          await session.run('DELETE FROM emitted WHERE seq = ?', seq)
        }
        return rows.length
      })
      if (count === 0) return
      this.#with.tellOthers()
    }
  }

  #rest(error: unknown): void {
    this.#with.logger.error('the database of workflows failed', { error: String(error) })
    if (!this.#isActive || this.#isResting) return
    this.#isResting = true
    this.#cancelRest = this.#with.timer.after(restMs, () => {
      this.#isResting = false
      this.wake()
    })
  }
}
