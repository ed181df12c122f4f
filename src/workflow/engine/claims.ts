/** Finds instances that are due, and makes sure that only one worker has each: by leases where several share a database. */

import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { SqlStore } from '../../store/sql.ts'

/** How long a worker is believed to live that says nothing. */
export const defaultLeaseMs = 15_000

/** An instance that is due, and the nudge that its row had. */
export interface DueInstance {
  readonly id: string
  readonly nudge: number
}

/** What is due, and whether more may be, for which there was no room. */
export interface Due {
  readonly instances: readonly DueInstance[]
  readonly hasMore: boolean
}

/** How much is asked for: beside those that this process has already. */
interface DueLimits {
  readonly known: number
  readonly room: number
}

/** Finds what is due for this process. */
export interface Claims {
  /** Stands in every write; `null` where there is one worker only, and nothing is to be compared. */
  owner(): number | null
  due(nowMs: number, limits: DueLimits): Promise<Due>
  /** When the next one is due that is not yet. */
  nextDueMs(afterMs: number): Promise<number | undefined>
  start(): Promise<void>
  stop(): Promise<void>
}

const isNext = 'SELECT min(wake_at_ms) AS at FROM instances WHERE wake_at_ms > ?'

async function nextDue(sql: SqlStore, afterMs: number): Promise<number | undefined> {
  const row = await sql.get(isNext, afterMs)
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at)
}

function dueOf(rows: readonly Readonly<Record<string, unknown>>[]): DueInstance[] {
  return rows.map(({ id, nudge }) => ({ id: String(id), nudge: Number(nudge) }))
}

/** The claims of the only process on a database: everything that is due is its own. */
export function soleClaims(sql: SqlStore): Claims {
  return {
    owner: () => null,
    async due(nowMs, { known, room }) {
      const rows = await sql.all(
        'SELECT id, nudge FROM instances WHERE wake_at_ms <= ? ORDER BY wake_at_ms LIMIT ?',
        ...[nowMs, known + room],
      )
      return { instances: dueOf(rows), hasMore: rows.length === known + room }
    },
    nextDueMs: (afterMs) => nextDue(sql, afterMs),
    start: async () => {},
    stop: async () => {},
  }
}

/** What leases need. */
interface LeaseParts {
  readonly sql: SqlStore
  /** How long a worker is believed to live after it has last said so. */
  readonly leaseMs: number
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  /** Called when the lease is over: other workers take what this one had. */
  readonly lost: () => void
}

/**
 * The claims of one of several workers. A worker has a row with the time until which it is believed to live, and a number
 * that grows: the token in all of its writes. Instances of a worker whose time is over are taken by others, and from then
 * on what it still writes changes nothing.
 */
export function leasedClaims(parts: LeaseParts): Claims {
  return new LeasedClaims(parts)
}

class LeasedClaims implements Claims {
  readonly #with: LeaseParts
  #token = -1
  #untilMs = 0
  #isActive = false
  #cancelRenewal = () => {}

  constructor(parts: LeaseParts) {
    this.#with = parts
  }

  owner(): number {
    return this.#token
  }

  async due(nowMs: number, { known, room }: DueLimits): Promise<Due> {
    const { sql } = this.#with
    const own = await sql.all(
      'SELECT id, nudge FROM instances WHERE wake_at_ms <= ? AND owner = ? ORDER BY wake_at_ms LIMIT ?',
      ...[nowMs, this.#token, known + room],
    )
    if (nowMs >= this.#untilMs) return { instances: dueOf(own), hasMore: false }
    if (room === 0) return { instances: dueOf(own), hasMore: true }
    const taken = await sql.all(
      `UPDATE instances SET owner = ? WHERE id IN (SELECT id FROM instances WHERE wake_at_ms <= ? AND (owner IS NULL
        OR owner NOT IN (SELECT id FROM workers WHERE expires_at_ms > ?)) ORDER BY wake_at_ms LIMIT ?
        FOR UPDATE SKIP LOCKED) RETURNING id, nudge`,
      ...[this.#token, nowMs, nowMs, room],
    )
    const hasMore = taken.length === room || own.length === known + room
    return { instances: dueOf([...own, ...taken]), hasMore }
  }

  async nextDueMs(afterMs: number): Promise<number | undefined> {
    return nextDue(this.#with.sql, afterMs)
  }

  async start(): Promise<void> {
    this.#isActive = true
    await this.#begin()
    this.#renewLater()
  }

  async stop(): Promise<void> {
    this.#isActive = false
    this.#cancelRenewal()
    await this.#with.sql.run('UPDATE workers SET expires_at_ms = 0 WHERE id = ?', this.#token)
  }

  /** A new worker, with a token that nobody had. */
  async #begin(): Promise<void> {
    const { sql, clock, leaseMs } = this.#with
    const untilMs = clock.nowMs() + leaseMs
    const row = await sql.transaction(async (session) => {
      await session.run(
        'DELETE FROM workers WHERE expires_at_ms < ?',
        clock.nowMs() - 24 * 3_600_000,
      )
      const [added] = await session.all(
        'INSERT INTO workers (name, expires_at_ms) VALUES (?, ?) RETURNING id',
        ...[String(process.pid), untilMs],
      )
      return added
    })
    this.#token = Number(row?.id)
    this.#untilMs = untilMs
  }

  #renewLater(): void {
    this.#cancelRenewal = this.#with.timer.after(this.#with.leaseMs / 3, () => {
      void this.#renew().then(() => {
        if (this.#isActive) this.#renewLater()
      })
    })
  }

  /** A lease that is over is not renewed: whoever comes back begins as a new worker. */
  async #renew(): Promise<void> {
    const { sql, clock, logger, lost, leaseMs } = this.#with
    const nowMs = clock.nowMs()
    try {
      const renewed = await sql.run(
        'UPDATE workers SET expires_at_ms = ? WHERE id = ? AND expires_at_ms > ?',
        ...[nowMs + leaseMs, this.#token, nowMs],
      )
      if (renewed === 1) {
        this.#untilMs = nowMs + leaseMs
        return
      }
      logger.warn('the lease of this worker was over; it begins anew', { worker: this.#token })
      await this.#begin()
      lost()
    } catch (error) {
      logger.warn('the lease of this worker could not be renewed', { error: String(error) })
    }
  }
}
