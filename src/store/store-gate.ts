/** Guards an SQL store: nothing after its end, nothing that would wait for the own transaction. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { AppError } from '../base/app-error.ts'
import type { SqlRow, SqlSession, SqlValue } from './sql.ts'

/** Runs statements on the connection of one transaction. */
export interface TransactionStatements {
  run(sql: string, values: readonly SqlValue[]): number | Promise<number>
  all(sql: string, values: readonly SqlValue[]): SqlRow[] | Promise<SqlRow[]>
  get(sql: string, values: readonly SqlValue[]): SqlRow | undefined | Promise<SqlRow | undefined>
}

/** The gate of one store. */
export class StoreGate {
  readonly #name: string
  /** Marks what runs inside a transaction: waiting there for this store would never end. */
  readonly #inside = new AsyncLocalStorage<{ readonly active: boolean }>()
  #isClosed = false

  /** `name` is for people: the file or server. */
  constructor(name: string) {
    this.#name = name
  }

  /** Lets nothing in any more; `store/nested-transaction` inside a transaction. */
  close(): void {
    this.#mustBeOutside()
    this.#isClosed = true
  }

  /** @throws AppError `store/closed`, `store/nested-transaction` */
  mustBeOpen(): void {
    this.#mustBeOutside()
    if (!this.#isClosed) return
    throw new AppError({ code: 'store/closed', message: `${this.#name} is closed` })
  }

  /** Does the work of a transaction, whose session is worth nothing after it. */
  async during<T>(
    statements: TransactionStatements,
    work: (session: SqlSession) => Promise<T>,
  ): Promise<T> {
    const mark = { active: true }
    try {
      return await this.#inside.run(mark, () => work(sessionOf(statements, mark)))
    } finally {
      mark.active = false
    }
  }

  #mustBeOutside(): void {
    if (!this.#inside.getStore()?.active) return
    const message = `${this.#name} was asked from inside a transaction, which would wait for itself; use the session`
    throw new AppError({ code: 'store/nested-transaction', message })
  }
}

function sessionOf(on: TransactionStatements, mark: { readonly active: boolean }): SqlSession {
  const mustBeActive = () => {
    if (mark.active) return
    const message = 'a session was used after its transaction had ended'
    throw new AppError({ code: 'store/ended-session', message })
  }
  return {
    async run(sql, ...values) {
      mustBeActive()
      return on.run(sql, values)
    },
    async all<Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]) {
      mustBeActive()
      return (await on.all(sql, values)) as Row[]
    },
    async get<Row extends SqlRow>(sql: string, ...values: readonly SqlValue[]) {
      mustBeActive()
      return (await on.get(sql, values)) as Row | undefined
    },
  }
}
