/** Keeps the last runs of each function in SQL, many with one commit. */

import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Page, PageQuery } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { SqlRow, SqlSession, SqlStore } from '../../store/sql.ts'
import type { LogLine } from '../functions.ts'

/** One call as it ended. */
export interface FunctionRun {
  readonly name: string
  readonly provider: string
  readonly idempotencyKey: string
  readonly atMs: number
  readonly ms: number
  /** `ok`, or what stands behind `workflow/` in the error's code. */
  readonly outcome: string
  readonly error: string | undefined
  readonly log: readonly LogLine[]
}

/** The last runs of a function in numbers. */
export interface RunFigures {
  readonly runs: number
  readonly errors: number
  /** Of all runs, in milliseconds; absent without any. */
  readonly medianMs: number | undefined
  readonly p95Ms: number | undefined
  readonly lastAtMs: number | undefined
  readonly lastError: string | undefined
}

/** Runs that are kept of one function, that wait to be written, and the pause between two writings. */
export const runBounds = {
  kept: 200,
  unwritten: 1_000,
  pauseMs: 1_000,
  logLines: 200,
  logBytes: 16_384,
}

/** The runs of all functions. */
export class FunctionRuns {
  readonly #sql: SqlStore
  readonly #timer: Timer
  readonly #logger: Logger
  #unwritten: FunctionRun[] = []
  #cancelAlarm: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor({ sql, timer, logger }: { sql: SqlStore; timer: Timer; logger: Logger }) {
    this.#sql = sql
    this.#timer = timer
    this.#logger = logger
  }

  /** Takes a run; it is in SQL a second later. */
  add(run: FunctionRun): void {
    this.#unwritten.push(run)
    if (this.#unwritten.length > runBounds.unwritten) this.#unwritten.shift()
    this.#cancelAlarm ??= this.#timer.after(runBounds.pauseMs, () => void this.flush())
  }

  /** Writes what waits; a database that fails costs the runs nothing but their place in the list. */
  flush(): Promise<void> {
    this.#cancelAlarm?.()
    this.#cancelAlarm = undefined
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  /** Newest first. */
  async page(name: string, query: PageQuery): Promise<Page<FunctionRun>> {
    await this.flush()
    return sequencePage(this.#sql, {
      ...query,
      select: 'SELECT * FROM function_runs WHERE name = ?',
      values: [name],
      read: runOf,
    })
  }

  async figures(name: string): Promise<RunFigures> {
    await this.flush()
    const rows = await this.#sql.all(
      'SELECT at_ms, ms, outcome, error FROM function_runs WHERE name = ? ORDER BY seq DESC LIMIT ?',
      ...[name, runBounds.kept],
    )
    const times = rows.map(({ ms }) => Number(ms)).sort((a, b) => a - b)
    const at = (share: number) => times[Math.ceil(times.length * share) - 1]
    const failed = rows.filter(({ outcome }) => outcome !== 'ok')
    return {
      runs: rows.length,
      errors: failed.length,
      medianMs: at(0.5),
      p95Ms: at(0.95),
      lastAtMs: rows[0] && Number(rows[0].at_ms),
      lastError: failed[0] && String(failed[0].error),
    }
  }

  /** The last lines that runs wrote, oldest first. */
  async logs(name: string, limit: number): Promise<readonly LogLine[]> {
    await this.flush()
    const rows = await this.#sql.all(
      'SELECT log FROM function_runs WHERE name = ? ORDER BY seq DESC LIMIT ?',
      ...[name, runBounds.kept],
    )
    const lines = rows.reverse().flatMap(({ log }) => JSON.parse(String(log)) as LogLine[])
    return lines.slice(-limit)
  }

  async forget(name: string): Promise<void> {
    await this.flush()
    await this.#sql.run('DELETE FROM function_runs WHERE name = ?', name)
  }

  async #write(): Promise<void> {
    const runs = this.#unwritten
    if (runs.length === 0) return
    this.#unwritten = []
    try {
      await this.#sql.transaction(async (session) => {
        for (const run of runs) await insert(session, run)
        for (const name of new Set(runs.map((run) => run.name))) await prune(session, name)
      })
    } catch (error) {
      this.#logger.warn('runs of functions cannot be written', { error: String(error) })
      this.#unwritten = [...runs, ...this.#unwritten].slice(-runBounds.unwritten)
    }
  }
}

async function insert(session: SqlSession, run: FunctionRun): Promise<void> {
  const { name, provider, idempotencyKey, atMs, ms, outcome, error, log } = run
  await session.run(
    `INSERT INTO function_runs (name, provider, idempotency_key, at_ms, ms, outcome, error, log)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[name, provider, idempotencyKey, atMs, ms, outcome, error ?? null, JSON.stringify(log)],
  )
}

async function prune(session: SqlSession, name: string): Promise<void> {
  await session.run(
    `DELETE FROM function_runs WHERE name = ? AND seq <=
      (SELECT seq FROM function_runs WHERE name = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
    ...[name, name, runBounds.kept],
  )
}

function runOf(row: SqlRow): FunctionRun {
  return {
    name: String(row.name),
    provider: String(row.provider),
    idempotencyKey: String(row.idempotency_key),
    atMs: Number(row.at_ms),
    ms: Number(row.ms),
    outcome: String(row.outcome),
    error: row.error === null ? undefined : String(row.error),
    log: JSON.parse(String(row.log)) as LogLine[],
  }
}
