/** Describes the SQL store: one interface over SQLite and, later, other databases. */

/** What a column can hold. */
export type SqlValue = null | number | bigint | string | Uint8Array

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
 * Statements outside a transaction see committed data only. `transaction` runs one `work` at a time; it
 * commits when `work` resolves (the data is on disk before the promise resolves) and rolls back when
 * `work` rejects. `work` uses its session only: asking the store itself, whose answer would wait for the end of
 * `work`, is refused with `store/nested-transaction`.
 */
export interface SqlStore extends SqlSession {
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>
  /**
   * Applies the migrations that have not been applied yet, all or none. The list is the program's whole list.
   *
   * @throws AppError `store/migration-differs` for one that was applied with another text, `store/newer-database` for
   * one that was applied and is not on the list
   */
  migrate(migrations: readonly Migration[]): Promise<void>
  close(): Promise<void>
}
