/** Gives a right to one process at a time among those that share a database: a lease with a growing token. */

import { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Migration, SqlSession, SqlStore } from './sql.ts'

/** Tables of leases. */
export const leaseMigrations: readonly Migration[] = [
  {
    id: 'store/001-leases',
    statements: [
      `CREATE TABLE leases (
        name TEXT PRIMARY KEY,
        token BIGINT NOT NULL,
        holder TEXT NOT NULL,
        expires_at_ms BIGINT NOT NULL
      )`,
    ],
  },
]

/** Which lease, and for whom. */
export interface LeaseOptions {
  readonly name: string
  /** For people: the process. */
  readonly holder: string
  /** How long a holder is believed to live that says nothing. */
  readonly leaseMs: number
}

/** What a lease needs. */
interface LeaseDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
}

/** A right that one process has at a time. */
export interface Lease {
  /** Whether this process has it, as far as it knows; what it writes is held to the truth by `fencedStore`. */
  readonly isHeld: boolean
  /** Grows each time that somebody gets it; absent while this process does not have it. */
  readonly token: number | undefined
  /** Who has it now, if anybody. */
  holder(): Promise<string | undefined>
  /**
   * Holds transactions to the lease as it is held now: what was begun under an earlier one does not go on under a later.
   * The guard throws AppError `store/lease-lost` if another process has taken it.
   */
  guard(): (session: SqlSession) => Promise<void>
  /** Calls back when it is got, and when it is lost. */
  watch(changed: () => void): void
  /** Tries to get it, at once and until it is stopped. */
  start(): Promise<void>
  /** Gives it back; others take it at once. */
  stop(): Promise<void>
}

/** A lease over a database with `leaseMigrations`. */
export function createLease(options: LeaseOptions, dependencies: LeaseDependencies): Lease {
  return new SqlLease(options, dependencies)
}

/**
 * The same store for work that only the holder may do: each of its transactions first makes sure of the lease, and keeps
 * others from taking it until it has ended. There are no writes but in transactions.
 */
export function fencedStore(sql: SqlStore, lease: Pick<Lease, 'guard'>): SqlStore {
  const guard = lease.guard()
  const refused = async (): Promise<never> => {
    throw new Error('what needs a lease is written in a transaction')
  }
  return {
    dialect: sql.dialect,
    all: (text, ...values) => sql.all(text, ...values),
    get: (text, ...values) => sql.get(text, ...values),
    transaction: (work, options) =>
      sql.transaction(async (session) => {
        await guard(session)
        return work(session)
      }, options),
    ...{ run: refused, write: refused, migrate: refused },
    notify: (channel) => sql.notify(channel),
    listen: (channel, callback) => sql.listen(channel, callback),
    close: () => sql.close(),
  }
}

class SqlLease implements Lease {
  readonly #options: LeaseOptions
  readonly #with: LeaseDependencies
  readonly #watchers = new Set<() => void>()
  #token: number | undefined
  #isActive = false
  #looking: Promise<void> = Promise.resolve()
  #cancelLook = () => {}
  #endListening = () => {}

  constructor(options: LeaseOptions, dependencies: LeaseDependencies) {
    this.#options = options
    this.#with = dependencies
  }

  get isHeld(): boolean {
    return this.#token !== undefined
  }

  get token(): number | undefined {
    return this.#token
  }

  async holder(): Promise<string | undefined> {
    const row = await this.#with.sql.get(
      'SELECT holder FROM leases WHERE name = ? AND expires_at_ms > ?',
      ...[this.#options.name, this.#with.clock.nowMs()],
    )
    return row === undefined ? undefined : String(row.holder)
  }

  guard(): (session: SqlSession) => Promise<void> {
    const { name } = this.#options
    const token = this.#token
    return async (session) => {
      const query = 'SELECT token FROM leases WHERE name = ? AND token = ? FOR UPDATE'
      const row = token === undefined ? undefined : await session.get(query, name, token)
      if (row !== undefined) return
      if (token === this.#token) this.#become(undefined)
      const message = `"${name}" is the business of another process now; this one stands by`
      throw new AppError({ code: 'store/lease-lost', message, retry: 'later' })
    }
  }

  watch(changed: () => void): void {
    this.#watchers.add(changed)
  }

  async start(): Promise<void> {
    this.#isActive = true
    this.#endListening = this.#with.sql.listen(this.#channel, () => {
      if (!this.isHeld) this.#lookSoon()
    })
    await this.#look()
  }

  async stop(): Promise<void> {
    this.#isActive = false
    this.#cancelLook()
    this.#endListening()
    await this.#looking
    const token = this.#token
    this.#become(undefined)
    if (token === undefined) return
    const { sql } = this.#with
    const { name } = this.#options
    await sql.run('UPDATE leases SET expires_at_ms = 0 WHERE name = ? AND token = ?', name, token)
    await sql.notify(this.#channel)
  }

  get #channel(): string {
    return `lease ${this.#options.name}`
  }

  #lookSoon(): void {
    this.#cancelLook()
    this.#looking = this.#looking.then(() => this.#look())
  }

  async #look(): Promise<void> {
    if (!this.#isActive) return
    try {
      if (this.#token === undefined) await this.#take()
      else await this.#renew(this.#token)
    } catch (error) {
      const { name } = this.#options
      this.#with.logger.warn('a lease was not looked after', { lease: name, error: String(error) })
    }
    if (!this.#isActive) return
    this.#cancelLook()
    const pauseMs = this.#options.leaseMs / 3
    this.#cancelLook = this.#with.timer.after(pauseMs, () => this.#lookSoon())
  }

  async #take(): Promise<void> {
    const { name, holder, leaseMs } = this.#options
    const { sql, clock } = this.#with
    const nowMs = clock.nowMs()
    const rows = await sql.all(
      `INSERT INTO leases (name, token, holder, expires_at_ms) VALUES (?, 1, ?, ?)
        ON CONFLICT (name) DO UPDATE SET token = leases.token + 1, holder = excluded.holder,
        expires_at_ms = excluded.expires_at_ms WHERE leases.expires_at_ms <= ? RETURNING token`,
      ...[name, holder, nowMs + leaseMs, nowMs],
    )
    if (rows[0] !== undefined) this.#become(Number(rows[0].token))
  }

  /** Also when its time is over, as long as nobody has taken it: nobody else can have written then. */
  async #renew(token: number): Promise<void> {
    const { name, leaseMs } = this.#options
    const { sql, clock } = this.#with
    const renewed = await sql.run(
      'UPDATE leases SET expires_at_ms = ? WHERE name = ? AND token = ?',
      ...[clock.nowMs() + leaseMs, name, token],
    )
    if (renewed === 0) this.#become(undefined)
  }

  #become(token: number | undefined): void {
    if (token === this.#token) return
    const { name, holder } = this.#options
    const isLost = token === undefined && this.#isActive
    if (isLost) this.#with.logger.warn('a lease is lost', { lease: name, holder })
    this.#token = token
    for (const changed of this.#watchers) changed()
  }
}
