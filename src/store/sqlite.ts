/** Opens the SQL store on SQLite, in a file of this process. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { AppError } from '../base/app-error.ts'
import type { Migration, SqlRow, SqlSession, SqlStore, SqlValue } from './sql.ts'

/** Prepared statements kept at once. */
const maxStatements = 200

/** Which file, and how patiently. */
export interface SqliteOptions {
  readonly path: string
  /** Longest wait for another process that writes; default 5,000. */
  readonly busyTimeoutMs?: number
}

/** Durable commits, and a first write that is taken back: a file that is only readable opens without complaint. */
const opening = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
  SELECT count(*) FROM sqlite_master; BEGIN IMMEDIATE; PRAGMA user_version = 1; ROLLBACK`

/**
 * Opens or creates a database file. Each committed transaction is on disk (WAL with full sync).
 *
 * @throws AppError `store/damaged-database`, `store/unwritable-folder`, `store/busy`; the store's own methods throw
 * these too, when the damage or the full disk is met later
 */
export async function openSqlite(options: SqliteOptions): Promise<SqlStore> {
  const { path, busyTimeoutMs = 5_000 } = options
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: busyTimeoutMs })
    database.exec(opening)
    return new SqliteStore(database, path)
  } catch (cause) {
    if (database?.isOpen) database.close()
    throw toldError(path, cause)
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

class SqliteStore implements SqlStore {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #statements = new Map<string, StatementSync>()
  /** The end of the queue of transactions and single statements. */
  #last: Promise<unknown> = Promise.resolve()
  /** Marks what runs inside a transaction: waiting there for this store would never end. */
  readonly #inside = new AsyncLocalStorage<{ readonly active: boolean }>()
  #closed: Promise<void> | undefined

  constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.#path = path
  }

  run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#queued(async () => this.#run(sql, values))
  }

  all<Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]> {
    return this.#queued(async () => this.#all(sql, values) as Row[])
  }

  get<Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#queued(async () => this.#all(sql, values)[0] as Row | undefined)
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#queued(async () => {
      this.#exec('BEGIN IMMEDIATE')
      const mark = { active: true }
      try {
        const result = await this.#inside.run(mark, () => work(this.#session(mark)))
        this.#exec('COMMIT')
        return result
      } catch (error) {
        if (this.#database.isTransaction) this.#exec('ROLLBACK')
        throw error
      } finally {
        mark.active = false
      }
    })
  }

  async migrate(migrations: readonly Migration[]): Promise<void> {
    await this.transaction(async (session) => {
      await session.run(
        'CREATE TABLE IF NOT EXISTS migrations (id TEXT PRIMARY KEY, checksum TEXT NOT NULL)',
      )
      const rows = await session.all('SELECT id, checksum FROM migrations ORDER BY id')
      const done = new Map(rows.map(({ id, checksum }) => [String(id), String(checksum)]))
      this.#mustKnow([...done.keys()], migrations)
      for (const { id, statements } of migrations) {
        const checksum = createHash('sha256').update(statements.join(';')).digest('hex')
        const before = done.get(id)
        if (before === checksum) continue
        if (before !== undefined) {
          const message = `${this.#path} was made by another version of the program: migration ${id} differs`
          throw new AppError({ code: 'store/migration-differs', message })
        }
        for (const statement of statements) await session.run(statement)
        await session.run('INSERT INTO migrations VALUES (?, ?)', id, checksum)
        done.set(id, checksum)
      }
    })
  }

  async close(): Promise<void> {
    this.#mustBeOutside()
    this.#closed ??= this.#queued(async () => {
      this.#statements.clear()
      this.#database.close()
    })
    await this.#closed
  }

  /** A newer program may count on what this one does not keep. */
  #mustKnow(done: readonly string[], migrations: readonly Migration[]): void {
    const unknown = done.find((id) => migrations.every((migration) => migration.id !== id))
    if (unknown === undefined) return
    const message = `${this.#path} was made by a newer version of the program (migration ${unknown}); run that version, or choose another folder`
    throw new AppError({ code: 'store/newer-database', message, data: { migration: unknown } })
  }

  #session(mark: { readonly active: boolean }): SqlSession {
    const during = <Result>(use: () => Result): Result => {
      if (mark.active) return use()
      const message = 'a session was used after its transaction had ended'
      throw new AppError({ code: 'store/ended-session', message })
    }
    return {
      run: async (sql, ...values) => during(() => this.#run(sql, values)),
      all: async <Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]) =>
        during(() => this.#all(sql, values) as Row[]),
      get: async <Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]) =>
        during(() => this.#all(sql, values)[0] as Row | undefined),
    }
  }

  /** One piece of work at a time: a statement from outside must not fall into a transaction under way. */
  async #queued<T>(work: () => Promise<T>): Promise<T> {
    this.#mustBeOutside()
    if (this.#closed !== undefined) {
      throw new AppError({ code: 'store/closed', message: `${this.#path} is closed` })
    }
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  #mustBeOutside(): void {
    if (!this.#inside.getStore()?.active) return
    const message = `${this.#path} was asked from inside a transaction, which would wait for itself; use the session`
    throw new AppError({ code: 'store/nested-transaction', message })
  }

  #exec(sql: string): void {
    this.#told(() => this.#database.exec(sql))
  }

  #run(sql: string, values: readonly SqlValue[]): number {
    return this.#told(() => Number(this.#prepared(sql).run(...values).changes))
  }

  #all(sql: string, values: readonly SqlValue[]): SqlRow[] {
    return this.#told(() => this.#prepared(sql).all(...values)).map(readable)
  }

  #told<T>(use: () => T): T {
    try {
      return use()
    } catch (cause) {
      throw toldError(this.#path, cause)
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    if (this.#statements.size >= maxStatements) this.#statements.clear()
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    this.#statements.set(sql, statement)
    return statement
  }
}

/** Integers as numbers where they fit. */
function readable(row: Record<string, unknown>): SqlRow {
  const entries = Object.entries(row).map(([name, value]) => {
    const fits = typeof value === 'bigint' && Number.isSafeInteger(Number(value))
    return [name, fits ? Number(value) : value] as const
  })
  return Object.fromEntries(entries) as SqlRow
}
