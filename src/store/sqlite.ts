/** Opens the SQL store on SQLite, in a file of this process. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import { GroupCommit } from './group-commit.ts'
import type { Migration, SqlRow, SqlSession, SqlStore, SqlValue, SqlWrite } from './sql.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import { SqliteLog } from './sqlite-log.ts'

/** Which file, and how patiently. */
export interface SqliteOptions {
  readonly path: string
  /** Longest wait for another process that writes; default 5,000. */
  readonly busyTimeoutMs?: number
}

/** A first write, which is taken back: a file that is only readable opens without complaint. */
const opening = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
  SELECT count(*) FROM sqlite_master; BEGIN IMMEDIATE; PRAGMA user_version = 1; ROLLBACK`

/**
 * Opens or creates a database file. Each committed transaction is on disk before its promise resolves.
 *
 * @throws AppError `store/damaged-database`, `store/unwritable-folder`, `store/busy`; the store's own methods throw
 * these too, when the damage or the full disk is met later
 */
export async function openSqlite({ path, busyTimeoutMs }: SqliteOptions): Promise<SqlStore> {
  const timeout = busyTimeoutMs ?? 5_000
  const writer = new SqliteConnection(path, { timeout, opening })
  try {
    const file = String(
      writer.get("SELECT file FROM pragma_database_list WHERE name = 'main'")?.file,
    )
    if (file === '') return new SqliteStore(path, { writer })
    const reader = new SqliteConnection(path, { timeout, opening: 'PRAGMA query_only = ON' })
    return new SqliteStore(path, { writer, reader, log: await SqliteLog.of(file) })
  } catch (error) {
    writer.close()
    throw error
  }
}

/** What a store works with; a database in memory has neither a second connection, whose reads wait for nobody, nor a log. */
interface SqliteParts {
  readonly writer: SqliteConnection
  readonly reader?: SqliteConnection
  readonly log?: SqliteLog
}

/** What only reads; `WITH` may write as well. */
const reading = /^\s*SELECT\b/i

class SqliteStore implements SqlStore {
  readonly dialect = 'sqlite'
  readonly #path: string
  readonly #writer: SqliteConnection
  readonly #reader: SqliteConnection | undefined
  readonly #log: SqliteLog | undefined
  readonly #pieces: GroupCommit
  /** The end of the queue of transactions, single statements and commits of pieces. */
  #last: Promise<unknown> = Promise.resolve()
  /** Marks what runs inside a transaction: waiting there for this store would never end. */
  readonly #inside = new AsyncLocalStorage<{ readonly active: boolean }>()
  #closed: Promise<void> | undefined

  constructor(path: string, { writer, reader, log }: SqliteParts) {
    this.#path = path
    this.#writer = writer
    this.#reader = reader
    this.#log = log
    this.#pieces = new GroupCommit({
      name: path,
      commit: (pieces) => this.#durable(writer.commit(pieces)),
      queue: (work) => this.#queued(work),
    })
  }

  run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#queued(async () => this.#durable(this.#writer.run(sql, values)))
  }

  all<Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]> {
    return this.#read(sql, (connection) => connection.all(sql, values) as Row[])
  }

  get<Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#read(sql, (connection) => connection.get(sql, values) as Row | undefined)
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#queued(async () => {
      this.#writer.exec('BEGIN IMMEDIATE')
      const mark = { active: true }
      try {
        const result = await this.#inside.run(mark, () => work(this.#session(mark)))
        this.#writer.exec('COMMIT')
        return await this.#durable(result)
      } catch (error) {
        this.#writer.rollback()
        throw error
      } finally {
        mark.active = false
      }
    })
  }

  async write(piece: readonly SqlWrite[]): Promise<void> {
    this.#mustBeOpen()
    await this.#pieces.add(piece)
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
      await this.#log?.close()
      this.#reader?.close()
      this.#writer.close()
    })
    await this.#closed
  }

  /** Gives a result when all that was committed is on disk. */
  async #durable<T>(result: T): Promise<T> {
    await this.#log?.sync()
    return result
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
      run: async (sql, ...values) => during(() => this.#writer.run(sql, values)),
      all: async <Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]) =>
        during(() => this.#writer.all(sql, values) as Row[]),
      get: async <Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]) =>
        during(() => this.#writer.get(sql, values) as Row | undefined),
    }
  }

  async #read<T>(sql: string, read: (connection: SqliteConnection) => T): Promise<T> {
    if (this.#reader === undefined || !reading.test(sql))
      return this.#queued(async () => this.#durable(read(this.#writer)))
    this.#mustBeOpen()
    return read(this.#reader)
  }

  /** One piece of work at a time: a statement from outside must not fall into a transaction under way. */
  async #queued<T>(work: () => Promise<T>): Promise<T> {
    this.#mustBeOpen()
    this.#pieces.close()
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  #mustBeOpen(): void {
    this.#mustBeOutside()
    if (this.#closed === undefined) return
    throw new AppError({ code: 'store/closed', message: `${this.#path} is closed` })
  }

  #mustBeOutside(): void {
    if (!this.#inside.getStore()?.active) return
    const message = `${this.#path} was asked from inside a transaction, which would wait for itself; use the session`
    throw new AppError({ code: 'store/nested-transaction', message })
  }
}
