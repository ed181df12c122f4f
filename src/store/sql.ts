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

/** How a transaction runs. */
export interface TransactionOptions {
  /** Name of what no two transactions that name it do at once, in all processes on the database. */
  readonly alone?: string
}

/**
 * A database with durable transactions. `sql.suite.ts` holds the tests of this contract.
 *
 * Statements outside a transaction see committed data only: all that was written by a promise that has resolved, and
 * perhaps more. They do not wait for a transaction or commit under way, if they begin with `SELECT`. `transaction`
 * commits when `work` resolves (the data is on disk before the promise resolves) and rolls back when `work` rejects.
 * `work` uses its session only: asking the store itself, whose answer would wait for the end of `work`, is refused with
 * `store/nested-transaction`.
 *
 * On SQLite transactions run one at a time. On PostgreSQL they run at once, in this process and in others, each statement
 * seeing what was committed before it (READ COMMITTED): `work` is not alone unless it says so by `alone`, or locks the
 * rows that it reads by `SELECT … FOR UPDATE`. One that got into a deadlock is rejected with `store/conflict` (now).
 *
 * Statements are written for both: `?` marks a value, `ON CONFLICT`, `RETURNING`, common table expressions and partial
 * indexes work on both; no `INSERT OR …`, no `rowid`, no functions of one of them alone. Columns are `TEXT`, `INTEGER` (64
 * bits), `REAL`, `BLOB`, and `INTEGER PRIMARY KEY AUTOINCREMENT` (which may leave gaps, and on PostgreSQL may commit
 * out of turn); PostgreSQL gets its own words for these in `CREATE`, `ALTER` and `CAST`. A value that only `CASE` or
 * `coalesce` gives a type to is `CAST(? AS INTEGER)`; truth values are not summed up. `FOR UPDATE` and `FOR UPDATE SKIP LOCKED`
 * say nothing on SQLite. A truth value is read as 1 or 0; what a database returns as an
 * integer is a number where that is exact, else a bigint.
 */
export interface SqlStore extends SqlSession {
  readonly dialect: 'sqlite' | 'postgres'
  transaction<T>(
    work: (session: SqlSession) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>
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
  /** Tells all who listen to a channel, in all processes on the database. */
  notify(channel: string): Promise<void>
  /**
   * Calls back after a notice, and when notices may have been missed; whoever listens still looks by itself now and
   * then.
   *
   * @returns a function that ends the listening
   */
  listen(channel: string, callback: () => void): () => void
  close(): Promise<void>
}
