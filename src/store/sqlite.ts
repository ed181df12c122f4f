/** Opens the SQL store on SQLite, in a file of this process. */

import { GroupCommit } from './group-commit.ts'
import { applyMigrations } from './migrations.ts'
import { Notices } from './notices.ts'
import type { Migration, SqlRow, SqlSession, SqlStore, SqlValue, SqlWrite } from './sql.ts'
import { SqliteCheckpoints } from './sqlite-checkpoints.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import { SqliteLog } from './sqlite-log.ts'
import { StoreGate } from './store-gate.ts'

/** Which file, and how patiently. */
export interface SqliteOptions {
  readonly path: string
  /** Longest wait for another process that writes; default 5,000. */
  readonly busyTimeoutMs?: number
}

/**
 * Pages that a transaction changes stay in memory up to 32 MiB, and so does what undoes a statement. A first write is
 * taken back: a file that is only readable opens without complaint.
 */
const opening = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
  PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0;
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
    return new SqliteStore(path, { writer, reader, file, log: await SqliteLog.of(file) })
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
  readonly file?: string
}

/** What only reads; `WITH` may write as well. */
const reading = /^\s*SELECT\b/i

class SqliteStore implements SqlStore {
  readonly dialect = 'sqlite'
  readonly #name: string
  readonly #writer: SqliteConnection
  readonly #reader: SqliteConnection | undefined
  readonly #log: SqliteLog | undefined
  readonly #checkpoints: SqliteCheckpoints | undefined
  readonly #pieces: GroupCommit
  /** The end of the queue of transactions, single statements and commits of pieces. */
  #last: Promise<unknown> = Promise.resolve()
  readonly #gate: StoreGate
  readonly #notices = new Notices()
  #closed: Promise<void> | undefined

  constructor(path: string, { writer, reader, log, file }: SqliteParts) {
    this.#name = path
    this.#gate = new StoreGate(path)
    this.#writer = writer
    this.#reader = reader
    this.#log = log
    this.#checkpoints = file === undefined ? undefined : this.#checkpointsOf(file)
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
      try {
        const result = await this.#gate.during(this.#writer, work)
        this.#writer.exec('COMMIT')
        return await this.#durable(result)
      } catch (error) {
        this.#writer.rollback()
        throw error
      }
    })
  }

  async write(piece: readonly SqlWrite[]): Promise<void> {
    this.#gate.mustBeOpen()
    await this.#pieces.add(piece)
  }

  async migrate(migrations: readonly Migration[]): Promise<void> {
    await this.transaction((session) => applyMigrations(this.#name, session, migrations))
  }

  async notify(channel: string): Promise<void> {
    this.#gate.mustBeOpen()
    this.#notices.tell(channel)
  }

  listen(channel: string, callback: () => void): () => void {
    return this.#notices.listen(channel, callback)
  }

  async close(): Promise<void> {
    this.#gate.close()
    this.#closed ??= this.#end()
    await this.#closed
  }

  async #end(): Promise<void> {
    await this.#last
    await this.#checkpoints?.close()
    await this.#log?.close()
    this.#reader?.close()
    this.#writer.close()
  }

  #checkpointsOf(file: string): SqliteCheckpoints {
    const writer = this.#writer
    return new SqliteCheckpoints({
      file,
      finish: () => {
        void this.#queued(async () => writer.exec('PRAGMA wal_checkpoint(PASSIVE)')).catch(() => {})
      },
      takeOver: () => writer.exec('PRAGMA wal_autocheckpoint = 1000'),
    })
  }

  /** Gives a result when all that was committed is on disk. */
  async #durable<T>(result: T): Promise<T> {
    this.#checkpoints?.committed(this.#writer.changed)
    await this.#log?.sync()
    return result
  }

  async #read<T>(sql: string, read: (connection: SqliteConnection) => T): Promise<T> {
    if (this.#reader === undefined || !reading.test(sql))
      return this.#queued(async () => this.#durable(read(this.#writer)))
    this.#gate.mustBeOpen()
    return read(this.#reader)
  }

  /** One piece of work at a time: a statement from outside must not fall into a transaction under way. */
  async #queued<T>(work: () => Promise<T>): Promise<T> {
    this.#gate.mustBeOpen()
    this.#pieces.close()
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}
