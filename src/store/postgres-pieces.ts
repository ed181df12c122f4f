/** Writes pieces of many callers to PostgreSQL by few round trips: a connection that sends without waiting for answers. */

import type { Client } from 'pg'
import { AppError } from '../base/app-error.ts'
import { type Pieces, unexpectedRows } from './group-commit.ts'
import { PostgresConnection, type PostgresStatements } from './postgres-connection.ts'
import { isConflict, postgresError } from './postgres-errors.ts'
import type { SqlWrite } from './sql.ts'

/** How often all is sent again without a piece that failed; then each piece is written for itself. */
const maxRounds = 3
/** How often a commit that a deadlock ended is tried. */
const maxConflicts = 5

interface PiecesParts {
  /** A client with `pipeline`, not connected yet. */
  readonly client: () => Client
  readonly statements: PostgresStatements
  readonly server: string
}

/** What the statements of a transaction that was not committed yet came to. */
interface Sent {
  /** Place of the first piece that must not be written, and why. */
  readonly failed: number | undefined
  readonly error: unknown
}

/** The connection for pieces; made when there is something to write, and anew after it broke. */
export class PostgresPieces {
  readonly #with: PiecesParts
  #open: { readonly client: Client; readonly connection: PostgresConnection } | undefined

  constructor(parts: PiecesParts) {
    this.#with = parts
  }

  /** See `CommitPieces`. */
  async commit(pieces: Pieces): Promise<readonly unknown[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#commit(pieces)
      } catch (error) {
        if (!isConflict(error) || attempt >= maxConflicts) throw error
      }
    }
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.client.end()
  }

  async #commit(pieces: Pieces): Promise<readonly unknown[]> {
    const errors: unknown[] = pieces.map(() => undefined)
    for (let round = 0; round < maxRounds; round += 1) {
      const left = [...pieces.entries()].filter(([at]) => errors[at] === undefined)
      const { failed, error } = await this.#send(left.map(([, piece]) => piece))
      if (failed === undefined) return errors
      const [place] = left[failed] ?? [0]
      errors[place] = error
    }
    for (const [at, piece] of pieces.entries()) {
      if (errors[at] !== undefined) continue
      const { error } = await this.#send([piece])
      errors[at] = error
    }
    return errors
  }

  /** One transaction, sent at once; it ends with a commit unless a piece fails. */
  async #send(pieces: Pieces): Promise<Sent> {
    const { connection } = await this.#opened()
    const isChecked = pieces.some((piece) => piece.some(({ changes }) => changes !== undefined))
    const begun = connection.run('BEGIN')
    const sent = pieces.map((piece) =>
      Promise.allSettled(piece.map((one) => send(connection, one))),
    )
    const ended = isChecked ? undefined : settled(connection.run('COMMIT'))
    if (ended !== undefined) {
      await begun
      const found = firstFailure(pieces, await Promise.all(sent))
      // A transaction with an error in it is taken back by COMMIT.
      const { error } = await ended
      if (error !== undefined) throw error
      return found
    }
    let end = 'ROLLBACK'
    try {
      await begun
      const found = firstFailure(pieces, await Promise.all(sent))
      if (found.failed === undefined) end = 'COMMIT'
      return found
    } finally {
      await this.#end(connection, end)
    }
  }

  /** Ends a transaction; a connection on which that fails is of no more use. */
  async #end(connection: PostgresConnection, how: string): Promise<void> {
    try {
      await connection.run(how)
    } catch (error) {
      await this.close().catch(() => {})
      throw error
    }
  }

  async #opened(): Promise<{ readonly connection: PostgresConnection }> {
    if (this.#open !== undefined) return this.#open
    const { statements, server } = this.#with
    const client = this.#with.client()
    const open = { client, connection: new PostgresConnection(client, { statements, server }) }
    const forget = () => {
      if (this.#open === open) this.#open = undefined
    }
    client.on('error', forget)
    client.on('end', forget)
    try {
      await client.connect()
    } catch (cause) {
      throw postgresError(server, cause)
    }
    this.#open = open
    return open
  }
}

const send = (connection: PostgresConnection, { sql, values }: SqlWrite) =>
  connection.run(sql, values)

async function settled(promise: Promise<unknown>): Promise<{ readonly error: unknown }> {
  try {
    await promise
    return { error: undefined }
  } catch (error) {
    return { error }
  }
}

/** @throws what ends the transaction, not one piece of it */
function firstFailure(
  pieces: Pieces,
  outcomes: readonly (readonly PromiseSettledResult<number>[])[],
): Sent {
  for (const [failed, piece] of pieces.entries()) {
    for (const [at, write] of piece.entries()) {
      const outcome = outcomes[failed]?.[at]
      if (outcome?.status === 'rejected') {
        if (outcome.reason instanceof AppError) throw outcome.reason
        return { failed, error: outcome.reason }
      }
      const changed = outcome?.value ?? 0
      if (write.changes !== undefined && write.changes !== changed)
        return { failed, error: unexpectedRows(write, changed) }
    }
  }
  return { failed: undefined, error: undefined }
}
