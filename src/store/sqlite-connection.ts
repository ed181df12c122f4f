/** Runs prepared statements on one connection to an SQLite file, alone or in pieces of a transaction. */

import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { AppError } from '../base/app-error.ts'
import { type Pieces, unexpectedRows } from './group-commit.ts'
import type { SqlRow, SqlValue, SqlWrite } from './sql.ts'

/** Prepared statements kept at once. */
const maxStatements = 200

/** What a transaction has anyway, being the only one. */
const rowLock = /\sFOR UPDATE(\s+SKIP LOCKED)?\b/g

/** One connection; its methods throw what `toldError` makes of SQLite's errors. */
export class SqliteConnection {
  readonly #database: DatabaseSync
  readonly #path: string
  /** Those that write, and those that give rows. */
  readonly #writing = new Map<string, StatementSync>()
  readonly #reading = new Map<string, StatementSync>()
  #changed = 0

  /** Opens a file and runs `opening`; nothing stays open if that fails. */
  constructor(path: string, { timeout, opening }: { timeout: number; opening: string }) {
    this.#path = path
    const database = this.#told(() => new DatabaseSync(path, { timeout }))
    this.#database = database
    try {
      this.exec(opening)
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** Rows that `run` has changed since the connection was opened. */
  get changed(): number {
    return this.#changed
  }

  exec(sql: string): void {
    this.#told(() => this.#database.exec(sql))
  }

  /** Rows that a statement changed. */
  run(sql: string, values: readonly SqlValue[] = []): number {
    try {
      const statement = this.#writing.get(sql) ?? this.#prepare(sql, this.#writing)
      const changes = Number(statement.run(...values).changes)
      this.#changed += changes
      return changes
    } catch (cause) {
      throw toldError(this.#path, cause)
    }
  }

  all(sql: string, values: readonly SqlValue[] = []): SqlRow[] {
    return this.#told(() => this.#read(sql).all(...values)).map(readable)
  }

  get(sql: string, values: readonly SqlValue[] = []): SqlRow | undefined {
    const row = this.#told(() => this.#read(sql).get(...values))
    return row && readable(row)
  }

  /** Takes back the transaction under way, if SQLite has not done so itself. */
  rollback(): void {
    if (this.#database.isTransaction) this.exec('ROLLBACK')
  }

  /**
   * Writes pieces by one transaction, each whole or not at all. The first attempt has no savepoints: where a piece
   * fails after its first change, everything is taken back and written again with a savepoint for each.
   *
   * @returns for each piece the error that took it back, or `undefined`
   */
  commit(pieces: Pieces): readonly unknown[] {
    return this.#commitWhole(pieces) ?? this.#commitEach(pieces)
  }

  close(): void {
    this.#writing.clear()
    this.#reading.clear()
    this.#database.close()
  }

  #commitWhole(pieces: Pieces): readonly unknown[] | undefined {
    return this.#inTransaction(() => {
      const errors: unknown[] = []
      for (const piece of pieces) {
        const failure = this.#failureOf(piece)
        if (failure?.hasChanged) return undefined
        errors.push(failure?.error)
      }
      return errors
    })
  }

  #commitEach(pieces: Pieces): readonly unknown[] {
    return this.#inTransaction(() =>
      pieces.map((piece) => {
        this.run('SAVEPOINT piece')
        const failure = this.#failureOf(piece)
        if (failure !== undefined) this.run('ROLLBACK TO piece')
        this.run('RELEASE piece')
        return failure?.error
      }),
    )
  }

  /** Commits unless `write` gives nothing. */
  #inTransaction<T>(write: () => T): T {
    this.run('BEGIN IMMEDIATE')
    try {
      const result = write()
      if (result === undefined) this.rollback()
      else this.run('COMMIT')
      return result
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  /** Writes a piece up to what fails. A full disk and the like end the transaction, and are thrown. */
  #failureOf(piece: readonly SqlWrite[]): { error: unknown; hasChanged: boolean } | undefined {
    let hasChanged = false
    for (const write of piece) {
      try {
        const changed = this.run(write.sql, write.values)
        hasChanged ||= changed > 0
        if (write.changes !== undefined && write.changes !== changed)
          return { error: unexpectedRows(write, changed), hasChanged }
      } catch (error) {
        if (!this.#database.isTransaction) throw error
        return { error, hasChanged }
      }
    }
    return undefined
  }

  #told<T>(use: () => T): T {
    try {
      return use()
    } catch (cause) {
      throw toldError(this.#path, cause)
    }
  }

  #read(sql: string): StatementSync {
    const known = this.#reading.get(sql)
    if (known) return known
    const statement = this.#prepare(sql, this.#reading)
    statement.setReadBigInts(true)
    return statement
  }

  #prepare(sql: string, kept: Map<string, StatementSync>): StatementSync {
    if (kept.size >= maxStatements) kept.clear()
    const statement = this.#database.prepare(sql.replace(rowLock, ''))
    kept.set(sql, statement)
    return statement
  }
}

/** Result codes of SQLite that people can do something about; see sqlite.org/rescode.html. */
const [damaged, inUse, unwritable] = [new Set([11, 26]), new Set([5, 6]), new Set([8, 10, 13, 14])]

/** The error with the file and what to do, where the file is the reason; any other as it is. */
function toldError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('errcode' in cause)) return cause
  const reason = cause.message
  const code = Number(cause.errcode) & 0xff
  if (damaged.has(code)) {
    const message = `${path} is damaged (${reason}); restore it from a backup, or remove it to begin anew`
    return new AppError({ code: 'store/damaged-database', message, cause })
  }
  if (inUse.has(code)) {
    const message = `${path} is in use by another process (${reason}); end that process`
    return new AppError({ code: 'store/busy', message, cause, retry: 'later' })
  }
  if (unwritable.has(code)) {
    const message = `${path} cannot be written (${reason}); make sure that its folder exists, is writable and has room`
    return new AppError({ code: 'store/unwritable-folder', message, cause })
  }
  return cause
}

/** Integers as numbers where they fit. */
function readable(row: Record<string, unknown>): SqlRow {
  const found: Record<string, unknown> = { ...row }
  for (const name in found) {
    const value = found[name]
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value)))
      found[name] = Number(value)
  }
  return found as SqlRow
}
