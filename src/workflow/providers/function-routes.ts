/** Decides which provider has a function: by the settings, by where it was deployed, or the default one. */

import type { Clock } from '../../base/clock.ts'
import type { SqlStore } from '../../store/sql.ts'

/** How one function is called. */
export interface FunctionRoute {
  /** Name of the provider. */
  readonly provider: string
  /** The function's name there, if it is another one. */
  readonly target?: string
  /** Longest run, waiting not counted; that of the provider unless said. */
  readonly timeoutMs?: number
  /** Calls at once; default 16. */
  readonly concurrency?: number
}

/** How long what another process deployed may stay unseen. */
const freshMs = 1_000

/** The routes of all functions. */
export class FunctionRoutes {
  readonly #set: Readonly<Record<string, FunctionRoute>>
  readonly #rest: FunctionRoute
  readonly #sql: SqlStore
  readonly #clock: Clock
  #seen: { readonly atMs: number; readonly all: Promise<ReadonlyMap<string, string>> } | undefined

  constructor(
    {
      names,
      defaultProvider,
    }: {
      readonly names: Readonly<Record<string, FunctionRoute>>
      readonly defaultProvider: string
    },
    { sql, clock }: { readonly sql: SqlStore; readonly clock: Clock },
  ) {
    this.#set = names
    this.#rest = { provider: defaultProvider }
    this.#sql = sql
    this.#clock = clock
  }

  /** Names that the settings give a route. */
  get named(): readonly string[] {
    return Object.keys(this.#set)
  }

  async of(name: string): Promise<FunctionRoute> {
    if (Object.hasOwn(this.#set, name)) return this.#set[name] as FunctionRoute
    const provider = (await this.#deployed()).get(name)
    return provider === undefined ? this.#rest : { provider }
  }

  /** Remembers where a function was deployed. */
  async put(name: string, provider: string): Promise<void> {
    await this.#sql.run(
      `INSERT INTO function_routes (name, provider) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET provider = excluded.provider`,
      ...[name, provider],
    )
    this.#seen = undefined
  }

  async forget(name: string): Promise<void> {
    await this.#sql.run('DELETE FROM function_routes WHERE name = ?', name)
    this.#seen = undefined
  }

  #deployed(): Promise<ReadonlyMap<string, string>> {
    if (this.#seen === undefined || this.#clock.nowMs() - this.#seen.atMs >= freshMs) {
      const all = this.#sql
        .all('SELECT name, provider FROM function_routes')
        .then((rows) => new Map(rows.map((row) => [String(row.name), String(row.provider)])))
      this.#seen = { atMs: this.#clock.nowMs(), all }
      all.catch(() => {
        this.#seen = undefined
      })
    }
    return this.#seen.all
  }
}
