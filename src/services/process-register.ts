/** Keeps which processes share a database, what each does, and which of them is to stop. */

import { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Page, PageQuery } from '../base/page.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { Migration, SqlRow, SqlStore } from '../store/sql.ts'

/** The table of processes. */
export const processMigrations: readonly Migration[] = [
  {
    id: 'services/processes-001',
    statements: [
      `CREATE TABLE processes (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        roles TEXT NOT NULL,
        version TEXT NOT NULL,
        detail TEXT NOT NULL,
        started_at_ms BIGINT NOT NULL,
        seen_at_ms BIGINT NOT NULL,
        ended_at_ms BIGINT,
        is_asked INTEGER NOT NULL DEFAULT 0
      )`,
    ],
  },
]

/** Processes that are kept, with those that have ended. */
const mostKept = 1_000
const channel = 'processes'

/** One process, as the others see it. */
export interface SharedProcess {
  readonly id: string
  readonly roles: readonly string[]
  readonly version: string
  /** What it does at present, in a sentence. */
  readonly detail: string
  /** `gone`: it says nothing any more, and others have taken over; `ended`: it stopped in order. */
  readonly state: 'up' | 'asked' | 'gone' | 'ended'
  readonly startedAtMs: number
  readonly seenAtMs: number
}

/** The processes, as the API shows them and has them stop. */
export interface ProcessDesk {
  /** Newest first. */
  list(query: PageQuery): Promise<Page<SharedProcess>>
  /**
   * Asks a process to stop as by SIGTERM: it takes nothing new, and hands over what it has.
   *
   * @throws AppError `services/unknown-process`, `services/process-ended`
   */
  drain(id: string): Promise<SharedProcess>
}

/** The register, with this process in it. */
export interface ProcessRegister extends ProcessDesk {
  start(): Promise<void>
  /** Says that this process ends now. */
  stop(): Promise<void>
}

/** This process. */
export interface ProcessOptions {
  readonly id: string
  readonly roles: readonly string[]
  readonly version: string
  /** How long one is believed to live that says nothing. */
  readonly leaseMs: number
  /** What this process does at present. */
  detail(): string
  /** Another process, or a person, wants this one to stop. */
  asked(): void
}

interface RegisterDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
}

/** A register over a database with `processMigrations`. */
export function createProcessRegister(
  options: ProcessOptions,
  dependencies: RegisterDependencies,
): ProcessRegister {
  return new Register(options, dependencies)
}

class Register implements ProcessRegister {
  readonly #options: ProcessOptions
  readonly #with: RegisterDependencies
  #isActive = false
  #isAsked = false
  #looking: Promise<void> = Promise.resolve()
  #cancelLook = () => {}
  #endListening = () => {}

  constructor(options: ProcessOptions, dependencies: RegisterDependencies) {
    this.#options = options
    this.#with = dependencies
  }

  list(query: PageQuery): Promise<Page<SharedProcess>> {
    const select = 'SELECT * FROM processes WHERE 1 = 1'
    return sequencePage(this.#with.sql, { ...query, select, read: (row) => this.#viewOf(row) })
  }

  async drain(id: string): Promise<SharedProcess> {
    const { sql } = this.#with
    const row = await sql.get('SELECT * FROM processes WHERE id = ?', id)
    if (row === undefined) {
      const message = `there is no process "${id}"; GET /v1/processes lists them`
      throw new AppError({ code: 'services/unknown-process', message })
    }
    const found = this.#viewOf(row)
    if (found.state === 'ended' || found.state === 'gone') {
      const message = `the process "${id}" has ended already`
      throw new AppError({ code: 'services/process-ended', message })
    }
    await sql.run('UPDATE processes SET is_asked = 1 WHERE id = ?', id)
    await sql.notify(channel)
    return { ...found, state: 'asked' }
  }

  async start(): Promise<void> {
    const { id, roles, version, detail } = this.#options
    const { sql, clock } = this.#with
    const nowMs = clock.nowMs()
    await sql.transaction(async (session) => {
      await session.run(
        `INSERT INTO processes (id, roles, version, detail, started_at_ms, seen_at_ms) VALUES (?, ?, ?, ?, ?, ?)`,
        ...[id, roles.join(','), version, detail(), nowMs, nowMs],
      )
      await session.run(
        'DELETE FROM processes WHERE seq <= (SELECT max(seq) FROM processes) - ?',
        mostKept,
      )
    })
    this.#isActive = true
    this.#endListening = sql.listen(channel, () => this.#lookSoon())
    this.#lookLater()
  }

  async stop(): Promise<void> {
    if (!this.#isActive) return
    this.#isActive = false
    this.#cancelLook()
    this.#endListening()
    await this.#looking
    const { sql, clock } = this.#with
    const nowMs = clock.nowMs()
    await sql.run(
      `UPDATE processes SET ended_at_ms = ?, seen_at_ms = ?, detail = '' WHERE id = ?`,
      ...[nowMs, nowMs, this.#options.id],
    )
  }

  #lookLater(): void {
    this.#cancelLook()
    const everyMs = this.#options.leaseMs / 3
    this.#cancelLook = this.#with.timer.after(everyMs, () => this.#lookSoon())
  }

  #lookSoon(): void {
    this.#looking = this.#looking.then(() => this.#look())
  }

  /** Says that it lives, and hears what is wanted of it. */
  async #look(): Promise<void> {
    if (!this.#isActive) return
    const { sql, clock, logger } = this.#with
    const { id, detail, asked } = this.#options
    try {
      const [row] = await sql.all(
        'UPDATE processes SET seen_at_ms = ?, detail = ? WHERE id = ? RETURNING is_asked',
        ...[clock.nowMs(), detail().slice(0, 1_000), id],
      )
      if (row?.is_asked === 1 && !this.#isAsked) {
        this.#isAsked = true
        asked()
      }
    } catch (error) {
      logger.warn('the register of processes was not kept', { error: String(error) })
    }
    if (this.#isActive) this.#lookLater()
  }

  #viewOf(row: SqlRow): SharedProcess {
    const seenAtMs = Number(row.seen_at_ms)
    const isGone = this.#with.clock.nowMs() > seenAtMs + this.#options.leaseMs * 1.5
    return {
      ...{ id: String(row.id), roles: String(row.roles).split(','), version: String(row.version) },
      detail: String(row.detail),
      state:
        row.ended_at_ms !== null ? 'ended' : isGone ? 'gone' : row.is_asked === 1 ? 'asked' : 'up',
      ...{ startedAtMs: Number(row.started_at_ms), seenAtMs },
    }
  }
}
