/** Describes the SQL store: one interface over SQLite and PostgreSQL. */

/** What a column can hold. */
export type SqlValue = null | number | bigint | string | Uint8Array

/** One statement of a piece that `SqlStore.write` commits. */
export interface SqlWrite {
  readonly sql: string
  readonly values: readonly SqlValue[]
  /** Rows that it must change; with any other number nothing of its piece is written. */
  readonly changes?: number
}

/** One row by column name. */
export type SqlRow = Readonly<Record<string, SqlValue>>

/** Runs statements; `?` marks a value. */
export interface SqlSession {
  /** Runs a statement and gives the number of rows it changed. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>
  /** Gives all rows of a query. */
  all<Row extends SqlRow = SqlRow>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]>
  /** Gives the first row of a query. */
  get<Row extends SqlRow = SqlRow>(
    sql: string,
    ...values: readonly SqlValue[]
  ): Promise<Row | undefined>
}

/** One step of a room's schema; `id` is unique (`stream/001-events`), order is that of the list. */
export interface Migration {
  readonly id: string
  readonly statements: readonly string[]
}

/**
 * A database with durable transactions. `sql.suite.ts` holds the tests of this contract.
 *
 * Statements outside a transaction see committed data only: all that was written by a promise that has resolved, and
 * perhaps more. They do not wait for a transaction or commit under way, if they begin with `SELECT`. `transaction` runs
 * one `work` at a time; it commits when `work` resolves (the data is on disk before the promise resolves) and rolls back
 * when `work` rejects. `work` uses its session only: asking the store itself, whose answer would wait for the end of
 * `work`, is refused with `store/nested-transaction`.
 */
export interface SqlStore extends SqlSession {
  readonly dialect: 'sqlite' | 'postgres'
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>
  /**
   * Writes all statements of a piece, or none. Pieces that come while a commit is under way share the next one, and its
   * one fsync; they are written in the order of the calls. Resolves when the piece is on disk.
   *
   * @throws AppError `store/unexpected-rows` if a statement changed another number of rows than its `changes`, and the
   * database's own errors; both concern this piece alone. `store/busy` (later) while 10,000 pieces wait
   */
  write(piece: readonly SqlWrite[]): Promise<void>
  /**
   * Applies the migrations that have not been applied yet, all or none. The list is the program's whole list.
   *
   * @throws AppError `store/migration-differs` for one that was applied with another text, `store/newer-database` for
   * one that was applied and is not on the list
   */
  migrate(migrations: readonly Migration[]): Promise<void>
  close(): Promise<void>
}
