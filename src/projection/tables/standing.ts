/** Keeps which tables there are and how far each is filled, and makes them as they are declared. */

import type { SqlSession, SqlStore } from '../../store/sql.ts'
import { changeOf, type StoredForm } from './changed-form.ts'
import { alterTables, createTables, dropTables } from './table.ts'

/** How far a table is filled. */
export interface Standing {
  readonly form: StoredForm
  readonly state: 'filling' | 'ready' | 'undeclared'
  /** Of stored events the number of the last that is in; of a dataset the next block. */
  readonly next: number
  /** Where the filling began: what comes behind it comes by itself. */
  readonly last: number
}

/** Where a filling begins and ends. */
export type FillSpan = Pick<Standing, 'next' | 'last'>

/** A table as it is to be, and what it is filled with when it is empty. */
export interface DeclaredTable {
  readonly form: StoredForm
  readonly spanOf: (session: SqlSession) => Promise<FillSpan>
}

/** All tables of a database with `projectionMigrations`. */
export class Standings {
  readonly #sql: SqlStore

  constructor(sql: SqlStore) {
    this.#sql = sql
  }

  /** By name. */
  async all(session: SqlSession = this.#sql): Promise<ReadonlyMap<string, Standing>> {
    const rows = await session.all(
      'SELECT name, form, state, fill_next, fill_last FROM projections ORDER BY name',
    )
    return new Map(
      rows.map((row) => [
        String(row.name),
        {
          form: JSON.parse(String(row.form)) as StoredForm,
          state: row.state as Standing['state'],
          ...{ next: Number(row.fill_next), last: Number(row.fill_last) },
        },
      ]),
    )
  }

  /** Makes all tables as they are declared; tables of declarations that are gone stay, and are told apart. */
  async prepare(declared: readonly DeclaredTable[]): Promise<void> {
    await this.#alone(async (session) => {
      const before = await this.all(session)
      for (const { form, spanOf } of declared) {
        const known = before.get(form.name)
        const span = await spanOf(session)
        if (known === undefined || known.state === 'undeclared') {
          await this.#makeAnew(session, form, span)
          continue
        }
        const change = changeOf(known.form, form)
        if (change === 'none') continue
        if (change === 'anew') {
          await this.#makeAnew(session, form, span)
          continue
        }
        await alterTables(session, { from: known.form, to: form }, this.#sql.dialect)
        await this.#set(session, form, change === 'again' ? { state: 'filling', ...span } : known)
      }
      const names = new Set(declared.map(({ form }) => form.name))
      for (const [name, known] of before) {
        if (!names.has(name))
          await this.#set(session, known.form, { ...known, state: 'undeclared' })
      }
    })
  }

  /** Empties a table. */
  async remake({ form, spanOf }: DeclaredTable): Promise<void> {
    await this.#alone(async (session) => {
      await session.get('SELECT name FROM projections WHERE name = ? FOR UPDATE', form.name)
      await this.#makeAnew(session, form, await spanOf(session))
    })
  }

  /** Says how far a table is, in the transaction of what was filled in. */
  async reach(
    session: SqlSession,
    name: string,
    { next, last, isReady }: FillSpan & { readonly isReady: boolean },
  ): Promise<void> {
    await session.run(
      'UPDATE projections SET fill_next = ?, fill_last = ?, state = ? WHERE name = ?',
      ...[next, last, isReady ? 'ready' : 'filling', name],
    )
  }

  async #makeAnew(session: SqlSession, form: StoredForm, span: FillSpan): Promise<void> {
    await dropTables(session, form.name)
    for (const table of ['projection_failures', 'projection_blocks']) {
      await session.run(`DELETE FROM ${table} WHERE projection = ?`, form.name)
    }
    await createTables(session, form, this.#sql.dialect)
    await this.#set(session, form, { state: 'filling', ...span })
  }

  async #set(
    session: SqlSession,
    form: StoredForm,
    { state, next, last }: Omit<Standing, 'form'>,
  ): Promise<void> {
    await session.run(
      `INSERT INTO projections (name, chain, form, state, fill_next, fill_last) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET chain = excluded.chain, form = excluded.form, state = excluded.state,
          fill_next = excluded.fill_next, fill_last = excluded.fill_last`,
      ...[form.name, form.chain, JSON.stringify(form), state, next, last],
    )
  }

  /** Tables of other processes, and long work on large ones. */
  #alone(work: (session: SqlSession) => Promise<void>): Promise<void> {
    return this.#sql.transaction(
      async (session) => {
        if (this.#sql.dialect === 'postgres') {
          await session.run('SET LOCAL statement_timeout = 0')
        }
        await work(session)
      },
      { alone: 'projections' },
    )
  }
}
