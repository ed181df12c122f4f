/** Runs statements on one connection to PostgreSQL, as they come or many at a time. */

import type { Client, PoolClient } from 'pg'
import { postgresError } from './postgres-errors.ts'
import { postgresText, postgresValue } from './postgres-sql.ts'
import type { SqlRow, SqlValue } from './sql.ts'

/** Statements that a connection has prepared by name; further ones are prepared for each use. */
const maxNamed = 300

/** Texts and names of statements, the same on all connections of a store. */
export class PostgresStatements {
  readonly #known = new Map<string, { readonly text: string; readonly name?: string }>()

  of(sql: string): { readonly text: string; readonly name?: string } {
    const known = this.#known.get(sql)
    if (known !== undefined) return known
    const text = postgresText(sql)
    if (this.#known.size >= maxNamed) return { text }
    const made = { text, name: `s${this.#known.size}` }
    this.#known.set(sql, made)
    return made
  }
}

/** One connection; its methods throw what `postgresError` makes of the server's errors. */
export class PostgresConnection {
  readonly #client: Client | PoolClient
  readonly #statements: PostgresStatements
  readonly #server: string

  constructor(
    client: Client | PoolClient,
    { statements, server }: { statements: PostgresStatements; server: string },
  ) {
    this.#client = client
    this.#statements = statements
    this.#server = server
  }

  async query(
    sql: string,
    values: readonly SqlValue[] = [],
  ): Promise<{ readonly rows: SqlRow[]; readonly changed: number }> {
    try {
      const result = await this.#client.query<SqlRow>({
        ...this.#statements.of(sql),
        values: values.map(postgresValue),
      })
      return { rows: result.rows, changed: result.rowCount ?? 0 }
    } catch (cause) {
      throw postgresError(this.#server, cause)
    }
  }

  async run(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return (await this.query(sql, values)).changed
  }

  async all(sql: string, values: readonly SqlValue[] = []): Promise<SqlRow[]> {
    return (await this.query(sql, values)).rows
  }

  async get(sql: string, values: readonly SqlValue[] = []): Promise<SqlRow | undefined> {
    return (await this.query(sql, values)).rows[0]
  }
}
