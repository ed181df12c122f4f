/** Opens the SQL store on a PostgreSQL server. */

import { createHash } from 'node:crypto'
import pg from 'pg'
import { AppError } from '../base/app-error.ts'
import { GroupCommit } from './group-commit.ts'
import { applyMigrations } from './migrations.ts'
import { PostgresConnection, PostgresStatements } from './postgres-connection.ts'
import { postgresError } from './postgres-errors.ts'
import { PostgresNotices } from './postgres-notices.ts'
import { PostgresPieces } from './postgres-pieces.ts'
import { postgresTypes } from './postgres-sql.ts'
import type {
  Migration,
  SqlRow,
  SqlSession,
  SqlStore,
  SqlValue,
  SqlWrite,
  TransactionOptions,
} from './sql.ts'
import { StoreGate } from './store-gate.ts'

/** Longest wait for a connection, a statement, and the next statement of a transaction; in milliseconds. */
const [connectMs, statementMs, idleMs] = [10_000, 30_000, 60_000]

/** Which server and database. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string
  /** Where the tables are; made if it is not there; default `public`. */
  readonly schema?: string
  /** Most connections for queries and transactions; one more writes pieces, one listens; default 10. */
  readonly poolSize?: number
}

/**
 * Opens a database, which has to be there.
 *
 * @throws AppError `store/unreachable` (later), `store/access-denied`, `store/unknown-database`; the store's own methods
 * throw these too, while the server is away, and `store/timeout` (later) for a statement of over 30 s
 */
export async function openPostgres(options: PostgresOptions): Promise<SqlStore> {
  const { url, schema = 'public', poolSize = 10 } = options
  const server = serverOf(url)
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(schema)) {
    const message = `"${schema}" is no name for a schema: lower-case letters, digits and _, at most 51`
    throw new AppError({ code: 'store/bad-address', message })
  }
  const settings = `-c search_path=${schema} -c statement_timeout=${statementMs} -c idle_in_transaction_session_timeout=${idleMs}`
  const config = {
    ...{ connectionString: url, options: settings, types: postgresTypes, keepAlive: true },
    ...{ connectionTimeoutMillis: connectMs, application_name: 'quantumstream' },
    query_timeout: statementMs + connectMs,
  }
  const pool = new pg.Pool({ ...config, max: poolSize })
  // One that breaks while nobody uses it is replaced when it is needed.
  pool.on('error', () => {})
  try {
    await pool.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
  } catch (cause) {
    await pool.end()
    // Two that make it at once: one fails, and it is there.
    if (!isDuplicate(cause)) throw postgresError(server, cause)
    return openPostgres(options)
  }
  return new PostgresStore({ ...{ pool, server, schema }, config })
}

const isDuplicate = (cause: unknown) =>
  cause instanceof Error && 'code' in cause && ['23505', '42P06'].includes(String(cause.code))

/** The server as people are told of it: without the password. */
function serverOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed !== null && /^postgres(ql)?:$/.test(parsed.protocol))
    return `PostgreSQL at ${parsed.host}${parsed.pathname}`
  const message =
    'the address of the database is not of the form postgres://user:password@host:port/database'
  throw new AppError({ code: 'store/bad-address', message })
}

interface PostgresParts {
  readonly pool: pg.Pool
  readonly server: string
  readonly schema: string
  readonly config: pg.ClientConfig
}

class PostgresStore implements SqlStore {
  readonly dialect = 'postgres'
  readonly #pool: pg.Pool
  readonly #server: string
  readonly #schema: string
  readonly #gate: StoreGate
  readonly #statements = new PostgresStatements()
  readonly #writer: PostgresPieces
  readonly #pieces: GroupCommit
  readonly #notices: PostgresNotices
  /** What is under way; a close waits for it. */
  readonly #running = new Set<Promise<unknown>>()
  /** The end of the queue of commits of pieces. */
  #last: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor({ pool, server, schema, config }: PostgresParts) {
    this.#pool = pool
    this.#server = server
    this.#schema = schema
    this.#gate = new StoreGate(server)
    const statements = this.#statements
    this.#writer = new PostgresPieces({
      ...{ statements, server, client: () => new pg.Client({ ...config, pipeline: true }) },
    })
    this.#pieces = new GroupCommit({
      ...{ name: server, commit: (pieces) => this.#writer.commit(pieces) },
      queue: (work) => {
        this.#last = this.#last.then(work)
        return this.#last as Promise<void>
      },
    })
    this.#notices = new PostgresNotices(() => new pg.Client({ ...config, query_timeout: 0 }))
  }

  run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#tracked(() => this.#withClient((on) => on.run(sql, values)))
  }

  all<Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]> {
    return this.#tracked(() => this.#withClient((on) => on.all(sql, values) as Promise<Row[]>))
  }

  get<Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#tracked(() =>
      this.#withClient((on) => on.get(sql, values) as Promise<Row | undefined>),
    )
  }

  transaction<T>(
    work: (session: SqlSession) => Promise<T>,
    { alone }: TransactionOptions = {},
  ): Promise<T> {
    return this.#tracked(() =>
      this.#withClient(async (on) => {
        await on.run('BEGIN')
        try {
          if (alone !== undefined)
            await on.run('SELECT pg_advisory_xact_lock(?)', [lockNumber(this.#schema, alone)])
          const result = await this.#gate.during(on, work)
          await on.run('COMMIT')
          return result
        } catch (error) {
          await on.run('ROLLBACK').catch(() => {})
          throw error
        }
      }),
    )
  }

  async write(piece: readonly SqlWrite[]): Promise<void> {
    this.#gate.mustBeOpen()
    await this.#pieces.add(piece)
  }

  async migrate(migrations: readonly Migration[]): Promise<void> {
    const work = async (session: SqlSession) => {
      await session.run('SET LOCAL statement_timeout = 0')
      await applyMigrations(this.#server, session, migrations)
    }
    await this.transaction(work, { alone: 'migrations' })
  }

  async notify(channel: string): Promise<void> {
    await this.run("SELECT pg_notify(?, '')", this.#channel(channel))
  }

  listen(channel: string, callback: () => void): () => void {
    return this.#notices.listen(this.#channel(channel), callback)
  }

  async close(): Promise<void> {
    this.#gate.close()
    this.#closed ??= this.#end()
    await this.#closed
  }

  async #end(): Promise<void> {
    await Promise.allSettled([...this.#running, this.#last])
    await Promise.all([this.#notices.close(), this.#writer.close(), this.#pool.end()])
  }

  async #tracked<T>(use: () => Promise<T>): Promise<T> {
    this.#gate.mustBeOpen()
    const running = use()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  async #withClient<T>(use: (on: PostgresConnection) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    // A connection that breaks while it is used: the query that was under way tells of it.
    client.on('error', ignore)
    try {
      const [statements, server] = [this.#statements, this.#server]
      return await use(new PostgresConnection(client, { statements, server }))
    } finally {
      client.off('error', ignore)
      client.release()
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (cause) {
      throw postgresError(this.#server, cause)
    }
  }

  /** Channels are the database's, not the schema's; a name has 63 bytes at most. */
  #channel(channel: string): string {
    return `qs_${digestOf(this.#schema, channel).toString('hex', 0, 20)}`
  }
}

const ignore = () => {}

const digestOf = (schema: string, name: string) =>
  createHash('sha256').update(`${schema}\n${name}`).digest()

function lockNumber(schema: string, name: string): bigint {
  return digestOf(schema, name).readBigInt64BE()
}
